"""The one exception a user's mistake ends in."""


class UserError(ValueError):
    """A mistake the user can mend.

    The message is one line: what is wrong, in which file or option, and what
    to do about it.  Tools print it without a traceback and exit with code 2.
    """
