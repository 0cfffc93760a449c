"""Show the whole way on this machine: synthetic pictures, two detectors and two segmenters, scored, fused and drawn.

    python tools/demo.py

The models train side by side; each is scored without and with test-time augmentation.  The better detector labels the
pictures without annotations, and both are fused; the segmenters vote, with a CRF and the rescue of small objects.
Everything goes to work_dirs/demo/, the labels beside the pictures; a demo that was broken off goes on where it stopped.
"""

import argparse
import json
import signal
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
from tools._demo_steps import Beside, StepFailed, Steps, here  # noqa: E402
from tools._launch import Parser, run  # noqa: E402

DETECTORS, SEGMENTERS = ('htc_swin', 'cascade_mask_rcnn_swin'), ('deeplabv3plus_r18', 'upernet_swin')
# Models that train one after another, each line beside the other; they take about as long.
LINES = (('htc_swin', 'upernet_swin'), ('cascade_mask_rcnn_swin', 'deeplabv3plus_r18'))
DATA = ROOT / 'data' / 'synthetic'
OUT = ROOT / 'work_dirs' / 'demo'
PICTURES = '--train 1000 --val 80 --test 20 --size 192 --frequencies sqrt'
SHOWN = ('mAP50', 'segm_mAP50', 'mIoU', 'mIoU_per_image', 'boundary_IoU')
VOTES = 200  # that a search tries; each takes a tenth of a second
PLAIN, TTA = 'val', 'val_tta'  # names of the predictions without and with test-time augmentation


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    """Run every step; return the exit code."""
    parse_args(argv)
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    started, steps = time.monotonic(), Steps()
    try:
        steps.call('make_synthetic.py', '--out', str(DATA), *PICTURES.split())
        figures = train_and_test_all()
        models, segmenters = ({name: figures[name] for name in names} for names in (DETECTORS, SEGMENTERS))
        best = max(models, key=lambda name: models[name]['mAP50'])
        labels = make_pseudo_labels(best, steps)
        fusion, vote = fuse(models, steps), let_vote(segmenters, steps)
    except StepFailed as failed:
        return failed.code
    draw_predictions(OUT / best / 'predictions' / f'{PLAIN}.json', OUT / 'predictions.jpg')
    draw_label_maps(OUT / 'vote' / f'{TTA}.probs', OUT / 'segmentation.jpg')
    parts = {'best': best, 'models': models, 'fusion': fusion, 'pseudo_labels': labels}
    summary = write_summary({**parts, 'segmenters': segmenters, 'vote': vote}, time.monotonic() - started)
    show(summary)
    return 0


def train_and_test_all() -> dict[str, dict[str, Any]]:
    """Train and test a line of models on the terminal, the other beside it; return the figures of each.

    A step of a small model is a long row of small operations, which a second core hardly speeds up.
    """
    from custom_modules.engine.workers import usable_cores

    work = partial(train_and_test, precision=fast_precision())
    first, others = LINES
    if usable_cores() < len(LINES):
        return {name: work(name, Steps()) for name in (*first, *others)}
    threads, log = usable_cores() // len(LINES), OUT / 'beside.log'
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text('', encoding='utf-8')
    line = Beside(lambda steps: {name: work(name, steps) for name in others}, Steps(log, threads))
    line.start()
    print(f'\n{" and ".join(others)} are trained and tested meanwhile, see {here(log)}', flush=True)
    try:
        figures = {name: work(name, Steps(threads=threads)) for name in first}
        if line.is_alive():
            print(f'\nwaiting for what is left, see {here(log)}', flush=True)
        return figures | line.result()
    except BaseException as error:
        interrupted = isinstance(error, KeyboardInterrupt) or getattr(error, 'code', None) == 128 + signal.SIGINT
        if not interrupted:  # the other line got ctrl-C, too
            line.steps.stop()
        line.join()
        raise


def train_and_test(name: str, steps: Steps, precision: list[str]) -> dict[str, Any]:
    """Train one model, or the rest of it, score its best checkpoint twice, and return its scores and seconds."""
    config, folder, started = f'configs/demo/{name}.py', OUT / name, time.monotonic()
    resumed, common = (folder / 'last.pth').is_file(), ['--data-root', str(DATA)]
    start = ['--work-dir', str(folder), '--load-from', 'none', '--resume', *precision]
    steps.call('train.py', str(ROOT / config), *common, *start)
    seconds, figures = time.monotonic() - started, {}
    main, suffix = ('mIoU', '.probs') if name in SEGMENTERS else ('mAP50', '.json')
    for out, options in ((PLAIN, []), (TTA, ['--tta'])):
        predictions = folder / 'predictions' / f'{out}{suffix}'
        best = str(folder / 'best.pth')
        steps.call('test.py', str(ROOT / config), best, *common, *options, '--out', str(predictions))
        figures[out] = scores_of(predictions)
    return {
        'config': config,
        **figures[PLAIN],
        'tta': figures[TTA],
        'tta_gain': figures[TTA][main] - figures[PLAIN][main],
        'train_seconds': round(seconds, 1),
        'resumed': resumed,
    }


