"""Compare the portable operators with the compiled ones of mmcv, side by side on the CPU.

    python benchmarks/ops.py --compiled path/to/mmcv/_ext.cpython-311-x86_64-linux-gnu.so

Both run in this process, in turns, and each round gives one ratio of their
times; the table shows the median ratio.  Without ``--compiled`` (or
``TRASH_COMPILED_SITE``, the folder that holds a compiled ``mmcv``) only our own
times are shown.  ``--out`` writes the tables as Markdown.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from types import ModuleType

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

Operator = Callable[..., object]


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--compiled', type=Path, help='the compiled mmcv._ext, or a folder with an mmcv that has it')
    parser.add_argument('--rounds', type=int, default=11, help='rounds per operator (default: %(default)s)')
    parser.add_argument('--threads', type=int, nargs='+', default=[1, 2], help='thread counts (default: 1 2)')
    parser.add_argument('--only', default='', help='operators whose name contains this')
    parser.add_argument('--compile-time', action='store_true', help="also time the kernels' first call, uncached")
    parser.add_argument('--out', type=Path, help='Markdown file to write')
    return parser.parse_args(argv)


def find_compiled(path: Path | None) -> ModuleType | None:
    """Load the compiled operators, if any.

    Args:
        path: The shared library, a folder with an ``mmcv`` in it, or None for ``TRASH_COMPILED_SITE``.

    Returns:
        The module, or None without a path and without a compiled mmcv in the environment.

    Raises:
        UserError: There is a path, but nothing that loads.
    """
    from custom_modules.ops.selection import compiled, load_compiled
    from custom_modules.utils import UserError

    path = path or (Path(os.environ['TRASH_COMPILED_SITE']) if 'TRASH_COMPILED_SITE' in os.environ else None)
    if path is None:
        return compiled()[0]
    library = next(path.glob('mmcv/_ext*'), None) if path.is_dir() else path
    if library is None or not library.exists():
        raise UserError(f'no compiled mmcv._ext at {path}: give the path of its _ext*.so to --compiled')
    module, reason = load_compiled(library)
    if module is None:
        raise UserError(reason)
    return module


def make_cases() -> dict[str, Callable[[Operator], list]]:
    """Build the calls to time: by name, a function from an operator caller to the results."""
    import torch

    torch.manual_seed(0)
    cases = _box_cases(torch)
    cases |= _roi_align_cases(torch)
    cases |= _convolution_cases(torch)
    return cases


def _box_cases(torch: ModuleType) -> dict[str, Callable[[Operator], list]]:
    """4,000 boxes with sides of 16 to 400 px in a picture of 1,024 px, as from a region proposal network."""
    sides = torch.rand(4000, 2) * 384 + 16
    corners = torch.rand(4000, 2) * (1024 - sides)
    boxes, scores = torch.cat([corners, corners + sides], 1), torch.rand(4000)
    dets = torch.cat([boxes, scores[:, None]], 1)

    def soft(operator: Operator, method: int) -> list:
        rows = torch.zeros(1000, 5)
        options = dict(iou_threshold=0.3, sigma=0.5, min_score=0.05, method=method, offset=0)
        index = operator('softnms', boxes[:1000], scores[:1000], rows, **options)
        return [index, rows[: len(index)]]

    def overlaps(operator: Operator) -> list:
        ious = torch.zeros(4000, 100)
        operator('bbox_overlaps', boxes, boxes[:100], ious, mode=0, aligned=False, offset=0)
        return [ious]

    return {
        'nms, 4,000 boxes': lambda op: [op('nms', boxes, scores, iou_threshold=0.7, offset=0)],
        'nms_match, 4,000 boxes': lambda op: [
            torch.tensor([i for group in op('nms_match', dets, iou_threshold=0.7) for i in group])
        ],
        'soft-nms linear, 1,000 boxes': lambda op: soft(op, 1),
        'soft-nms gaussian, 1,000 boxes': lambda op: soft(op, 2),
        'bbox_overlaps, 4,000 x 100': overlaps,
    }


def _roi_align_cases(torch: ModuleType) -> dict[str, Callable[[Operator], list]]:
    """512 regions with sides of 32 to 432 px on 256 channels of 64 x 64 cells, scale 1/16, adaptive sampling."""
    maps, grad = torch.randn(1, 256, 64, 64), torch.randn(512, 256, 7, 7)
    sides = torch.rand(512, 2) * 400 + 32
    corners = torch.rand(512, 2) * (1024 - sides)
    rois = torch.cat([torch.zeros(512, 1), corners, corners + sides], 1)
    options = dict(aligned_height=7, aligned_width=7, spatial_scale=1 / 16, sampling_ratio=0, aligned=True)

    def forward(operator: Operator, mode: int, count: int) -> list:
        output = torch.zeros(count, 256, 7, 7)
        places = [torch.zeros_like(output) if mode == 0 else torch.zeros(0) for _ in range(2)]
        operator('roi_align_forward', maps, rois[:count], output, *places, pool_mode=mode, **options)
        return [output, *places]

    def backward(operator: Operator, count: int) -> list:
        target = torch.zeros_like(maps)
        empty = torch.zeros(0)
        operator('roi_align_backward', grad[:count], rois[:count], empty, empty, target, pool_mode=1, **options)
        return [target]

    return {
        'RoIAlign forward, 512 regions': lambda op: forward(op, 1, 512),
        'RoIAlign backward, 512 regions': lambda op: backward(op, 512),
        'RoIAlign forward, 16 regions': lambda op: forward(op, 1, 16),
        'RoIAlign backward, 16 regions': lambda op: backward(op, 16),
        'RoIAlign max forward, 64 regions': lambda op: forward(op, 0, 64),
    }


def _convolution_cases(torch: ModuleType) -> dict[str, Callable[[Operator], list]]:
    """A 3 x 3 deformable convolution of 128 channels on two maps of 32 x 32 cells."""
    maps, grad = torch.randn(2, 128, 32, 32), torch.randn(2, 128, 32, 32)
    weight, bias = torch.randn(128, 128, 3, 3) * 0.03, torch.randn(128)
    offset, mask, empty = torch.randn(2, 18, 32, 32), torch.rand(2, 9, 32, 32), torch.zeros(0)
    v1 = dict(kW=3, kH=3, dW=1, dH=1, padW=1, padH=1, dilationW=1, dilationH=1, im2col_step=2)
    v2 = dict(kernel_h=3, kernel_w=3, stride_h=1, stride_w=1, pad_h=1, pad_w=1, dilation_h=1, dilation_w=1)
    groups = dict(group=1, deformable_group=1)

    def forward(operator: Operator) -> list:
        output = torch.zeros_like(grad)
        operator('deform_conv_forward', maps, weight, offset, output, empty, empty, **v1, **groups)
        return [output]

    def backward(operator: Operator) -> list:
        grads = [torch.zeros_like(x) for x in (maps, offset, weight)]
        first, second = grad.clone(), grad.clone()
        operator('deform_conv_backward_input', maps, offset, first, *grads[:2], weight, empty, **v1, **groups)
        operator(
            'deform_conv_backward_parameters', maps, offset, second, grads[2], empty, empty, scale=1, **v1, **groups
        )
        return grads

    def modulated_forward(operator: Operator) -> list:
        output = torch.zeros_like(grad)
        arguments = (maps, weight, bias, empty, offset, mask, output, empty)
        operator('modulated_deform_conv_forward', *arguments, with_bias=True, **v2, **groups)
        return [output]

    def modulated_backward(operator: Operator) -> list:
        grads = [torch.zeros_like(x) for x in (maps, weight, bias, offset, mask)]
        arguments = (maps, weight, bias, empty, offset, mask, empty, *grads, grad.clone())
        operator('modulated_deform_conv_backward', *arguments, with_bias=True, **v2, **groups)
        return grads

    return {
        'deformable convolution forward': forward,
        'deformable convolution backward': backward,
        'modulated deformable convolution forward': modulated_forward,
        'modulated deformable convolution backward': modulated_backward,
    }


def compare(case: Callable[[Operator], list], ours: Operator, theirs: Operator | None) -> str:
    """The largest difference between two implementations' results, as a cell of the table."""
    import torch

    if theirs is None:
        return ''
    results, expected = case(ours), case(theirs)
    if all(torch.equal(a, b) for a, b in zip(results, expected, strict=True)):
        return 'identical'
    differences = [
        ((a - b).abs().max() / b.abs().max()).item() for a, b in zip(results, expected, strict=True) if b.numel()
    ]
    return f'{max(differences):.1e}'


