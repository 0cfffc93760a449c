"""What every tool does before and after its own work; needs nothing but Python."""

import importlib.util
import os
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

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
    # Waiting threads sleep instead of spinning: with other work on the cores, steps were 5 to 8 times faster so.
    os.environ.setdefault('OMP_WAIT_POLICY', 'passive')
    # Upstream's own code warns about itself; a user can do nothing about it.
    warnings.filterwarnings('ignore', category=UserWarning, module=r'mm(engine|cv|det|seg)\b')
    try:
        code = main()
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        from custom_modules.utils import UserError

        if not isinstance(error, UserError):
            raise
        report(error)
        sys.exit(2)
    sys.exit(code)


def fail(message: str) -> NoReturn:
    """End the process with a user's mistake as one line and exit code 2 (for code that must not load the package)."""
    print(f'error: {message}', file=sys.stderr)
    sys.exit(2)


def report(error: Exception) -> None:
    """Tell the user, or, under torchrun, tell the launcher, which speaks once for all ranks."""
    if 'TORCHELASTIC_ERROR_FILE' not in os.environ:
        print(f'error: {error}', file=sys.stderr)
        return
    import json
    import time

    # The layout torchrun reads (torch.distributed.elastic.multiprocessing.errors).
    content = json.dumps({'message': str(error), 'timestamp': int(time.time())})
    Path(os.environ['TORCHELASTIC_ERROR_FILE']).write_text(content, encoding='utf-8')
