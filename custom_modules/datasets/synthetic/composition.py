"""One whole picture: floor, objects laid over each other, shadows, camera, and the outline of what is seen."""

from dataclasses import dataclass

import cv2
import numpy as np

from . import camera
from .canvas import Pose, Sprite
from .clutter import CLUTTER as CLUTTER_KINDS
from .layout import Layout, windows
from .lighting import Light, draw_light, lit, shadow
from .objects import CLASSES, VARIANTS
from .plan import PlannedObject
from .polygons import coco_shape, mask_to_polygons
from .scene import draw_floor

SUPERSAMPLING = 2  # pictures are drawn this much larger and shrunk
HIDDEN_FROM = 0.06  # share from which an object that was to be covered counts as covered
_HIDDEN_TO = 0.4
_TRUNCATED_SHARE = 0.15  # of objects that may reach beyond the picture
_LEAST_AREA = 0.0008  # visible area of the smallest object, as a share of the picture
_TRIES = 14


@dataclass
class Picture:
    """A finished picture with its truth.

    Attributes:
        jpeg: The encoded picture.
        objects: Its annotations without ids: ``category_id``, ``segmentation``, ``bbox``, ``area``, ``iscrowd``,
            ``occlusion`` (hidden share of the part inside the picture), ``truncation`` (share outside of it).
        owners: (n, n) int16 at ``SUPERSAMPLING`` times the size: 0 floor, -1 clutter, k + 1 object k.
    """

    jpeg: bytes
    objects: list[dict]
    owners: np.ndarray


def compose(rng: np.random.Generator, planned: tuple[PlannedObject, ...], side: int) -> Picture:
    """Draw one picture.

    Args:
        rng: Source of all randomness.
        planned: The objects it must hold.
        side: Picture side in pixels.
    """
    light, squeeze = draw_light(rng), float(rng.uniform(0.78, 1.0))
    work = side * SUPERSAMPLING
    layout = _arranged(rng, planned, work, squeeze)
    # Floors have no outlines to get right: drawn at the final size they look alike and cost a quarter.
    floor = draw_floor(rng, side, light, squeeze)
    scene = cv2.resize(floor, (work, work), interpolation=cv2.INTER_LINEAR)
    for item in layout.placed:
        _lay(scene, item.sprite, item.x, item.y, light)
    jpeg = camera.to_jpeg(rng, camera.expose(rng, scene, side))
    return Picture(jpeg, _annotations(layout, planned), layout.owners)


def _arranged(rng: np.random.Generator, planned: tuple[PlannedObject, ...], work: int, squeeze: float) -> Layout:
    """Lay all objects out; where they do not fit, start again with smaller ones."""
    crowd = 1.0 if len(planned) < 5 else 0.88
    while True:
        layout = Layout(work, tiny=round(_LEAST_AREA * work * work))
        _scatter(rng, layout, work, squeeze)
        if all(_add_object(rng, layout, order, planned, crowd * work, squeeze) for order in range(len(planned))):
            _cover_some(rng, layout, planned, squeeze)
            return layout
        crowd *= 0.9


def _pose(rng: np.random.Generator, length: float, squeeze: float) -> Pose:
    return Pose(rng, length, float(rng.uniform(0, 2 * np.pi)), squeeze)


def _draw_object(rng: np.random.Generator, label: int, unit: float, squeeze: float) -> Sprite:
    variants = VARIANTS[CLASSES[label]]
    weights = np.array([variant.weight for variant in variants])
    variant = variants[rng.choice(len(variants), p=weights / weights.sum())]
    low, high = variant.sizes
    length = low * (high / low) ** (rng.random() ** 0.5)  # more large ones than log-uniform
    return variant.draw(_pose(rng, length * unit, squeeze))


def _scatter(rng: np.random.Generator, layout: Layout, work: int, squeeze: float) -> None:
    """Strew leaves, stones and twigs over the floor, below all objects."""
    for _ in range(rng.choice([0, 0, 1, 2, 3, 5])):
        kind = CLUTTER_KINDS[rng.integers(len(CLUTTER_KINDS))]
        sprite = kind(_pose(rng, rng.uniform(0.03, 0.12) * work, squeeze))
        layout.add(sprite, rng.random(2) * work, labelled=False, inside=0.0)