def measure(
    case: Callable[[Operator], list], ours: Operator, theirs: Operator | None, rounds: int
) -> tuple[float, float | None, float | None]:
    """Time both implementations in turns.

    Returns:
        Median milliseconds of ours and theirs, and the median ratio of a round.
    """
    times: dict[Operator, list[float]] = {ours: [], theirs: []}
    for number in range(rounds + 1):
        order = (ours, theirs) if number % 2 else (theirs, ours)
        for operator in (x for x in order if x):
            start = time.perf_counter()
            case(operator)
            if number:  # the first round warms up
                times[operator].append(1000 * (time.perf_counter() - start))
    if theirs is None:
        return median(times[ours]), None, None
    ratios = [a / b for a, b in zip(times[ours], times[theirs], strict=True)]
    return median(times[ours]), median(times[theirs]), median(ratios)


def compile_time() -> str:
    """Seconds that the first calls of all cases take with an empty cache and with a full one, in new processes."""
    script = (
        f'import sys, time; sys.path.insert(0, {str(Path(__file__).resolve().parents[1])!r}); '
        'import torch, custom_modules; torch.set_num_threads(1); '
        'from benchmarks.ops import make_cases; from custom_modules.ops.extension import call; '
        'cases = make_cases(); start = time.process_time(); '
        '[case(call) for case in cases.values()]; print(time.process_time() - start)'
    )
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, 'NUMBA_CACHE_DIR': folder, 'TRASH_OPS': 'portable'}
        seconds = [
            float(
                subprocess.run(
                    [sys.executable, '-c', script], env=environment, check=True, capture_output=True, text=True
                ).stdout.split()[-1]
            )
            for _ in range(2)
        ]
    return f'First calls of all kernels: {seconds[0]:.1f} s of CPU time uncached, {seconds[1]:.1f} s from the cache.'


