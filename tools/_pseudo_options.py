"""What pseudo_label.py checks before it reads anything."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from custom_modules.pseudo_label.labelling import Wishes

# Left out on the command line they are these; by that it shows which of them were given.
_DEFAULTS = {'target_precision': 0.7, 'confidence': 0.9, 'ignore_precision': 0.2, 'batch_size': 1, 'min_area': 32}
_OF_DETECTORS = ('ignore_precision', 'no_ignore', 'ignore_thr', 'min_votes', 'max_per_image', 'max_ratio')
_OF_SEGMENTERS = ('min_area', 'label_pictures')


def check_options(args: argparse.Namespace) -> set[str]:
    """Refuse options that cannot be meant or would have no effect, and fill in what was left out.

    Returns:
        Names of the options that were given.
    """
    from custom_modules.utils import UserError, check_output

    if args.predictions and args.config:
        raise UserError('name a config with its checkpoint, or --predictions, not both')
    if args.config and not args.checkpoint and args.config.endswith('.pth'):
        raise UserError(
            f'{args.config}: name the config it was trained with before it, such as configs/demo/htc_swin.py'
        )
    if args.config and not args.checkpoint:
        raise UserError(f'{args.config}: name its checkpoint too, such as work_dirs/<run>/best.pth')
    _check_effects(args)
    given = {name for name, value in vars(args).items() if value not in (None, False)}
    for name, value in _DEFAULTS.items():
        if getattr(args, name) is None:
            setattr(args, name, value)
    _check_numbers(args)
    if args.out:
        check_output(args.out)
    return given


def check_task(name: str, given: set[str], *, is_segmentation: bool) -> None:
    """Refuse options of the other task.

    Args:
        name: What the labels come from.
        given: From :func:`check_options`.
        is_segmentation: Whether that is a segmenter.

    Raises:
        UserError: One is given.
    """
    from custom_modules.utils import UserError

    own, others = ('a segmenter', 'detectors') if is_segmentation else ('a detector', 'segmenters')
    wrong = [option for option in (_OF_DETECTORS if is_segmentation else _OF_SEGMENTERS) if option in given]
    if wrong:
        raise UserError(f'{_option(wrong[0])}: is for {others}, and {name} is of {own}; leave it out')


def wishes_of(args: argparse.Namespace) -> Wishes:
    """Return what labels are asked for."""
    from custom_modules.pseudo_label.labelling import Wishes

    names = ('target_precision', 'confidence', 'score_thr', 'ignore_thr', 'min_votes', 'max_per_image', 'max_ratio')
    ignore_precision = None if args.no_ignore else args.ignore_precision
    return Wishes(ignore_precision=ignore_precision, **{name: getattr(args, name) for name in names})


def _check_effects(args: argparse.Namespace) -> None:
    from custom_modules.utils import UserError

    rules = [
        (args.score_thr is not None, 'the thresholds of --score-thr', ('target_precision', 'ignore_precision')),
        (args.no_ignore, '--no-ignore', ('ignore_precision', 'ignore_thr')),
        (bool(args.predictions), '--predictions', ('tta', 'amp', 'batch_size', 'device', 'trust_checkpoint')),
    ]
    for holds, other, names in rules:
        given = [name for name in names if getattr(args, name) not in (None, False)]
        if holds and given:
            raise UserError(f'{_option(given[0])} has no effect with {other}; leave one of them out')


def _check_numbers(args: argparse.Namespace) -> None:
    from custom_modules.utils import UserError

    for name in ('target_precision', 'confidence', 'ignore_precision', 'score_thr', 'ignore_thr'):
        value = getattr(args, name)
        if value is not None and not 0 < value < 1:
            raise UserError(f'{_option(name)} {value}: give a number above 0 and below 1')
    for name in ('max_per_image', 'min_votes', 'batch_size', 'min_area'):
        if getattr(args, name) is not None and getattr(args, name) < 1:
            raise UserError(f'{_option(name)} {getattr(args, name)}: give a number from 1 on')
    if args.max_ratio is not None and not 0 <= args.max_ratio < float('inf'):
        raise UserError(f'--max-ratio {args.max_ratio}: give a number from 0 on, such as 1.5')
    if args.ignore_thr is not None and (args.score_thr is None or args.ignore_thr >= args.score_thr):
        raise UserError(f'--ignore-thr {args.ignore_thr}: goes with a higher --score-thr')
    if not args.no_ignore and args.score_thr is None and args.ignore_precision >= args.target_precision:
        raise UserError(
            f'--ignore-precision {args.ignore_precision}: must be below --target-precision {args.target_precision}; '
            'ignore regions are what is not sure enough to be a label (--no-ignore for none)'
        )


def _option(name: str) -> str:
    return f'--{name.replace("_", "-")}'
