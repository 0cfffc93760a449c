"""Shapes with a known outline, as polygons, run-length masks and upstream's classes."""

from dataclasses import dataclass

import numpy as np
import pytest
from faster_coco_eval.core import mask as coco_mask
from mmdet.structures.mask import BitmapMasks, PolygonMasks

from custom_modules.structures.instance_masks import InstanceMasks

HEIGHT, WIDTH = 96, 128


def wavy(center: tuple[float, float], radius: float, phase: float, corners: int = 48) -> np.ndarray:
    """Outline of a star-like blob, (2 * corners,) float64."""
    angle = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    distance = radius * (1 + 0.3 * np.sin(3 * angle + phase))
    return np.stack([center[0] + distance * np.cos(angle), center[1] + distance * np.sin(angle)], axis=1).ravel()


@dataclass
class SameShapes:
    """The same four instances in every representation."""

    polygons: list
    rles: list
    upstream: PolygonMasks
    bitmaps: BitmapMasks
    ours: InstanceMasks
    from_rle: InstanceMasks


@pytest.fixture
def shapes() -> SameShapes:
    """Four blobs, the third in two parts, the fourth half outside the picture."""
    polygons = [
        [wavy((40, 40), 22, 0.3)],
        [wavy((90, 50), 30, 1.2)],
        [wavy((20, 75), 12, 2.0), wavy((100, 20), 10, 0.1)],
        [np.clip(wavy((125, 90), 25, 0.7), 0, [WIDTH, HEIGHT] * 48)],
    ]
    upstream = PolygonMasks(polygons, HEIGHT, WIDTH)
    bitmaps = BitmapMasks(upstream.to_ndarray().astype(np.uint8), HEIGHT, WIDTH)
    rles = [coco_mask.encode(np.asfortranarray(mask)) for mask in bitmaps.masks]
    return SameShapes(
        polygons=polygons,
        rles=rles,
        upstream=upstream,
        bitmaps=bitmaps,
        ours=InstanceMasks(polygons, HEIGHT, WIDTH),
        from_rle=InstanceMasks(rles, HEIGHT, WIDTH),
    )
