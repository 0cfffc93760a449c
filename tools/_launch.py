"""What every tool does before and after its own work; needs nothing but Python."""

import argparse
import contextlib
import errno
import importlib.util
import json
import os
import re
import sys
import time
import traceback
import types
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

from tools import ROOT, restart_in_venv

PACKAGE = 'custom_modules'
# What a user can mend: a full or read-only disk, files and folders without the right to write or read.
_OF_THE_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM}


class Parser(argparse.ArgumentParser):
    """A command line whose mistakes are one line with a guess, like all others."""

    def parse_known_args(self, args=None, namespace=None):
        """Keep the words, for ``error``."""
        self.words = sys.argv[1:] if args is None else list(args)
        return super().parse_known_args(args, namespace)

    def error(self, message: str) -> NoReturn:
        """End with exit code 2; an unknown option is told even where argparse misses another one first."""
        load_utils()
        from custom_modules.utils import did_you_mean, similar_names

        known = self.options()
        words = [word.partition('=')[0] for word in self.words if re.match('--?[A-Za-z]', word)]
        unknown = [word for word in words if not any(option.startswith(word) for option in known)]
        if unknown:
            guesses = [guess for word in unknown for guess in similar_names(word, known, most=1)]
            message = f'unrecognized arguments: {" ".join(unknown)}{did_you_mean(guesses) or "; --help lists all"}'
        fail(message)

    def options(self) -> set[str]:
        """Return the names of all options, those of its actions too."""
        choices = [action.choices for action in self._actions if isinstance(action.choices, dict)]
        return {*self._option_string_actions}.union(*(one.options() for parsers in choices for one in parsers.values()))


@contextlib.contextmanager
def light() -> Iterator[None]:
    """Let the block import parts of ``custom_modules`` that need no model, in a fraction of a second.

    The package itself registers every component, which takes seconds of imports.  Inside the block a bare package
    stands for it; a part that was loaded is the one the package itself takes later.  Where the package is loaded
    already, nothing is different.
    """
    if PACKAGE in sys.modules:
        yield
        return
    bare = sys.modules[PACKAGE] = types.ModuleType(PACKAGE)
    bare.__path__ = [str(ROOT / PACKAGE)]
    try:
        yield
    finally:
        del sys.modules[PACKAGE]


def load_utils() -> None:
    """Load ``custom_modules.utils`` alone: it needs nothing but Python."""
    with light():
        importlib.import_module(f'{PACKAGE}.utils')


def check_paths(*configs: str, data_root: str | Path | None = None) -> None:
    """Look for what is named on the command line before the imports, which take seconds.

    Args:
        configs: Config files.
        data_root: Folder of the data set, where one is named.

    Raises:
        UserError: There is no such file or folder.
    """
    from custom_modules.utils import find_config, resolve_data_root

    for config in configs:
        find_config(config)
    if data_root is not None:
        resolve_data_root(data_root)


def use_environment() -> None:
    """Restart the tool with ``.venv`` when the running Python lacks the stack.

    Raises:
        SystemExit: Neither the running Python nor ``.venv`` has the stack.
    """
    if importlib.util.find_spec('mmengine') is not None:
        return
    restart_in_venv()
    sys.exit(f'error: this Python ({sys.executable}) lacks mmengine and the rest; run `make -C {ROOT} install` first')


def run(main: Callable[[], int | None], *, needs_model: bool = True) -> None:
    """Call ``main`` and end the process, a user's mistake or a full disk as one line with exit code 2.

    Args:
        main: The tool's main function; its return value is the exit code.
        needs_model: Whether it builds models or trains; without, it starts in a fraction of a second (see
            :func:`light`).
    """
    use_environment()
    load_utils()
    # Waiting threads soon sleep instead of spinning on: a training step on two cores takes 3 % longer so when the
    # machine is free, and 0.2 of the time when it is not.
    os.environ.setdefault('GOMP_SPINCOUNT', '10000')
    ignore_warnings()
    try:
        with contextlib.nullcontext() if needs_model else light():
            code = main()
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        message = mistake_of(error)
        if 'TORCHELASTIC_ERROR_FILE' in os.environ:
            tell_launcher(traceback.format_exc().rstrip() if message is None else f'error: {message}')
        elif message is None:
            raise
        else:
            print(f'error: {message}', file=sys.stderr)
        sys.exit(1 if message is None else 2)
    sys.exit(code)


def mistake_of(error: Exception) -> str | None:
    """Return what to tell about an error that a user can mend, None for one of the program."""
    from custom_modules.utils import UserError

    if isinstance(error, UserError):
        return str(error)
    if isinstance(error, OSError) and error.errno in _OF_THE_DISK:
        return f'{error.filename}: {error.strerror}' if error.filename else error.strerror
    return None


def ignore_warnings() -> None:
    """Hide what upstream's own code warns about itself; a user can do nothing about it."""
    for category in (UserWarning, FutureWarning, DeprecationWarning):
        warnings.filterwarnings('ignore', category=category, module=r'mm(engine|cv|det|seg)\b')
    # Of mmdet's calls, too, but torch names its own file.
    warnings.filterwarnings('ignore', 'torch.meshgrid: in an upcoming release', UserWarning)


def fail(message: str) -> NoReturn:
    """End the process with a user's mistake as one line and exit code 2 (for code that must not load the package)."""
    print(f'error: {message}', file=sys.stderr)
    sys.exit(2)


def tell_launcher(message: str) -> None:
    """Leave a rank's last words to the launcher, which speaks once for all ranks.

    Args:
        message: What it is to print if this rank was the first to fail.
    """
    # The layout torchrun reads (torch.distributed.elastic.multiprocessing.errors).
    content = json.dumps({'message': message, 'timestamp': time.time()})
    Path(os.environ['TORCHELASTIC_ERROR_FILE']).write_text(content, encoding='utf-8')