def make_table(
    cases: dict[str, Callable[[Operator], list]],
    ours: Operator,
    theirs: Operator | None,
    threads: list[int],
    rounds: int,
) -> str:
    """Time and compare all cases; the result is a Markdown table."""
    import torch

    rows = {name: [name, compare(case, ours, theirs)] for name, case in cases.items()}
    for number in threads:
        torch.set_num_threads(number)
        for name, case in cases.items():
            mine, other, ratio = measure(case, ours, theirs, rounds)
            rows[name] += [f'{mine:.1f}'] if other is None else [f'{mine:.1f}', f'{other:.1f}', f'**{ratio:.2f}**']
            print(f'{number} threads: {" | ".join(rows[name])}', file=sys.stderr)
    columns = ['ours, ms'] if theirs is None else ['ours, ms', 'compiled, ms', 'ratio']
    titles = [f'{title} ({number} thread{"s" * (number > 1)})' for number in threads for title in columns]
    lines = [['operator', 'largest difference', *titles], ['---'] * (2 + len(titles)), *rows.values()]
    return '\n'.join(f'| {" | ".join(line)} |' for line in lines)


def describe_machine() -> str:
    """Cores and vector instructions, nothing that names the machine."""
    import torch

    return f'{os.cpu_count()} cores, {torch.backends.cpu.get_cpu_capability()}, torch {torch.__version__}'


def make_document(table: str, rounds: int, extra: str) -> str:
    """The Markdown page around the table."""
    return f"""# Operators: exactness and speed

Portable operators (numba kernels) against the compiled CPU operators of mmcv, written by

    python benchmarks/ops.py --compiled path/to/_ext.so --rounds {rounds} --compile-time --out benchmarks/ops.md

Both run in one process in turns; *ratio* is the median over {rounds} rounds of our time by theirs, below 1 is faster.
The difference is the largest one relative to the largest result, over all results of a call; indices, scores and
overlaps are equal to the bit. RoIAlign: 7 x 7 bins, sides of 32 to 432 px, 256 channels of 64 x 64 cells, scale 1/16,
adaptive sampling; memory beyond the results: one channels-last copy of the map, or only of the cells under the regions
where these are few. Deformable convolutions: 3 x 3, 128 channels, two maps of 32 x 32 cells.

Machine: {describe_machine()}.

{table}

{extra}
RoIPool, the focal losses, masked convolution, deformable attention and CARAFE have no compiled CPU version; the tests
check them against literal float64 formulas (to 1e-12) and their gradients numerically.
"""


def main(argv: list[str] | None = None) -> None:
    """Print, and write if asked, the table."""
    args = parse_args(argv)
    import custom_modules  # noqa: F401 (installs the operators)
    from custom_modules.ops.extension import call
    from custom_modules.utils import atomic_write

    os.environ['TRASH_OPS'] = 'portable'
    module = find_compiled(args.compiled)
    theirs = module and (lambda name, *arguments, **options: getattr(module, name)(*arguments, **options))
    cases = {name: case for name, case in make_cases().items() if args.only in name}
    table = make_table(cases, call, theirs, args.threads, args.rounds)
    extra = f'{compile_time()}\n' if args.compile_time else ''
    print(f'{table}\n\n{extra}')
    if args.out:
        with atomic_write(args.out) as file:
            file.write(make_document(table, args.rounds, extra))


if __name__ == '__main__':
    main()