def _add_object(
    rng: np.random.Generator,
    layout: Layout,
    order: int,
    planned: tuple[PlannedObject, ...],
    unit: float,
    squeeze: float,
) -> bool:
    sprite = _draw_object(rng, planned[order].label, unit, squeeze)
    waiting = [k for k in range(order) if planned[k].hidden and layout.hidden_share(k) < HIDDEN_FROM]
    if waiting and rng.random() < 0.6:
        for _ in range(_TRIES):
            if layout.add(sprite, _beside(rng, layout, waiting[0], sprite), labelled=True, inside=0.9):
                return True
    inside = 0.5 if rng.random() < _TRUNCATED_SHARE else 0.985
    return any(
        layout.add(sprite, rng.uniform(0.04, 0.96, 2) * layout.side, labelled=True, inside=inside, overlap=attempt > 25)
        for attempt in range(40)
    )


def _beside(rng: np.random.Generator, layout: Layout, index: int, sprite: Sprite) -> np.ndarray:
    """Draw a centre from which a sprite covers part of an object already there."""
    target = layout.objects[index]
    size = np.array(target.sprite.cover.shape[::-1])
    reach = rng.uniform(0.55, 0.85) * (np.sqrt(target.full) + np.sqrt((sprite.cover > 0.5).sum())) / 2
    heading = rng.uniform(0, 2 * np.pi)
    return np.array([target.x, target.y]) + size / 2 + reach * np.array([np.cos(heading), np.sin(heading)])


def _cover_some(rng: np.random.Generator, layout: Layout, planned: tuple[PlannedObject, ...], squeeze: float) -> None:
    """Lay leaves, twigs and stones over the objects that shall be hidden in part and are not yet."""
    for index, item in enumerate(planned):
        if not item.hidden:
            continue
        for _ in range(_TRIES):
            if layout.hidden_share(index) >= HIDDEN_FROM:
                break
            _cover_one(rng, layout, index, squeeze)


def _cover_one(rng: np.random.Generator, layout: Layout, index: int, squeeze: float) -> None:
    rows, cols = np.nonzero(layout.owners == index + 1)
    spot = rng.integers(len(rows))
    kind = CLUTTER_KINDS[rng.integers(len(CLUTTER_KINDS))]
    length = rng.uniform(0.4, 1.0) * np.sqrt(layout.objects[index].full)
    sprite = kind(_pose(rng, max(length, 0.03 * layout.side), squeeze))
    if (sprite.cover > 0.5).sum() < _HIDDEN_TO * layout.objects[index].inside:
        layout.add(sprite, np.array([cols[spot], rows[spot]]), labelled=False, inside=0.0)


def _lay(scene: np.ndarray, sprite: Sprite, x: int, y: int, light: Light) -> None:
    """Blend one sprite and its shadow into the scene, in place."""
    side = scene.shape[0]
    dark, (left, top) = shadow(sprite, light)
    there, here = windows(dark.shape, x + left, y + top, side)
    scene[there] *= 1 - dark[here][..., None]
    color, shine = lit(sprite, light)
    there, here = windows(sprite.cover.shape, x, y, side)
    opacity = sprite.opacity[here][..., None]
    scene[there] = scene[there] * (1 - opacity) + color[here] * opacity + shine[here][..., None]


def _annotations(layout: Layout, planned: tuple[PlannedObject, ...]) -> list[dict]:
    scale = 1 / SUPERSAMPLING
    found = []
    for index, (item, plan) in enumerate(zip(layout.objects, planned, strict=True)):
        polygons = mask_to_polygons(layout.owners == index + 1, scale=scale, least=2.0)
        assert polygons, 'an object without a visible part was placed'
        found.append(
            {
                'category_id': plan.label,
                **coco_shape(polygons),
                'iscrowd': 0,
                'occlusion': round(layout.hidden_share(index), 4),
                'truncation': round(1 - item.inside / item.full, 4),
            }
        )
    return found
