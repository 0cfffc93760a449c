"""Every way to draw an object or a piece of clutter gives a sound sprite at any size."""

import numpy as np
import pytest

from custom_modules.datasets.synthetic.canvas import Pose
from custom_modules.datasets.synthetic.clutter import CLUTTER
from custom_modules.datasets.synthetic.objects import CLASSES, VARIANTS

DRAWERS = [
    *(
        pytest.param(variant.draw, id=f'{name}-{variant.draw.__name__}')
        for name in CLASSES
        for variant in VARIANTS[name]
    ),
    *(pytest.param(draw, id=f'clutter-{draw.__name__}') for draw in dict.fromkeys(CLUTTER)),
]


@pytest.mark.parametrize('draw', DRAWERS)
def test_sprite_is_sound(draw):
    for seed, length in enumerate((16.0, 60.0, 150.0)):
        sprite = draw(Pose(np.random.default_rng(seed), length, 0.7 * seed, 0.85))
        layers = (sprite.color, sprite.cover, sprite.opacity, sprite.gloss, sprite.slope)
        assert all(np.isfinite(layer).all() and layer.dtype == np.float32 for layer in layers)
        assert sprite.color.min() >= 0
        assert sprite.color.max() <= 1
        assert sprite.opacity[sprite.cover > 0.9].mean() > 0.3
        rows, cols = np.nonzero(sprite.cover > 0.5)
        reach = np.hypot(np.ptp(rows), np.ptp(cols))
        assert 0.6 * length < reach < 1.7 * length
        inner = sprite.cover[1:-1, 1:-1]
        assert sprite.cover.sum() == pytest.approx(inner.sum()), 'the patch cuts the object off'


def test_variants_of_a_class_differ_from_draw_to_draw():
    for name in CLASSES:
        draw = VARIANTS[name][0].draw
        first, second = (draw(Pose(np.random.default_rng(seed), 60.0, 0.3, 1.0)) for seed in (1, 2))
        assert first.color.shape != second.color.shape or np.abs(first.color - second.color).mean() > 0.02


@pytest.mark.fast
def test_ten_classes_in_the_order_of_the_real_data():
    assert CLASSES == (
        'General trash', 'Paper', 'Paper pack', 'Metal', 'Glass', 'Plastic', 'Styrofoam', 'Plastic bag', 'Battery',
        'Clothing')  # fmt: skip
