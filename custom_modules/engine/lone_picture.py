"""Segmenters' batches that would hold a single picture."""

import logging

import torch
from mmseg.models.segmentors import BaseSegmentor
from torch.nn.modules.batchnorm import _BatchNorm
from torch.utils.data import DataLoader


def leave_out_lone_picture(loader: DataLoader, model: torch.nn.Module, logger: logging.Logger) -> None:
    """Leave out the last picture of a segmenter's pass where it would be alone in its batch.

    A batch norm over a pooled picture is given one value for each channel, which it refuses.  Every pass leaves out
    another picture.

    Args:
        loader: The training loader; its batches are changed.
        model: The model.
        logger: Told of it.
    """
    batches, size = loader.batch_sampler, loader.batch_size
    is_alone = size > 1 and len(loader.sampler) > size and len(loader.sampler) % size == 1
    if is_alone and isinstance(model, BaseSegmentor) and any(isinstance(part, _BatchNorm) for part in model.modules()):
        batches.drop_last = True
        logger.info(
            f'{len(loader.sampler)} pictures in batches of {size}: the last one, alone, is left out of each pass'
        )