def scores_of(predictions: Path) -> dict[str, float]:
    """Read the scores beside predictions."""
    scores = json.loads(predictions.with_suffix('.metrics.json').read_text(encoding='utf-8'))['scores']
    return {name: scores[name] for name in SHOWN if name in scores}


def fast_precision() -> list[str]:
    """Return ``--amp`` where it saves time: a GPU, or a CPU that multiplies bfloat16 in hardware."""
    import torch

    cpu = Path('/proc/cpuinfo')
    flags = cpu.read_text(encoding='utf-8').split() if cpu.is_file() else []
    return ['--amp'] if torch.cuda.is_available() or {'avx512_bf16', 'amx_bf16', 'bf16'} & set(flags) else []


def make_pseudo_labels(name: str, steps: Steps) -> dict[str, Any]:
    """Label the pictures without annotations; return how many labels there are and how good they are."""
    config, checkpoint = ROOT / 'configs' / 'demo' / f'{name}.py', OUT / name / 'best.pth'
    out, truth = DATA / 'train_pseudo.json', ['--answers', 'test_answers.json']
    steps.call('pseudo_label.py', str(config), str(checkpoint), '--data-root', str(DATA), *truth, '--out', str(out))
    report = json.loads((out.with_suffix('') / 'report.json').read_text(encoding='utf-8'))
    names = ('labels', 'ignore_regions', 'expected_precision', 'real_precision')
    return {'file': here(out), 'pictures': report['pictures']['labelled'], **{name: report.get(name) for name in names}}


def fuse(models: dict[str, dict], steps: Steps) -> dict[str, Any]:
    """Search the best fusion, without and with test-time augmentation; return its scores and what to expect of it.

    The search is cross-validated: the gain is that on pictures it did not look at, the score that on all of them.
    """
    figures, gains = {}, {}
    for name in (PLAIN, TTA):
        members = [str(OUT / model / 'predictions' / f'{name}.json') for model in models]
        out = OUT / 'fusion' / f'{name}.json'
        steps.call('wbf_ensemble.py', *members, '--ann', str(DATA / 'val.json'), '--search', '--out', str(out))
        figures[name] = scores_of(out)
        found = json.loads(out.with_suffix('.params.json').read_text(encoding='utf-8'))
        gains[name] = held_out_gain(found)
    return {
        **figures[PLAIN],
        'tta': figures[TTA],
        'tta_gain': figures[TTA]['mAP50'] - figures[PLAIN]['mAP50'],
        'held_out_gain': gains[PLAIN],
        'held_out_gain_with_tta': gains[TTA],
    }


def let_vote(segmenters: dict[str, dict], steps: Steps) -> dict[str, Any]:
    """Search the best vote, CRF and rescue, without and with test-time augmentation; return what each step scores."""
    figures = {}
    for name in (PLAIN, TTA):
        members = [str(OUT / model / 'predictions' / f'{name}.probs') for model in segmenters]
        out, more = OUT / 'vote' / f'{name}.probs', ['--crf', '--rescue', '--search', '--budget', str(VOTES)]
        steps.call('seg_ensemble.py', *members, '--ann', str(DATA / 'val.json'), *more, '--out', str(out))
        comparison = json.loads(out.with_suffix('.metrics.json').read_text(encoding='utf-8'))['comparison']
        found = json.loads(out.with_suffix('.params.json').read_text(encoding='utf-8'))
        figures[name] = {
            'steps': comparison['steps'],
            'held_out_gain': held_out_gain(found),
            'held_out_gain_of_steps': found['refinement']['held_out']['refined']['gain'],
        }
    return {**figures[PLAIN], 'tta': figures[TTA]}


def held_out_gain(found: dict[str, Any]) -> dict[str, Any]:
    """Read which way a search chose and what it gained over the best member on pictures not looked at."""
    search = found['search']
    return {'choice': search['choice'], **search['held_out'][search['choice']]['gain']}


def draw_predictions(predictions: Path, out: Path, count: int = 8) -> None:
    """Lay out pictures with what is there beside what was found."""
    import cv2

    from custom_modules.datasets import load_coco
    from custom_modules.evaluation import read_predictions
    from custom_modules.visualization import (
        draw_ground_truth_and_predictions,
        objects_from_annotations,
        objects_from_predictions,
    )

    coco = load_coco(DATA / 'val.json', DATA)
    found, annotations = read_predictions(predictions, coco), coco.annotations_of()
    images = coco.images[:count]
    sheet = draw_ground_truth_and_predictions(
        [cv2.imread(str(DATA / image['file_name'])) for image in images],
        [
            objects_from_annotations(annotations[image['id']], coco.label_of, image['height'], image['width'])
            for image in images
        ],
        [objects_from_predictions(found, image['id'], coco.label_of) for image in images],
        coco.classes,
        score_thr=0.25,
        pairs_per_row=2,
    )
    cv2.imwrite(str(out), sheet)


