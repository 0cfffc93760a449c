"""The ten classes of trash, each as a list of ways to draw it."""

from collections.abc import Callable
from dataclasses import dataclass

from ..canvas import Pose, Sprite
from . import battery, clothing, general_trash, glass, metal, paper, paper_pack, plastic, plastic_bag, styrofoam


@dataclass(frozen=True)
class Variant:
    """One way to draw a class.

    Attributes:
        draw: Draws it in a given pose.
        weight: Share of its class; one or two typical looks make up most of each, as in real trash.
        sizes: Least and greatest length, as a share of the picture side.
    """

    draw: Callable[[Pose], Sprite]
    weight: float
    sizes: tuple[float, float] = (0.24, 0.6)


_SMALL, _MIDDLE, _LARGE = (0.1, 0.3), (0.22, 0.54), (0.28, 0.6)

VARIANTS: dict[str, tuple[Variant, ...]] = {
    'General trash': (
        Variant(general_trash.mixed_lump, 0.1),
        Variant(general_trash.snack_wrapper, 0.74, _MIDDLE),
        Variant(general_trash.cigarette_pack, 0.05, (0.12, 0.4)),
        Variant(general_trash.face_mask, 0.05, _MIDDLE),
        Variant(general_trash.crockery, 0.02),
        Variant(general_trash.tissue, 0.02, _MIDDLE),
        Variant(general_trash.cigarette_end, 0.02, _SMALL),
    ),
    'Paper': (
        Variant(paper.sheet, 0.4),
        Variant(paper.crumpled, 0.03, _MIDDLE),
        Variant(paper.newspaper, 0.45, _LARGE),
        Variant(paper.till_slip, 0.04, _MIDDLE),
        Variant(paper.cup, 0.03, _MIDDLE),
        Variant(paper.cardboard, 0.03, _LARGE),
        Variant(paper.egg_tray, 0.02, _LARGE),
    ),
    'Paper pack': (
        Variant(paper_pack.gable_carton, 0.88),
        Variant(paper_pack.drink_box, 0.06, _MIDDLE),
        Variant(paper_pack.brick_carton, 0.04),
        Variant(paper_pack.flattened_carton, 0.02),
    ),
    'Metal': (
        Variant(metal.can, 0.86, _MIDDLE),
        Variant(metal.crushed_can, 0.06, _MIDDLE),
        Variant(metal.tin, 0.03, _MIDDLE),
        Variant(metal.foil, 0.02, _MIDDLE),
        Variant(metal.lid, 0.02, _MIDDLE),
        Variant(metal.crown_cap, 0.01, _SMALL),
    ),
    'Glass': (
        Variant(glass.bottle, 0.86),
        Variant(glass.jar, 0.04, _MIDDLE),
        Variant(glass.tumbler, 0.02, _MIDDLE),
        Variant(glass.broken_bottle, 0.06, _MIDDLE),
        Variant(glass.shards, 0.02, _MIDDLE),
    ),
    'Plastic': (
        Variant(plastic.drink_bottle, 0.84),
        Variant(plastic.lidded_cup, 0.07),
        Variant(plastic.container, 0.04),
        Variant(plastic.detergent_bottle, 0.03),
        Variant(plastic.cutlery, 0.01, _MIDDLE),
        Variant(plastic.straw, 0.01, _MIDDLE),
    ),
    'Styrofoam': (
        Variant(styrofoam.tray, 0.12),
        Variant(styrofoam.cool_box, 0.72, _LARGE),
        Variant(styrofoam.block, 0.08),
        Variant(styrofoam.corner, 0.04),
        Variant(styrofoam.chunk, 0.04),
    ),
    'Plastic bag': (
        Variant(plastic_bag.carrier, 0.64, _LARGE),
        Variant(plastic_bag.knotted, 0.28, _LARGE),
        Variant(plastic_bag.crumpled_film, 0.06),
        Variant(plastic_bag.clear_bag, 0.02),
    ),
    'Battery': (
        Variant(battery.round_cell, 0.92, (0.2, 0.5)),
        Variant(battery.nine_volt, 0.05, (0.12, 0.4)),
        Variant(battery.button_cell, 0.03, _SMALL),
    ),
    'Clothing': (
        Variant(clothing.shirt, 0.78, _LARGE),
        Variant(clothing.trousers, 0.16, _LARGE),
        Variant(clothing.sock, 0.03),
        Variant(clothing.glove, 0.03),
    ),
}

CLASSES = tuple(VARIANTS)

__all__ = ['CLASSES', 'VARIANTS', 'Variant']
