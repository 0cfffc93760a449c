"""Operators that mmcv has for GPUs only, written down literally: float64, one element at a time."""

import math

import numpy as np


def bilinear(plane: np.ndarray, y: float, x: float) -> float:
    """Value of a (H, W) plane between its cells; zero beyond them."""
    total = 0.0
    for i in (math.floor(y), math.floor(y) + 1):
        for j in (math.floor(x), math.floor(x) + 1):
            if 0 <= i < plane.shape[0] and 0 <= j < plane.shape[1]:
                total += (1 - abs(y - i)) * (1 - abs(x - j)) * plane[i, j]
    return total


def roi_pool(maps: np.ndarray, rois: np.ndarray, bins: tuple[int, int], scale: float) -> np.ndarray:
    """Largest cell of each bin of each (image, x1, y1, x2, y2) region; the last pixel belongs to the region."""
    output = np.zeros((len(rois), maps.shape[1], *bins))
    for n, (image, x1, y1, x2, y2) in enumerate(rois):
        left, top = x1 * scale, y1 * scale
        step_x, step_y = ((x2 + 1) * scale - left) / bins[1], ((y2 + 1) * scale - top) / bins[0]
        if step_x <= 0 or step_y <= 0:
            continue
        for p in range(bins[0]):
            for q in range(bins[1]):
                rows = slice(max(math.floor(top + p * step_y), 0), max(math.ceil(top + (p + 1) * step_y), 0))
                columns = slice(max(math.floor(left + q * step_x), 0), max(math.ceil(left + (q + 1) * step_x), 0))
                cells = maps[int(image), :, rows, columns]
                if cells.size:
                    output[n, :, p, q] = cells.max((1, 2))
    return output


def sigmoid_focal_loss(
    logits: np.ndarray, target: np.ndarray, gamma: float, alpha: float, weight: np.ndarray | None
) -> np.ndarray:
    """Equation 5 of the paper for each class on its own."""
    output = np.zeros(logits.shape)
    for n, row in enumerate(logits):
        for c, logit in enumerate(row):
            p = 1 / (1 + math.exp(-logit))
            right, factor = (p, alpha) if target[n] == c else (1 - p, 1 - alpha)
            output[n, c] = -factor * (1 - right) ** gamma * math.log(right)
            if weight is not None and target[n] < len(weight):
                output[n, c] *= weight[target[n]]
    return output


def softmax_focal_loss(
    logits: np.ndarray, target: np.ndarray, gamma: float, alpha: float, weight: np.ndarray | None
) -> np.ndarray:
    """The same with a softmax over the classes."""
    output = np.zeros(len(logits))
    for n, row in enumerate(logits):
        if target[n] >= 0:
            p = math.exp(row[target[n]]) / sum(math.exp(x) for x in row)
            output[n] = -alpha * (1 - p) ** gamma * math.log(p) * (1 if weight is None else weight[target[n]])
    return output


def deformable_attention(
    value: np.ndarray, shapes: list[tuple[int, int]], locations: np.ndarray, weights: np.ndarray
) -> np.ndarray:
    """Equation 3 of Deformable DETR for values (B, S, heads, D); the result is (B, Q, heads * D)."""
    batch, _, heads, size = value.shape
    queries = locations.shape[1]
    output = np.zeros((batch, queries, heads, size))
    for index in np.ndindex(*weights.shape):
        b, q, h, level, _ = index
        height, width = shapes[level]
        start = sum(i * j for i, j in shapes[:level])
        planes = value[b, start : start + height * width, h].reshape(height, width, size)
        x, y = locations[index]
        for d in range(size):
            sample = bilinear(planes[..., d], y * height - 0.5, x * width - 0.5)
            output[b, q, h, d] += weights[index] * sample
    return output.reshape(batch, queries, heads * size)


def carafe(features: np.ndarray, masks: np.ndarray, kernel: int, groups: int, scale: int) -> np.ndarray:
    """Equation 4 of CARAFE: each output cell adds up the cells around its origin."""
    batch, channels, height, width = features.shape
    output = np.zeros((batch, channels, height * scale, width * scale))
    for b, c, y, x in np.ndindex(*output.shape):
        for i in range(kernel):
            for j in range(kernel):
                from_y, from_x = y // scale + i - kernel // 2, x // scale + j - kernel // 2
                if 0 <= from_y < height and 0 <= from_x < width:
                    tap = (c // (channels // groups) * kernel + i) * kernel + j
                    output[b, c, y, x] += masks[b, tap, y, x] * features[b, c, from_y, from_x]
    return output
