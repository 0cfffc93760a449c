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
        write_jpeg(path, draw_enlarged(cv2.imread(str(picture.path)), objects, result.classes))


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

        from custom_modules.datasets.label_pictures import write_labels
        from custom_modules.datasets.palette import segmentation_palette
        from custom_modules.ensemble.probs import argmax_labels
        from custom_modules.visualization import draw_labels_enlarged

        over = _file_of(self.folder, result.picture, '.jpg')
        alone = _file_of(self.folder, result.picture, '_labels.png')
        if over.exists() and alone.exists() and not result.is_new:
            return
        labels = argmax_labels(result.predictions)
        palette = result.palette or segmentation_palette(result.classes)
        write_jpeg(over, draw_labels_enlarged(cv2.imread(str(result.picture.path)), labels, result.classes, palette))
        write_labels(alone, labels, palette)


def _file_of(folder: Path, picture, ending: str) -> Path:
    from custom_modules.datasets.label_pictures import drawn_name

    return folder / drawn_name(picture.image_id, picture.path, ending)


def write_jpeg(path: Path, drawn) -> None:
    """Write a BGR picture."""
    import cv2

    from custom_modules.utils import atomic_write

    with atomic_write(path, 'wb') as file:
        file.write(cv2.imencode('.jpg', drawn)[1])


def draw_submission(path: Path, coco, folder: Path) -> None:
    """Read the label maps of a csv back and draw them over the photographs.

    Args:
        path: A csv of segmentation with a row for every picture.
        coco: The ``CocoData`` it is about.
        folder: Gets ``<id>_<name>.jpg``.

    Raises:
        UserError: A photograph cannot be read.
    """
    import cv2

    from custom_modules.datasets.label_maps import coco_classes, coco_palette
    from custom_modules.datasets.label_pictures import drawn_name
    from custom_modules.submission import read_segmentation_csv
    from custom_modules.submission.detection_table import normal_name
    from custom_modules.utils import UserError
    from custom_modules.visualization import draw_labels_enlarged

    classes, palette = coco_classes(coco), coco_palette(coco)
    table = read_segmentation_csv(path, classes)
    for image in coco.images:
        name = image['file_name']
        photograph = cv2.imread(str(coco.image_root / name))
        if photograph is None:
            raise UserError(f'{coco.image_root / name}: cannot be read as a picture; leave out --draw')
        drawn = draw_labels_enlarged(photograph, table[normal_name(name)], classes, palette)
        write_jpeg(folder / drawn_name(image['id'], name, '.jpg'), drawn)
