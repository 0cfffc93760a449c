"""From a batch of pictures of one size to a segmenter's scores, and from scores to probabilities."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ...utils import UserError

# Heads of mmseg whose scores are sums over masks, themselves and what is derived from them.
_MASK_CLASSIFIERS = {'MaskFormerHead', 'Mask2FormerHead', 'SideAdapterCLIPHead'}
_NOWHERE = 1e-6  # what a pixel that no mask covers has of every class


@dataclass(frozen=True)
class Windows:
    """Windows that slide over pictures too large to be seen at once.

    Attributes:
        size: Height and width, px.
        stride: How far apart they are, down and to the right, px.
    """

    size: tuple[int, int]
    stride: tuple[int, int]

    @classmethod
    def from_config(cls, test_cfg: Mapping[str, Any] | None, source: str = 'config') -> 'Windows | None':
        """Read ``model.test_cfg``: ``mode='slide'`` with ``crop_size`` and ``stride``, each (height, width).

        Args:
            test_cfg: The setting.
            source: What to call the config in messages, its file.

        Returns:
            None where a picture is seen as a whole.

        Raises:
            UserError: The mode is unknown, or the windows leave gaps.
        """
        mode = (test_cfg or {}).get('mode', 'whole')
        if mode == 'whole':
            return None
        if mode != 'slide':
            raise UserError(f"{source}: model.test_cfg.mode is {mode!r}; give 'whole' or 'slide'")
        size, stride = (_pair(test_cfg.get(name), name, source) for name in ('crop_size', 'stride'))
        if stride[0] > size[0] or stride[1] > size[1]:
            raise UserError(
                f'{source}: model.test_cfg: windows of {size} at a stride of {stride} leave gaps; give a smaller stride'
            )
        return cls(size, stride)

    def places(self, height: int, width: int) -> list[tuple[slice, slice]]:
        """Give rows and columns of the windows on a picture; the last ones end where it does.

        Args:
            height: Of the picture, px; a smaller one has a window of its own size.
            width: The same.
        """
        rows, columns = (
            [slice(start, min(start + size, length)) for start in _starts(length, size, stride)]
            for length, size, stride in zip((height, width), self.size, self.stride, strict=True)
        )
        return [(row, column) for row in rows for column in columns]


def score_maps(model: Any, inputs: Tensor, metas: Sequence[Mapping[str, Any]], windows: Windows | None) -> Tensor:
    """Let a segmenter score every pixel of a batch.

    Scores of overlapping windows are averaged as they are, as upstream's ``slide_inference`` does.  That takes the size
    of what the head has seen from the first picture, and for a head that looks for ``pad_shape`` from the whole
    picture; here every picture says that it is as large as the window.

    Args:
        model: An ``EncoderDecoder`` of mmseg.
        inputs: (N, 3, H, W), as its preprocessor gives them.
        metas: What is known of each picture.
        windows: None to look at all of it at once.

    Returns:
        (N, C, H, W) float32, whatever the model computes in.
    """
    if windows is None:
        return _encode_decode(model, inputs, metas)
    height, width = inputs.shape[-2:]
    scores, count = None, inputs.new_zeros(height, width, dtype=torch.float32)
    for rows, columns in windows.places(height, width):
        seen = _encode_decode(model, inputs[..., rows, columns], metas)
        if scores is None:
            scores = seen.new_zeros(*seen.shape[:2], height, width)
        scores[..., rows, columns] += seen
        count[rows, columns] += 1
    return scores.div_(count)


def sums_masks(head: Any) -> bool:
    """Tell whether a head's scores are sums over masks, not logits.

    Args:
        head: A decode head; one that is derived from none of mmseg's says so by an attribute ``sums_masks``.
    """
    names = {cls.__name__ for cls in type(head).__mro__}
    return bool(getattr(head, 'sums_masks', not names.isdisjoint(_MASK_CLASSIFIERS)))


def check_windows(model_cfg: Mapping[str, Any], source: str) -> None:
    """Refuse windows that training could not validate with: upstream's read the size of the whole picture's masks.

    Args:
        model_cfg: The model part of a segmenter's config.
        source: What to call the config in messages, its file.

    Raises:
        UserError: They leave gaps, or the head sums masks.
    """
    from ...models.config_walk import registry_of, resolve_type

    windows = Windows.from_config(model_cfg.get('test_cfg'), source)
    head = resolve_type(model_cfg.get('decode_head') or {}, registry_of(model_cfg))
    if windows and head and not {cls.__name__ for cls in head.__mro__}.isdisjoint(_MASK_CLASSIFIERS):
        raise UserError(
            f'{source}: a {head.__name__} cannot be validated in windows while it trains; train with '
            f"model.test_cfg.mode='whole' and give mode='slide' to tools/test.py and predict.py"
        )


def learns_by_sigmoids(head: Any) -> bool:
    """Tell whether every loss of a head has a sigmoid for each class, so that its logits are of one against all others.

    Args:
        head: A decode head.
    """
    losses = getattr(head, 'loss_decode', None)
    losses = list(losses) if isinstance(losses, torch.nn.ModuleList) else [losses]
    return all(getattr(loss, 'use_sigmoid', False) for loss in losses)


def probabilities(scores: Tensor, *, from_masks: bool, from_sigmoids: bool = False) -> Tensor:
    """Turn scores into probabilities that sum to 1, without changing which class is the largest.

    Logits take the softmax, those of one class against all others their sigmoids over the sum of these. A mask
    classifier's score of a class is its sum over the queries q of p_q(class) m_q(x) (Cheng et al., 2021, "Per-Pixel
    Classification is Not All You Need for Semantic Segmentation", section 3.4, semantic inference; Mask2Former takes
    it over): no logit, and its sum over the classes is not 1 but the sum over q of m_q(x) (1 - p_q(no object)). Read
    as drawing a query in proportion to its mask at x, and then one of its classes, the score over that sum is the
    probability of the class given that there is one. (Upstream's ``SegTTAModel`` takes a softmax of these scores,
    which go from 0 to about 1: of 11 classes the surest would get 0.21.) Where no mask is, all classes are equal.

    Args:
        scores: (..., C, H, W).
        from_masks: Whether they are such sums.
        from_sigmoids: Whether they are logits of one class against all others.

    Returns:
        The same shape.
    """
    if from_sigmoids:  # in logarithms: where no class is likely, the sum of sigmoids would round to 0
        return torch.nn.functional.logsigmoid(scores).softmax(-3)
    if not from_masks:
        return scores.softmax(-3)
    scores = scores.clamp(min=0) + _NOWHERE
    return scores.div_(scores.sum(-3, keepdim=True))


def _encode_decode(model: Any, inputs: Tensor, metas: Sequence[Mapping[str, Any]]) -> Tensor:
    size = inputs.shape[-2:]  # upstream's heads take a torch.Size for the size to score at
    seen = {'img_shape': size, 'pad_shape': size, 'batch_input_shape': size}
    return model.encode_decode(inputs, [{**meta, **seen} for meta in metas]).float()


def _starts(length: int, size: int, stride: int) -> list[int]:
    last = max(length - size, 0)
    return [*range(0, last, stride), last]


def _pair(value: Any, name: str, source: str) -> tuple[int, int]:
    values = value if isinstance(value, list | tuple) else (value, value)
    if len(values) != 2 or any(type(one) is not int or one < 1 for one in values):
        raise UserError(f'{source}: model.test_cfg.{name} is {value!r}; give (height, width) in pixels')
    return values[0], values[1]
