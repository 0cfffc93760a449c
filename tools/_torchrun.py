"""torchrun with this project's defaults and a readable ending; used by dist_train.sh and dist_test.sh."""

import logging
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from tools._launch import fail, run


def torchrun_arguments(num_ranks: int, environment: dict[str, str]) -> list[str]:
    """Return torchrun's own options.

    One machine gets a free port, so that two jobs never clash; several
    machines must agree on one, 29500 unless PORT says otherwise.

    Args:
        num_ranks: Processes on this machine.
        environment: NNODES, NODE_RANK, MASTER_ADDR and PORT, all optional.

    Raises:
        SystemExit: NNODES is above 1 and something else is missing.
    """
    machines = int(environment.get('NNODES', '1'))
    arguments = [f'--nproc-per-node={num_ranks}']
    if machines == 1:
        return [*arguments, '--standalone']
    missing = [name for name in ('NODE_RANK', 'MASTER_ADDR') if name not in environment]
    if missing:
        fail(f'NNODES={machines} needs {" and ".join(missing)} too (the same MASTER_ADDR on every machine)')
    return [
        *arguments,
        f'--nnodes={machines}',
        f'--node-rank={environment["NODE_RANK"]}',
        f'--master-addr={environment["MASTER_ADDR"]}',
        f'--master-port={environment.get("PORT", "29500")}',
    ]


def check_ranks(text: str, num_cards: int) -> int:
    """Return how many ranks to start.

    Args:
        text: What the user wrote for GPUS.
        num_cards: Cards of this machine; with none, ranks run on the CPU.

    Raises:
        SystemExit: Not a number, or more than there are cards.
    """
    if not text.isdigit() or int(text) < 1:
        fail(f'GPUS is {text!r}; give the number of cards, such as 4')
    if num_cards and int(text) > num_cards:
        fail(f'GPUS is {text}, this machine has {num_cards} card(s); use tools/dist_train.sh CONFIG {num_cards}')
    return int(text)


def main(argv: list[str] | None = None) -> int:
    """Start the ranks, wait for them, return the exit code of the first that failed."""
    gpus, script, *options = sys.argv[1:] if argv is None else argv
    import torch
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
    from torch.distributed.run import parse_args as parse_torchrun
    from torch.distributed.run import run as run_torchrun

    num_ranks = check_ranks(gpus, torch.cuda.device_count())
    if not torch.cuda.device_count():
        os.environ.setdefault('OMP_NUM_THREADS', str(max(1, (os.cpu_count() or 1) // num_ranks)))
    # What went wrong is told below in one line, not in torchrun's report.
    logging.getLogger('torch.distributed.elastic').setLevel(logging.CRITICAL)
    try:
        run_torchrun(parse_torchrun([*torchrun_arguments(num_ranks, dict(os.environ)), script, *options]))
    except ChildFailedError as error:
        rank, failure = error.get_first_failure()
        if failure.error_file_data:
            print(f'error: {failure.message}', file=sys.stderr)
        else:
            print(f'error: rank {rank} ended with code {failure.exitcode}, see its messages above', file=sys.stderr)
        return failure.exitcode if failure.exitcode > 0 else 128 - failure.exitcode
    return 0


if __name__ == '__main__':
    run(main)