def draw_label_maps(predictions: Path, out: Path, count: int = 8) -> None:
    """Lay out pictures with their true label maps beside those that were found."""
    import cv2

    from custom_modules.datasets import load_coco
    from custom_modules.datasets.label_maps import LabelMaps
    from custom_modules.ensemble import open_probs
    from custom_modules.visualization import draw_truth_and_labels

    coco = load_coco(DATA / 'val.json', DATA)
    truth, found, images = LabelMaps(coco), open_probs(predictions), coco.images[:count]
    sheet = draw_truth_and_labels(
        [cv2.imread(str(DATA / image['file_name'])) for image in images],
        [truth[image['id']] for image in images],
        [found.labels(image['id']) for image in images],
        truth.classes,
        pairs_per_row=2,
    )
    cv2.imwrite(str(out), sheet)


def write_summary(parts: dict[str, Any], seconds: float) -> dict[str, Any]:
    """Write ``summary.json``: seconds in all and for the installation, and what each part came to."""
    from custom_modules.utils import atomic_write

    record = Path(sys.prefix) / 'install.json'
    installation = json.loads(record.read_text(encoding='utf-8'))['seconds'] if record.is_file() else None
    summary = {
        'seconds': round(seconds + (installation or 0), 1),
        'installation_seconds': installation,
        'demo_seconds': round(seconds, 1),
        **parts,
    }
    with atomic_write(OUT / 'summary.json') as file:
        json.dump(summary, file, indent=2)
    return summary


def show(summary: dict[str, Any]) -> None:
    """Print the table that a person wants to see at the end."""
    print(f'\n{"":<26}{"mAP50":>8}{"with TTA":>10}{"gain":>9}{"segm mAP50":>12}{"with TTA":>10}{"seconds":>9}')
    for name, one in (*summary['models'].items(), ('fusion of both', summary['fusion'])):
        boxes = f'{one["mAP50"]:>8.4f}{one["tta"]["mAP50"]:>10.4f}{one["tta_gain"]:>+9.4f}'
        masks = f'{one["segm_mAP50"]:>12.4f}{one["tta"]["segm_mAP50"]:>10.4f}'
        seconds = f'{one["train_seconds"]:>9.0f}' if 'train_seconds' in one else ''
        print(f'{name:<26}{boxes}{masks}{seconds}')
    fusion, labels = summary['fusion'], summary['pseudo_labels']
    print(_gains(fusion['held_out_gain'], fusion['held_out_gain_with_tta']))
    precision = labels['real_precision']
    right = '' if precision is None else f', {precision:.0%} of them right'
    print(f'{labels["labels"]} pseudo labels on {labels["pictures"]} pictures{right}: {labels["file"]}')
    show_segmenters(summary['segmenters'], summary['vote'])
    pictures, figures = (
        ' and '.join(map(here, (OUT / 'predictions.jpg', OUT / 'segmentation.jpg'))),
        OUT / 'summary.json',
    )
    print(f'{summary["demo_seconds"]:.0f} s; pictures in {pictures}, figures in {here(figures)}')


def show_segmenters(segmenters: dict[str, dict[str, Any]], vote: dict[str, Any]) -> None:
    """Print the table of the segmenters, their vote and its steps."""
    print(f'\n{"":<26}{"mIoU":>8}{"with TTA":>10}{"gain":>9}{"a picture":>12}{"outlines":>10}{"seconds":>9}')
    for name, one in segmenters.items():
        others = f'{one["mIoU_per_image"]:>12.4f}{one["boundary_IoU"]:>10.4f}'
        print(f'{name:<26}{_plain_and_tta(one["mIoU"], one["tta"]["mIoU"])}{others}{one["train_seconds"]:>9.0f}')
    plain, tta = vote, vote['tta']
    print(f'{"vote of both":<26}{_plain_and_tta(plain["steps"]["vote"], tta["steps"]["vote"])}')
    print(_gains(plain['held_out_gain'], tta['held_out_gain']))
    for name in dict.fromkeys((*plain['steps'], *tta['steps'])):
        if name != 'vote':
            scores = ['' if name not in one['steps'] else f'{one["steps"][name]:.4f}' for one in (plain, tta)]
            print(f'{f"the vote with {name}":<26}{scores[0]:>8}{scores[1]:>10}')
    print(_gains(plain['held_out_gain_of_steps'], tta['held_out_gain_of_steps']))


def _plain_and_tta(plain: float, tta: float) -> str:
    return f'{plain:>8.4f}{tta:>10.4f}{tta - plain:>+9.4f}'


def _gains(plain: dict[str, float], tta: dict[str, float]) -> str:
    return f'{"its gain, held out":<26}{plain["value"]:>+8.4f}{tta["value"]:>+10.4f}'


if __name__ == '__main__':
    run(main)
