"""What entries are ranked by: detectors and segmenters each by their own scores."""

from typing import NamedTuple

DETECTION, SEGMENTATION = 'detection', 'segmentation'


class Figures(NamedTuple):
    """Names that scores have in files and tables.

    Attributes:
        main: Decides about the place.
        second: Stands beside it.
        of_class: The one score of a class.
    """

    main: str
    second: str
    of_class: str


FIGURES = {
    DETECTION: Figures('mAP50', 'mAP', 'AP50'),
    SEGMENTATION: Figures('mIoU', 'mIoU_per_image', 'IoU'),
}
