"""Record what the compiled operators of mmcv answer, for `test_reference.py`.

    python tests/custom_modules/ops/record_reference.py PATH_OF_COMPILED_EXT

PATH_OF_COMPILED_EXT is the ``_ext*.so`` of an mmcv that was built with
``MMCV_WITH_OPS=1`` for the torch that runs this.
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

REFERENCE = Path(__file__).with_name('reference.pt')


def parse_args(argv=None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('compiled', type=Path, help='the shared library')
    return parser.parse_args(argv)


def main(argv=None) -> None:
    """Write `REFERENCE`."""
    args = parse_args(argv)
    import torch

    from custom_modules.ops.selection import load_compiled
    from custom_modules.utils import UserError, atomic_write
    from tests.custom_modules.ops.cases import NAMES, make_inputs, run

    module, reason = load_compiled(args.compiled)
    if module is None:
        raise UserError(reason)
    inputs = make_inputs()
    answers = {name: run(name, lambda op, *a, **k: getattr(module, op)(*a, **k), inputs) for name in NAMES}
    with atomic_write(REFERENCE, 'wb') as file:
        torch.save({'inputs': inputs, 'answers': answers}, file)
    print(f'{len(answers)} cases, {REFERENCE.stat().st_size} bytes')


if __name__ == '__main__':
    main()
