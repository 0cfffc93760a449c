"""Pictures: detections on photographs, contact sheets, learning curves, precision-recall curves, confusion."""

from .confusion import plot_confusion
from .detections import draw_detections
from .ignore_regions import draw_ignore_regions, hatch
from .label_maps import draw_labels, draw_labels_enlarged, draw_truth_and_labels
from .learning_curves import plot_learning_curves
from .objects import Objects, objects_from_annotations, objects_from_predictions
from .pr_curves import plot_pr_curves
from .results import plot_result
from .scalars import Scalar, ScalarsCsv, read_scalars
from .sheets import class_legend, contact_sheet, draw_enlarged, draw_ground_truth_and_predictions, fit_picture

__all__ = [
    'Objects',
    'Scalar',
    'ScalarsCsv',
    'class_legend',
    'contact_sheet',
    'draw_detections',
    'draw_enlarged',
    'draw_ground_truth_and_predictions',
    'draw_ignore_regions',
    'draw_labels',
    'draw_labels_enlarged',
    'draw_truth_and_labels',
    'fit_picture',
    'hatch',
    'objects_from_annotations',
    'objects_from_predictions',
    'plot_confusion',
    'plot_learning_curves',
    'plot_pr_curves',
    'plot_result',
    'read_scalars',
]
