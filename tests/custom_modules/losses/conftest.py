"""Every box loss, and pairs of boxes that are hard for one."""

from collections.abc import Callable

import pytest
import torch
from mmdet.registry import MODELS

# As the config block has them, but without weight.
BOX_LOSSES = {
    'giou': {'type': 'GIoULoss'},
    'diou': {'type': 'DIoULoss'},
    'ciou': {'type': 'GuardedBoxLoss', 'loss': {'type': 'CIoULoss'}},
    'eiou': {'type': 'EIoULoss'},
    'siou': {'type': 'GuardedBoxLoss', 'loss': {'type': 'SIoULoss', 'neg_gamma': True}},
    'alpha_iou': {'type': 'AlphaIoULoss', 'base': 'iou'},
    'alpha_diou': {'type': 'AlphaIoULoss', 'base': 'diou'},
    'alpha_ciou': {'type': 'AlphaIoULoss', 'base': 'ciou'},
    'mpdiou': {'type': 'MPDIoULoss', 'picture_size': (200, 150)},
    'mpdiou enclosing': {'type': 'MPDIoULoss'},
    'wiou': {'type': 'WIoULoss'},
    'inner_iou': {'type': 'InnerIoULoss', 'base': 'iou'},
    'inner_diou': {'type': 'InnerIoULoss', 'base': 'diou'},
    'inner_ciou larger': {'type': 'InnerIoULoss', 'base': 'ciou', 'ratio': 1.2},
    'nwd': {'type': 'NWDLoss', 'constant': 40.0},
}
POINT, BOX, SQUARE = (30, 30, 30, 30), (10, 20, 60, 90), (10, 10, 20, 20)
HARD_PAIRS = {
    'identical': (BOX, BOX),
    'identical, large': ((0, 0, 1000, 1000), (0, 0, 1000, 1000)),
    'no area': (POINT, BOX),
    'no width': ((30, 30, 30, 60), BOX),
    'no height': ((30, 30, 60, 30), BOX),
    'target without area': (BOX, POINT),
    'both without area': (POINT, (80, 90, 80, 90)),
    'the same point': (POINT, POINT),
    'both without width': ((10, 10, 10, 50), (10, 10, 10, 50)),
    'both without height': ((10, 10, 50, 10), (10, 10, 50, 10)),
    'apart': (SQUARE, (500, 600, 900, 1000)),
    'touching': (SQUARE, (20, 10, 30, 20)),
    'corners in the wrong order': ((20, 20, 10, 10), (10, 10, 30, 20)),
}


def _build_loss(cfg: dict) -> torch.nn.Module:
    """Build a loss as a head of mmdet does."""
    return MODELS.build(dict(cfg))


def _jittered_boxes(count: int = 64, *, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """Draw targets (count, 4) on a picture of 1024 px, and boxes (count, 4) that overlap them by a half or so."""
    generator = torch.Generator().manual_seed(seed)
    draw = lambda *shape: torch.rand(*shape, generator=generator)  # noqa: E731
    sides = 24 + 100 * draw(count, 2)
    corners = draw(count, 2) * (1024 - sides)
    center = corners + sides / 2 + sides * 0.4 * (draw(count, 2) - 0.5)
    half = sides * torch.exp(0.6 * (draw(count, 2) - 0.5)) / 2
    return torch.cat([center - half, center + half], dim=1), torch.cat([corners, corners + sides], dim=1)


@pytest.fixture(params=BOX_LOSSES.values(), ids=BOX_LOSSES)
def box_loss(request) -> torch.nn.Module:
    """Each box loss."""
    return _build_loss(request.param)


@pytest.fixture(scope='session')
def every_box_loss() -> dict[str, torch.nn.Module]:
    """All box losses at once."""
    return {name: _build_loss(cfg).eval() for name, cfg in BOX_LOSSES.items()}


@pytest.fixture
def hard_pairs() -> tuple[list[str], torch.Tensor, torch.Tensor]:
    """Names, predictions (N, 4) and targets (N, 4), each pair hard in its way."""
    pred, target = torch.tensor(list(HARD_PAIRS.values()), dtype=torch.float32).unbind(dim=1)
    return list(HARD_PAIRS), pred.clone(), target.clone()


@pytest.fixture(scope='session')
def build_loss() -> Callable:
    """See :func:`_build_loss`."""
    return _build_loss


@pytest.fixture(scope='session')
def jittered_boxes() -> Callable:
    """See :func:`_jittered_boxes`."""
    return _jittered_boxes
