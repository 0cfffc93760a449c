"""What every tool does before and after its own work; needs nothing but Python."""

import importlib.util
import json
import os
import sys
import time
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from tools import ROOT, restart_in_venv


def use_environment() -> None:
    """Restart the tool with ``.venv`` when the running Python lacks the stack.

    Raises:
        SystemExit: Neither the running Python nor ``.venv`` has the stack.
    """
    if importlib.util.find_spec('mmengine') is not None:
        return
    restart_in_venv()
    sys.exit(f'error: this Python ({sys.executable}) lacks mmengine and the rest; run `make -C {ROOT} install` first')


def run(main: Callable[[], int | None]) -> None:
    """Call ``main`` and end the process, a user's mistake as one line with exit code 2.

    Args:
        main: The tool's main function; its return value is the exit code.
    """
    use_environment()
    # Waiting threads soon sleep instead of spinning on: a training step on two cores takes 3 % longer so when the
    # machine is free, and 0.2 of the time when it is not.
    os.environ.setdefault('GOMP_SPINCOUNT', '10000')
    # Upstream's own code warns about itself; a user can do nothing about it.
    for category in (UserWarning, FutureWarning, DeprecationWarning):
        warnings.filterwarnings('ignore', category=category, module=r'mm(engine|cv|det|seg)\b')
    try:
        code = main()
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        from custom_modules.utils import UserError

        mistake = isinstance(error, UserError)
        if 'TORCHELASTIC_ERROR_FILE' in os.environ:
            tell_launcher(f'error: {error}' if mistake else traceback.format_exc().rstrip())
        elif mistake:
            print(f'error: {error}', file=sys.stderr)
        else:
            raise
        sys.exit(2 if mistake else 1)
    sys.exit(code)


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
