"""A made-up folder in the layout of MiniCity: six pictures of 64 x 32 px, two per split, those of test unlabelled."""

from pathlib import Path

import numpy as np
from PIL import Image

HEIGHT, WIDTH = 32, 64

# Raw values of the label pictures, in four upright stripes of 16 columns, and the labels they stand for.
STRIPES = {
    'train/aachen_000000_000001': ((7, 8, 26, 0), (0, 1, 13, 255)),  # road, sidewalk, car, unlabelled
    'train/aachen_000000_000002': ((7, 11, 33, 33), (0, 2, 18, 18)),  # road, building, bicycle
    'val/bochum_000000_000003': ((7, 23, 23, 30), (0, 10, 10, 255)),  # road, sky, trailer
    'val/bochum_000000_000004': ((21, 24, 7, 7), (8, 11, 0, 0)),  # vegetation, person, road
}
TEST = ('test/0', 'test/1')


def stripes(values) -> np.ndarray:
    """(32, 64) uint8, a stripe for each value."""
    return np.repeat(np.array(values, np.uint8), WIDTH // len(values))[None].repeat(HEIGHT, axis=0)


def write_minicity(root: Path) -> Path:
    """Write the folder and return it."""
    rng = np.random.default_rng(0)
    for name, (values, _) in STRIPES.items():
        write_picture(root / f'leftImg8bit/{name}_leftImg8bit.png', rng)
        labels = root / f'gtFine/{name}_gtFine_labelIds.png'
        labels.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(stripes(values)).save(labels)
        Image.new('RGB', (WIDTH, HEIGHT)).save(root / f'gtFine/{name}_gtFine_color.png')  # is none of them
    for name in TEST:
        write_picture(root / f'leftImg8bit/{name}.png', rng)
    return root


def write_picture(path: Path, rng: np.random.Generator) -> None:
    """Write noise."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(rng.integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)).save(path)
