"""Drawings of predictions, a file for each picture as it comes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from custom_modules.engine.inference import PictureResult


class DetectionDrawing:
    """Draws detections as they come; what an interrupted call has drawn stays as it is.

    Args:
        folder: Gets the pictures.
        score_thr: Detections below are not drawn, 0 to 1.

    Attributes:
        best: The best score so far.
    """

    def __init__(self, folder: str, score_thr: float) -> None:
        self.folder, self.score_thr, self.best = Path(folder), score_thr, 0.0

    def __call__(self, result: PictureResult) -> None:
        """Draw the ``PictureResult`` of one picture."""
        import cv2

        from custom_modules.visualization import draw_enlarged, objects_from_predictions

        picture, predictions = result.picture, result.predictions
        self.best = max([self.best, *predictions.scores.tolist()])
        path = _file_of(self.folder, picture, '.jpg')
        if path.exists() and not result.is_new:
            return
        kept = predictions.select(predictions.scores >= self.score_thr)
        label_of = {cat_id: label for label, cat_id in enumerate(result.cat_ids)}
        objects = objects_from_predictions(kept, picture.image_id, label_of)
        _write_jpeg(path, draw_enlarged(cv2.imread(str(picture.path)), objects, result.classes))


class LabelDrawing:
    """Writes the most probable classes as they come, over the picture and as a picture of their own.

    ``<id>_<name>.jpg`` shows them over the picture, a small one enlarged, with a legend; ``<id>_<name>_labels.png`` has
    one byte a pixel, the label, and a palette, so that programs read labels and people see colours.  What an
    interrupted call has drawn stays as it is.

    Args:
        folder: Gets the pictures.
    """

    def __init__(self, folder: str) -> None:
        self.folder = Path(folder)

    def __call__(self, result: PictureResult) -> None:
        """Draw the ``PictureResult`` of one picture."""
        import cv2

        from custom_modules.datasets.palette import segmentation_palette
        from custom_modules.ensemble.probs import argmax_labels
        from custom_modules.visualization import draw_labels_enlarged

        over = _file_of(self.folder, result.picture, '.jpg')
        alone = _file_of(self.folder, result.picture, '_labels.png')
        if over.exists() and alone.exists() and not result.is_new:
            return
        labels = argmax_labels(result.predictions)
        palette = result.palette or segmentation_palette(result.classes)
        _write_jpeg(over, draw_labels_enlarged(cv2.imread(str(result.picture.path)), labels, result.classes, palette))
        _write_labels(alone, labels, palette)


def _file_of(folder: Path, picture, ending: str) -> Path:
    return folder / f'{picture.image_id:06d}_{picture.path.stem[:100]}{ending}'


def _write_jpeg(path: Path, drawn) -> None:
    import cv2

    from custom_modules.utils import atomic_write

    with atomic_write(path, 'wb') as file:
        file.write(cv2.imencode('.jpg', drawn)[1])


def _write_labels(path: Path, labels, palette) -> None:
    from PIL import Image

    from custom_modules.utils import atomic_write

    image = Image.fromarray(labels)
    image.putpalette([channel for color in palette for channel in color])
    with atomic_write(path, 'wb') as file:
        image.save(file, 'PNG', bits=8)  # fewer for few classes otherwise, which not every program reads
