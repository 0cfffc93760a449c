"""What every tool does before and after its own work; needs nothing but Python."""

import importlib.util
import os
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def use_environment() -> None:
    """Restart the tool with ``.venv`` when the running Python lacks the stack.

    Raises:
        SystemExit: Neither the running Python nor ``.venv`` has the stack.
    """
    if importlib.util.find_spec('mmengine') is not None:
        return
    python = ROOT / '.venv' / 'bin' / 'python'
    if python.is_file() and Path(sys.prefix) != ROOT / '.venv':
        os.execv(python, [str(python), *sys.argv])
    sys.exit(f'error: this Python ({sys.executable}) lacks mmengine and the rest; run `make -C {ROOT} install` first')


def run(main: Callable[[], int | None]) -> None:
    """Call ``main`` and end the process, a user's mistake as one line with exit code 2.

    Args:
        main: The tool's main function; its return value is the exit code.
    """
    use_environment()
    try:
        code = main()
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        from custom_modules.utils import UserError

        if not isinstance(error, UserError):
            raise
        print(f'error: {error}', file=sys.stderr)
        sys.exit(2)
    sys.exit(code)
