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
        weight: How often it comes, relative to the other variants of its class.
        sizes: Least and greatest length, as a share of the picture side.
    """

    draw: Callable[[Pose], Sprite]
    weight: float = 1.0
    sizes: tuple[float, float] = (0.16, 0.6)


_SMALL, _MIDDLE, _LARGE = (0.08, 0.3), (0.16, 0.5), (0.22, 0.6)

VARIANTS: dict[str, tuple[Variant, ...]] = {
    'General trash': (
        Variant(general_trash.mixed_lump, 1.0),
        Variant(general_trash.snack_wrapper, 1.6, _MIDDLE),
        Variant(general_trash.cigarette_pack, 1.0, (0.12, 0.4)),
        Variant(general_trash.face_mask, 0.9, _MIDDLE),
        Variant(general_trash.crockery, 0.4),
        Variant(general_trash.tissue, 0.2, _MIDDLE),
        Variant(general_trash.cigarette_end, 0.25, _SMALL),
    ),
    'Paper': (
        Variant(paper.sheet, 1.6),
        Variant(paper.crumpled, 0.7, _MIDDLE),
        Variant(paper.newspaper, 1.2, _LARGE),
        Variant(paper.till_slip, 0.6, _MIDDLE),
        Variant(paper.cup, 0.8, _MIDDLE),
        Variant(paper.cardboard, 0.8, _LARGE),
        Variant(paper.egg_tray, 0.15, _LARGE),
    ),
    'Paper pack': (
        Variant(paper_pack.gable_carton, 2.2),
        Variant(paper_pack.drink_box, 1.0, _MIDDLE),
        Variant(paper_pack.brick_carton, 0.6),
        Variant(paper_pack.flattened_carton, 0.4),
    ),
    'Metal': (
        Variant(metal.can, 2.2, _MIDDLE),
        Variant(metal.crushed_can, 1.1, _MIDDLE),
        Variant(metal.tin, 0.7, _MIDDLE),
        Variant(metal.foil, 0.35, _MIDDLE),
        Variant(metal.lid, 0.3, _MIDDLE),
        Variant(metal.crown_cap, 0.3, _SMALL),
    ),
    'Glass': (
        Variant(glass.bottle, 2.2),
        Variant(glass.jar, 0.8, _MIDDLE),
        Variant(glass.tumbler, 0.3, _MIDDLE),
        Variant(glass.broken_bottle, 0.7, _MIDDLE),
        Variant(glass.shards, 0.4, _MIDDLE),
    ),
    'Plastic': (
        Variant(plastic.drink_bottle, 2.2),
        Variant(plastic.lidded_cup, 1.2),
        Variant(plastic.container, 0.8),
        Variant(plastic.detergent_bottle, 0.6),
        Variant(plastic.cutlery, 0.25, _MIDDLE),
        Variant(plastic.straw, 0.15, _MIDDLE),
    ),
    'Styrofoam': (
        Variant(styrofoam.tray, 1.0),
        Variant(styrofoam.cool_box, 1.4, _LARGE),
        Variant(styrofoam.block, 1.0),
        Variant(styrofoam.corner, 0.8),
        Variant(styrofoam.chunk, 0.6),
    ),
    'Plastic bag': (
        Variant(plastic_bag.carrier, 1.6, _LARGE),
        Variant(plastic_bag.knotted, 1.4, _LARGE),
        Variant(plastic_bag.crumpled_film, 0.8),
        Variant(plastic_bag.clear_bag, 0.2),
    ),
    'Battery': (
        Variant(battery.round_cell, 2.4, (0.12, 0.45)),
        Variant(battery.nine_volt, 0.5, (0.12, 0.4)),
        Variant(battery.button_cell, 0.4, _SMALL),
    ),
    'Clothing': (
        Variant(clothing.shirt, 1.8, _LARGE),
        Variant(clothing.trousers, 1.2, _LARGE),
        Variant(clothing.sock, 0.7),
        Variant(clothing.glove, 0.7),
    ),
}

CLASSES = tuple(VARIANTS)

__all__ = ['CLASSES', 'VARIANTS', 'Variant']
