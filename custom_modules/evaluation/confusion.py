"""Counting which class was predicted for the pixels of which class."""

import numpy as np

from custom_modules.datasets.label_maps import IGNORED
from custom_modules.utils.jit import kernel

_WORD = 8  # pixels that are looked at together
_ONES = np.uint64(0x0101010101010101)
_BYTE = np.uint64(0xFF)


def count_confusion(labels: np.ndarray, truth: np.ndarray, num_classes: int) -> np.ndarray:
    """Count pixels by true and predicted class; those whose truth is 255 are left out.

    The counts are those that mmseg's ``IoUMetric.intersect_and_union`` takes from three histograms: its intersections
    are the diagonal, its areas the sums of rows and columns.  Eight equal pixels are counted at once, which on label
    maps most are.

    Args:
        labels: (H, W), predicted classes, 0 to K - 1; any integer type, uint8 is not copied.
        truth: (H, W), true classes and 255.
        num_classes: K, at most 255.

    Returns:
        (K, K) int64: rows are true classes, columns predicted ones.

    Raises:
        ValueError: The shapes differ, or a value is no class; the message names it.
    """
    labels, truth = as_label_map(labels, 'prediction'), as_label_map(truth, 'truth')
    if labels.shape != truth.shape:
        raise ValueError(f'the prediction is {_size(labels)} pixels, the truth {_size(truth)}')
    confusion = np.zeros((num_classes, num_classes), dtype=np.int64)
    if not _count(_flat(truth), _flat(labels), num_classes, confusion):
        raise ValueError(_wrong_value(labels, truth, num_classes))
    return confusion


def as_label_map(values: np.ndarray, name: str) -> np.ndarray:
    """Turn classes into bytes.

    Args:
        values: (H, W), integers of any type.
        name: What an error calls it.

    Returns:
        (H, W) uint8; the array itself where it is that already.

    Raises:
        ValueError: It has another shape, or holds what no byte can.
    """
    values = np.asarray(values)
    if values.ndim != 2 or values.dtype.kind not in 'iub':
        raise ValueError(f'the {name} must be (height, width) integers, not {values.shape} {values.dtype}')
    if values.dtype != np.uint8 and values.size:
        lowest, highest = int(values.min()), int(values.max())
        if lowest < 0 or highest > IGNORED:
            raise ValueError(f'the {name} holds {lowest if lowest < 0 else highest}, labels are from 0 to {IGNORED}')
    return values.astype(np.uint8, copy=False)


def _size(label_map: np.ndarray) -> str:
    return f'{label_map.shape[1]} x {label_map.shape[0]}'


def _flat(label_map: np.ndarray) -> np.ndarray:
    """Return the pixels in one row that begins where a word may."""
    flat = np.ascontiguousarray(label_map).reshape(-1)
    return flat.copy() if flat.ctypes.data % _WORD else flat


def _wrong_value(labels: np.ndarray, truth: np.ndarray, num_classes: int) -> str:
    wrong = {'prediction': labels[labels >= num_classes], 'truth': truth[(truth >= num_classes) & (truth != IGNORED)]}
    name = 'prediction' if len(wrong['prediction']) else 'truth'
    also = '' if name == 'prediction' else f' and {IGNORED} for pixels that do not count'
    return f'the {name} holds {wrong[name][0]}, the {num_classes} classes are 0 to {num_classes - 1}{also}'


@kernel
def _count(truth, labels, num_classes, confusion):
    """Add up the pixels; False when one has no class."""
    num_words = len(truth) // _WORD
    truth_words = truth[: num_words * _WORD].view(np.uint64)
    label_words = labels[: num_words * _WORD].view(np.uint64)
    for word in range(num_words):
        true, predicted = truth_words[word] & _BYTE, label_words[word] & _BYTE
        first = word * _WORD
        if truth_words[word] == true * _ONES and label_words[word] == predicted * _ONES:
            if not _add(truth[first], labels[first], _WORD, num_classes, confusion):
                return False
        else:
            for pixel in range(first, first + _WORD):
                if not _add(truth[pixel], labels[pixel], 1, num_classes, confusion):
                    return False
    for pixel in range(num_words * _WORD, len(truth)):
        if not _add(truth[pixel], labels[pixel], 1, num_classes, confusion):
            return False
    return True


@kernel
def _add(true, predicted, count, num_classes, confusion):
    if predicted >= num_classes:
        return False
    if true < num_classes:
        confusion[true, predicted] += count
        return True
    return true == IGNORED
