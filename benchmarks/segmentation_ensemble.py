"""Measure what voting, CRF, rescue and pseudo labels bring segmenters of different families."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from benchmarks.fusion_grid import FusionGrid, fusion_parser
from benchmarks.segmentation_ensemble_plan import PLAN
from tools._launch import run


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    return fusion_parser(__doc__, name='segmentation_ensemble').parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    """Run what is still empty; return the exit code."""
    return VoteGrid(parse_args(argv)).main()


class VoteGrid(FusionGrid):
    plan, training_scores, suffix = PLAN, ('mIoU', 'mIoU_per_image'), '.probs'

    def score(self, cell, ann):
        raise NotImplementedError

    fuse = score

    def table(self) -> str:
        return ''

    def summary(self, record):
        return f'mIoU {record["mIoU"]:.4f}' if 'mIoU' in record else ''


if __name__ == '__main__':
    run(main)
