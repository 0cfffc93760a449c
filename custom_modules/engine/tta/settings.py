"""What a config's ``tta = dict(...)`` may say, and what holds where it says nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

from custom_modules.ensemble import CONF_TYPES
from custom_modules.utils import UserError, did_you_mean, similar_names

from ..tasks import is_segmentation

FLIPS = ('none', 'horizontal', 'vertical')
METHODS = ('wbf', 'nms')


@dataclass(frozen=True, kw_only=True)
class ViewSettings:
    """The views of a picture: scales x flips x turns, equal ones once.

    Attributes:
        scales: Factors on the sizes of the test pipeline, above 0.
        flips: Of :data:`FLIPS`.
        quarter_turns: Counter-clockwise, each 0 to 3.
    """

    scales: Sequence[float] = (0.75, 1.0, 1.25)
    flips: Sequence[str] = ('none', 'horizontal')
    quarter_turns: Sequence[int] = (0,)

    @classmethod
    def from_config(cls, cfg: Mapping[str, Any], source: str = 'config') -> Self:
        """Read a config's ``tta``.

        Args:
            cfg: The config; without the key all settings are the defaults.
            source: What to call the config in messages, its file.

        Raises:
            UserError: A setting is unknown or has an impossible value.
        """
        given = cfg.get('tta')
        given = {} if given is None else given
        if not isinstance(given, Mapping):
            raise UserError(f'{source}: tta is {given!r}; write tta = dict(scales=(0.75, 1.0, 1.25))')
        known = [field.name for field in fields(cls)]
        for name, value in given.items():
            if name not in known:
                hint = did_you_mean(similar_names(name, known)) or f'; there are {", ".join(known)}'
                raise UserError(f'{source}: tta.{name}: unknown setting{hint}')
            _check(name, value, source)
        return cls(**given)

    def to_dict(self) -> dict[str, Any]:
        """Return all settings as plain values, ready for json."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}


@dataclass(frozen=True, kw_only=True)
class TTASettings(ViewSettings):
    """The views of a picture that a detector sees, and how their boxes become one list.

    The defaults were chosen on measurements, see ``benchmarks/tta.md``.

    Attributes:
        method: Of :data:`METHODS`: weighted boxes fusion (Solovyev et al., 2021, "Weighted boxes fusion: Ensembling
            boxes from different object detection models") or non-maximum suppression, both class by class.
        iou_thr: Boxes of one class that overlap by more are one object, 0 to 1.
        skip_box_thr: Boxes of a view below this score are left out, 0 to 1.
        conf_type: How ``wbf`` scores a box, as :func:`~custom_modules.ensemble.weighted_boxes_fusion` names
            it.
        max_per_img: Best boxes kept of a picture; None for all.
    """

    method: str = 'wbf'
    iou_thr: float = 0.55
    skip_box_thr: float = 0.0
    conf_type: str = 'avg'
    max_per_img: int | None = 300


@dataclass(frozen=True, kw_only=True)
class SegTTASettings(ViewSettings):
    """The views of a picture that a segmenter sees; their probabilities are averaged."""


def tta_settings(cfg: Mapping[str, Any], source: str = 'config') -> ViewSettings:
    """Read a config's ``tta`` as its task has it.

    Args:
        cfg: The config.
        source: What to call the config in messages, its file.

    Raises:
        UserError: A setting is unknown to the task or has an impossible value.
    """
    return (SegTTASettings if is_segmentation(cfg) else TTASettings).from_config(cfg, source)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


_SHARE = 'a number from 0 to 1', lambda value: _is_number(value) and 0 <= value <= 1
# What one value must be (for the lists: one of the list), in words and as a test.
_ALLOWED = {
    'scales': ('factors from 0.1 to 10', lambda value: _is_number(value) and 0.1 <= value <= 10),
    'flips': (f'some of {", ".join(FLIPS)}', FLIPS.__contains__),
    'quarter_turns': ('some of 0, 1, 2, 3', lambda value: type(value) is int and 0 <= value <= 3),
    'method': (f'one of {", ".join(METHODS)}', METHODS.__contains__),
    'iou_thr': _SHARE,
    'skip_box_thr': _SHARE,
    'conf_type': (f'one of {", ".join(CONF_TYPES)}', CONF_TYPES.__contains__),
    'max_per_img': ('None or a number from 1 on', lambda value: value is None or (type(value) is int and value > 0)),
}
_LISTS = ('scales', 'flips', 'quarter_turns')


def _check(name: str, value: Any, source: str) -> None:
    words, allowed = _ALLOWED[name]
    if name in _LISTS:
        good = isinstance(value, list | tuple) and value and all(map(allowed, value))
        words = f'a list of {words}'
    else:
        good = allowed(value)
    if not good:
        raise UserError(f'{source}: tta.{name} is {value!r}; give {words}')
