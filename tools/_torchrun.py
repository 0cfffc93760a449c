"""torchrun with this project's defaults and a readable ending; used by the dist_*.sh scripts that run a tool."""

from __future__ import annotations

import importlib
import logging
import os
import signal
import socket
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from tools._launch import fail, run

# After ctrl-C a rank ends its step and writes a checkpoint of several GB, perhaps over a network.
SECONDS_TO_SAVE = 900


def torchrun_arguments(num_ranks: int, environment: dict[str, str]) -> list[str]:
    """Return torchrun's own options.

    One machine gets a free port, so that two jobs never clash; several
    machines must agree on one, 29500 unless PORT says otherwise.

    Args:
        num_ranks: Processes on this machine.
        environment: NNODES, NODE_RANK, MASTER_ADDR and PORT, all optional; empty is as good as missing.

    Raises:
        SystemExit: One of them is no number, or NNODES is above 1 and something else is missing.
    """
    machines = _number(environment, 'NNODES', '1', least=1)
    arguments = [f'--nproc-per-node={num_ranks}']
    if machines == 1:
        return [*arguments, '--standalone']
    missing = [name for name in ('NODE_RANK', 'MASTER_ADDR') if not environment.get(name)]
    if missing:
        fail(f'NNODES={machines} needs {" and ".join(missing)} too (the same MASTER_ADDR on every machine)')
    rank = _number(environment, 'NODE_RANK', '')
    if rank >= machines:
        fail(f'NODE_RANK is {rank}; with NNODES={machines} the machines are counted from 0 to {machines - 1}')
    return [
        *arguments,
        f'--nnodes={machines}',
        f'--node-rank={rank}',
        f'--master-addr={environment["MASTER_ADDR"]}',
        f'--master-port={_number(environment, "PORT", "29500", least=1)}',
    ]


def _number(environment: dict[str, str], name: str, default: str, least: int = 0) -> int:
    text = environment.get(name) or default
    if not text.isdecimal() or int(text) < least:
        fail(f'{name} is {text!r}; give a number from {least} on')
    return int(text)


def check_ranks(text: str, num_cards: int) -> int:
    """Return how many ranks to start.

    Args:
        text: What the user wrote for GPUS.
        num_cards: Cards of this machine; with none, ranks run on the CPU.

    Raises:
        SystemExit: Not a number, or more than there are cards.
    """
    if not text.isdecimal() or int(text) < 1:
        fail(f'GPUS is {text!r}; give the number of cards, such as 4')
    if num_cards and int(text) > num_cards:
        fail(f'GPUS is {text}, this machine has {num_cards} card(s); give at most {num_cards}')
    return int(text)


def check_options(script: str, options: list[str]) -> None:
    """Let the tool read its options once here, so that a mistake is not reported by every rank.

    Args:
        script: Path of the tool.
        options: Its command line.

    Raises:
        SystemExit: The options are wrong, or ask for help.
    """
    sys.argv[0] = script  # the name in argparse's messages
    importlib.import_module(f'tools.{Path(script).stem}').parse_args(options)


def main(argv: list[str] | None = None) -> int:
    """Start the ranks, wait for them, return the exit code of the first that failed."""
    gpus, script, *options = sys.argv[1:] if argv is None else argv
    check_options(script, options)
    import torch
    from torch.distributed import DistError
    from torch.distributed.elastic.multiprocessing.api import SignalException
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
    from torch.distributed.run import parse_args as parse_torchrun
    from torch.distributed.run import run as run_torchrun

    num_ranks = check_ranks(gpus, torch.cuda.device_count())
    arguments = torchrun_arguments(num_ranks, dict(os.environ))
    if not torch.cuda.device_count():
        print(f'no usable card: {num_ranks} rank(s) on the CPU; tools/doctor.py says why', file=sys.stderr)
        os.environ.setdefault('OMP_NUM_THREADS', str(max(1, (os.cpu_count() or 1) // num_ranks)))
    check_meeting_point(arguments)
    # What went wrong is told below in one line, not in torchrun's report.
    logging.disable(logging.CRITICAL)
    wait_for_checkpoints()
    try:
        run_torchrun(parse_torchrun([*arguments, script, *options]))
    except SignalException as stopped:
        return 128 + stopped.sigval
    except ChildFailedError as error:
        return report_failure(error.failures)
    except DistError as error:
        fail(f'{meeting_point(arguments)}: the machines do not meet there ({str(error).splitlines()[0]}); {MEETING}')
    return 0


MEETING = 'MASTER_ADDR is machine 0, its PORT must be free there and open to the others'


def meeting_point(arguments: list[str]) -> str:
    """Return address and port at which several machines meet, ``''`` for one machine."""
    named = dict(argument.split('=', 1) for argument in arguments if '=' in argument)
    return f'{named["--master-addr"]}:{named["--master-port"]}' if '--master-addr' in named else ''


def check_meeting_point(arguments: list[str]) -> None:
    """Refuse an address nobody knows and a port that is taken, for which torchrun waits a quarter of an hour.

    Args:
        arguments: From :func:`torchrun_arguments`.

    Raises:
        SystemExit: Machine 0 cannot listen there, or the address has no meaning.
    """
    place = meeting_point(arguments)
    if not place:
        return
    address, port = place.rsplit(':', 1)
    try:
        family, kind, *_, target = socket.getaddrinfo(address, int(port), type=socket.SOCK_STREAM)[0]
        if '--node-rank=0' in arguments:
            with socket.socket(family, kind) as listener:
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                listener.bind(('', target[1]))
    except (OSError, OverflowError) as error:
        fail(f'MASTER_ADDR:PORT is {place}: {error}; {MEETING}')
    print(f'waiting for all machines at {place}', file=sys.stderr)


def wait_for_checkpoints() -> None:
    """Give ranks that are told to stop the time to save; torchrun kills them after 30 seconds.

    Newer versions of torch have an option for it, older ones this function alone.
    """
    from torch.distributed.elastic.multiprocessing.api import PContext

    close, asked = PContext.close, []

    def patient_close(self: PContext, death_sig: Any = None, timeout: int = 30) -> None:
        # Without a signal a rank has failed and the others wait for it; a second signal means right now.
        patience = SECONDS_TO_SAVE if death_sig and not asked else timeout
        asked.append(death_sig)
        close(self, death_sig, patience)

    PContext.close = patient_close


def report_failure(failures: dict[int, Any]) -> int:
    """Print why the first rank failed and return the exit code.

    Args:
        failures: torchrun's ``ProcessFailure`` of each rank that did not end with 0.
    """
    ended_by_us = {-signal.SIGTERM, 128 + signal.SIGTERM}

    def moment(item: tuple[int, Any]) -> tuple[bool, float]:
        return item[1].exitcode in ended_by_us, item[1].error_file_data.get('timestamp', item[1].timestamp)

    rank, failure = min(failures.items(), key=moment)
    told = Path(failure.error_file).is_file()
    if told:
        print(failure.message, file=sys.stderr)
    if not told or 'Traceback' in failure.message:
        print(f'error: rank {rank} ended with code {failure.exitcode}, see above', file=sys.stderr)
    return failure.exitcode if failure.exitcode > 0 else 128 - failure.exitcode


if __name__ == '__main__':
    run(main)
