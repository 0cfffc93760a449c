"""Trained models applied to data sets and to loose pictures."""

from .classes import fit_to_checkpoint
from .detector import Detector
from .formats import check_predictions, output_suffix
from .pictures import Picture, find_pictures, matching_cat_ids, pictures_of_split, write_picture_list
from .predictor import choose_device
from .progress import PredictionProgress
from .scoring import default_output, painting_order, test
from .segmenter import Segmenter
from .writing import PictureResult, predict_to_file

__all__ = [
    'Detector',
    'Picture',
    'PictureResult',
    'PredictionProgress',
    'Segmenter',
    'check_predictions',
    'choose_device',
    'default_output',
    'find_pictures',
    'fit_to_checkpoint',
    'matching_cat_ids',
    'output_suffix',
    'painting_order',
    'pictures_of_split',
    'predict_to_file',
    'test',
    'write_picture_list',
]
