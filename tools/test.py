"""Score a trained detector or segmenter on a file of its data set, and keep its predictions.

python tools/test.py configs/demo/htc_swin.py work_dirs/htc_swin/best.pth --data-root data/synthetic

Ends with the score: mAP50 of a detector, mIoU of a segmenter, taken from the predictions as they are stored.  Pictures
that cannot be read are listed and count as empty; the exit code is 1 then, with everything written.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from tools._launch import Parser, check_paths, run
from tools._predicting import BATCH_HELP, add_bits


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', help='config file the checkpoint was trained with')
    parser.add_argument('checkpoint', help='weights, e.g. work_dirs/htc_swin_l/best.pth')
    parser.add_argument('--data-root', help="folder of the data set (default: the config's data_root)")
    parser.add_argument('--split', choices=['val', 'test'], default='val', help="val.json (or the fold's) or test.json")
    parser.add_argument('--ann', help='another json, looked up in the data root, then here')
    parser.add_argument(
        '--out',
        help='FILE.json for detections as COCO json, FOLDER.probs for the probabilities of a segmenter (default: '
        'predictions/<split>.json or .probs of the run, with --tta <split>_tta)',
    )
    add_bits(parser)
    parser.add_argument('--tta', action='store_true', help="test-time augmentation, as the config's `tta` says")
    parser.add_argument('--amp', action='store_true', help='mixed precision: faster, scores differ a little')
    parser.add_argument('--batch-size', type=int, default=1, help=BATCH_HELP)
    parser.add_argument('--trust-checkpoint', action='store_true', help='read checkpoints that execute code')
    parser.add_argument('--cfg-options', nargs='+', default=[], metavar='KEY=VALUE', help='change the config')
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    """Test; return 0, or 1 when pictures could not be read.  The last line printed is the score."""
    args = parse_args(argv)
    check_paths(args.config, data_root=args.data_root)
    from custom_modules.engine import load_config, on_main_rank, stop_distributed, trust_checkpoints
    from custom_modules.engine.config import parse_overrides
    from custom_modules.engine.distributed import own_rank
    from custom_modules.engine.folds import validation_json
    from custom_modules.engine.inference import PredictionProgress, test
    from tools._predicting import exit_code, storage_options, told_when_stopped

    progress = PredictionProgress(sys.stderr)
    with trust_checkpoints(args.trust_checkpoint), told_when_stopped(progress):
        cfg = load_config(args.config, parse_overrides(args.cfg_options))
        ann = args.ann or (validation_json(args.checkpoint) if args.split == 'val' else 'test.json')
        options = {'batch_size': args.batch_size, 'tta': args.tta, 'amp': args.amp, 'progress': progress}
        options |= storage_options(cfg, args.bits)
        outcome = test(cfg, args.checkpoint, data_root=args.data_root, ann=ann, out=args.out, **options)
    on_main_rank(report, outcome)
    code = exit_code(len(outcome['unreadable']), own_rank())
    stop_distributed()
    return code


def report(outcome: dict) -> None:
    """Print the table, write all figures beside the predictions, end with the score."""
    from custom_modules.evaluation import format_table, result_to_dict
    from custom_modules.utils import atomic_write
    from tools._predicting import list_unreadable

    out = Path(outcome['out'])
    list_unreadable(outcome['unreadable'])
    print(f'predictions: {out}')
    if not outcome['results']:
        print('no answers in this file, nothing scored')
        return
    figures = {'scores': outcome['scores'], 'details': [result_to_dict(result) for result in outcome['results']]}
    with atomic_write(out.with_suffix('.metrics.json')) as file:
        json.dump(figures, file, indent=2)
    main_result = outcome['results'][0]
    print(format_table(main_result))
    print(f'{main_result.MAIN} {outcome["scores"][main_result.MAIN]:.6f}')


if __name__ == '__main__':
    run(main)
