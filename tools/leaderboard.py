"""Rank all runs and fusions under work_dirs/ on one split.

    python tools/leaderboard.py
    python tools/leaderboard.py --ann data/synthetic/val.json --html work_dirs/leaderboard.html

Predictions written by test.py, predict.py and wbf_ensemble.py count, with and without TTA, and of runs that were only
trained their own validation.  Prints mAP50, mAP, AP50 by class, costs, seed, date and what a run's config changes to
its base, and writes the same as one html file with columns to sort by.  Segmenters have a table and a file of their
own, by mIoU, if both are about the same pictures.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from tools._launch import ROOT, Parser, run

if TYPE_CHECKING:
    from custom_modules.leaderboard import Entry, RunFacts

CACHE = '.leaderboard.json'


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--ann', type=Path, help='json of the split (default: the one with most entries)')
    parser.add_argument('--work-dirs', type=Path, default=ROOT / 'work_dirs', help='folder of the runs')
    parser.add_argument('--html', type=Path, help='file to write (default: leaderboard.html there)')
    parser.add_argument('--no-costs', action='store_true', help='do not count the costs that are not known yet (slow)')
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    """Rank, print and write; return the exit code."""
    args = parse_args(argv)
    from custom_modules.datasets import load_coco
    from custom_modules.leaderboard import entries_on, find_entries
    from custom_modules.utils import UserError

    if not args.work_dirs.is_dir():
        raise UserError(f'--work-dirs {args.work_dirs}: no such folder')
    everything = find_entries(args.work_dirs)
    ann, coco = choose_split(args, everything, load_coco)
    page = args.html or args.work_dirs / 'leaderboard.html'
    for place, (task, entries) in enumerate(entries_on(everything, ann).items()):
        own_page = page.with_stem(f'{page.stem}_{task}') if place else page
        rank(task, entries, coco, facts_of(entries, everything, args), ann, own_page)
    return 0


def rank(task: str, entries: Sequence[Entry], coco, facts: dict[Path, RunFacts], ann: Path, page: Path) -> None:
    """Score the entries of a task, write its page and print its board."""
    from custom_modules.datasets.label_maps import LabelMaps
    from custom_modules.leaderboard import SEGMENTATION, format_board, score_entries, write_page
    from custom_modules.utils import as_typed
    from tools._fusion_scores import progress_line

    with progress_line('entries scored') as progress:
        scored, failed = score_entries(entries, coco, progress)
    for name, reason in failed.items():
        print(f'left out: {name}: {reason}', file=sys.stderr)
    classes = LabelMaps(coco).classes if task == SEGMENTATION else coco.classes
    objects = '' if coco.has_label_values else f', {len(coco.annotations)} objects'
    note = f'{len(coco.images)} pictures{objects}'
    kind = ' of segmenters' if task == SEGMENTATION else ''
    title = f'{len(scored)} entries{kind} on {as_typed(ann)}'
    write_page(page, scored, classes, facts, title=title, note=note)
    print(f'{title} ({note})\n')
    print(format_board(scored, classes, facts, shutil.get_terminal_size((160, 24)).columns))
    print(f'\n{as_typed(page)}: columns sort by a click')


def choose_split(args: argparse.Namespace, entries: Sequence[Entry], load_coco) -> tuple[Path, object]:
    """Return the json to rank on, the one asked for or the one with most entries, and what it holds.

    Raises:
        UserError: Nothing was predicted on it, or it has no answers.
    """
    from custom_modules.leaderboard import splits
    from custom_modules.utils import UserError, as_typed, find_file

    known = splits(entries)
    if not known:
        command = 'python tools/test.py CONFIG CHECKPOINT for a trained model'
        raise UserError(f'nothing under {as_typed(args.work_dirs)} has been predicted yet; first run {command}')
    listed = ', '.join(f'{as_typed(ann)} ({count})' for ann, count in known)
    if args.ann is not None:
        ann = find_file(args.ann).resolve()
        if ann not in dict(known):
            raise UserError(f'--ann {args.ann}: nothing was predicted on it; there are entries on {listed}')
        coco = load_coco(ann, check_images=False)
        if not coco.has_annotations:
            raise UserError(f'--ann {args.ann}: has no answers to score by; there are entries on {listed}')
        return ann, coco
    for ann, _ in known:
        coco = load_coco(ann, check_images=False)
        if coco.has_annotations:
            if len(known) > 1:
                print(f'entries on {listed}; --ann chooses another than the first with answers')
            return ann, coco
    raise UserError(f'no answers to score by in {listed}')


def facts_of(entries: Sequence[Entry], everything: Sequence[Entry], args: argparse.Namespace) -> dict[Path, RunFacts]:
    """Return base, differences and costs by file of the entry, worked out where they are not kept yet."""
    from custom_modules.leaderboard import RunFacts, add_costs
    from custom_modules.utils import atomic_write

    cache, wanted = args.work_dirs / CACHE, _with_members(entries, everything)
    kept = _kept(cache)
    keys = {entry.run: _key(entry.run) for entry in wanted if entry.run is not None}
    missing = [folder for folder, key in keys.items() if key not in kept or _lacks_cost(kept[key], args)]
    for folder, found in _work_out(missing, costs=not args.no_costs):
        names = RunFacts.__dataclass_fields__
        known = {name: value for name, value in found.items() if name in names}
        kept[keys[folder]] = {**known, 'counted': not args.no_costs}
        with atomic_write(cache) as file:
            json.dump(kept, file, indent=1)
    by_run = {}
    for folder, key in keys.items():
        known = {name: value for name, value in kept.get(key, {}).items() if name != 'counted'}
        by_run[folder] = RunFacts(**{**known, 'differences': tuple(known.get('differences', ()))})
    return add_costs(wanted, by_run)


def _with_members(entries: Sequence[Entry], everything: Sequence[Entry]) -> list[Entry]:
    """Add the members of fusions, which may be about the same pictures under another name."""
    by_file = {entry.file: entry for entry in everything}
    wanted = {entry.file: entry for entry in entries}
    waiting = list(entries)
    while waiting:
        for member in waiting.pop().members:
            if member in by_file and member not in wanted:
                wanted[member] = by_file[member]
                waiting.append(by_file[member])
    return list(wanted.values())


def _work_out(folders: Sequence[Path], *, costs: bool) -> Iterator[tuple[Path, dict]]:
    """Let another process load the stack; it says what it found run by run."""
    if not folders:
        return
    from tools._fusion_scores import progress_line

    options = ['--costs'] if costs else []
    command = [sys.executable, str(ROOT / 'tools' / '_run_facts.py'), *options, *map(str, folders)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    with progress_line('configs compared and counted') as progress, process:
        for done, line in enumerate(process.stdout, start=1):
            found = json.loads(line)
            progress(done, len(folders))
            if 'error' in found:
                print(f'{found["run"]}: {found["error"]}', file=sys.stderr)
            yield Path(found['run']), found
        errors = process.stderr.read().strip().splitlines()
    if process.returncode:
        print(f'costs and changes are missing: {errors[-1] if errors else process.returncode}', file=sys.stderr)


def _key(folder: Path) -> str:
    """Name what the facts of a run depend on; a base that was edited since is not noticed."""
    config, notes = folder / 'config.py', folder / 'run.json'
    text = config.read_bytes() + (notes.read_bytes() if notes.is_file() else b'')
    return hashlib.sha256(text).hexdigest()[:16]


def _kept(cache: Path) -> dict[str, dict]:
    try:
        return json.loads(cache.read_text(encoding='utf-8'))
    except (OSError, ValueError):
        return {}


def _lacks_cost(known: dict, args: argparse.Namespace) -> bool:
    return not known.get('counted') and not args.no_costs


if __name__ == '__main__':
    run(main, needs_model=False)
