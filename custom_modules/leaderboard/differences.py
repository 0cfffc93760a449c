"""What a run's config says otherwise than the config it is based on."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

# What training fills in from the data set and the command line, or what has a column of its own.
_FILLED_IN = re.compile(
    r'(^|\.)(data_root|ann_file|num_classes|class_weight|metainfo|work_dir|launcher|resume|randomness|accumulative_counts'
    r'|seed|num_workers|persistent_workers)(\.|$)|^(train|val|test)_dataloader\.batch_size$'
    r'|^(val|test)_evaluator\.out$|^(log_processor|vis_backends|visualizer|default_hooks|env_cfg)(\.|$)'
)
_MISSING = object()


class Difference(NamedTuple):
    """One setting.

    Attributes:
        key: Its dotted key; ``*`` stands for every position of a list.
        value: What the run has, as text; ``-`` for nothing.
        before: What the base has.
    """

    key: str
    value: str
    before: str

    def __str__(self) -> str:
        return f'{self.key}={self.value}'


def config_differences(run: Mapping[str, Any], base: Mapping[str, Any]) -> list[Difference]:
    """Compare two configs, both resolved.

    What a tool fills in from the data set or the command line is left out; a setting that differs alike at all
    positions of a list is named once.  The model comes first.

    Args:
        run: What a run was trained with.
        base: What it is compared with.
    """
    found = [one for one in _compare(base, run, '') if not _FILLED_IN.search(one.key)]
    counts = Counter(map(_without_positions, found))
    general = {one: _without_positions(one) for one in found}
    merged = dict.fromkeys(one if counts[general[one]] == 1 else general[one] for one in found)
    return sorted(merged, key=lambda one: not one.key.startswith('model'))


def _without_positions(one: Difference) -> Difference:
    return one._replace(key=re.sub(r'\.\d+(?=\.|$)', '.*', one.key))


def _compare(before: Any, after: Any, key: str) -> Iterator[Difference]:
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for name in {**before, **after}:
            below = f'{key}.{name}' if key else str(name)
            yield from _compare(before.get(name, _MISSING), after.get(name, _MISSING), below)
    elif _is_list(before) and _is_list(after) and _types(before) == _types(after) and len(before) == len(after):
        for index, (old, new) in enumerate(zip(before, after, strict=True)):
            yield from _compare(old, new, f'{key}.{index}')
    elif _text(before) != _text(after):
        yield Difference(key, _text(after), _text(before))


def _is_list(value: Any) -> bool:
    """Tell whether it is a list of settings, such as a pipeline, and no list of numbers."""
    return isinstance(value, list | tuple) and any(isinstance(item, Mapping | list | tuple) for item in value)


def _types(values: list | tuple) -> list[str]:
    return [str(value.get('type', '')) if isinstance(value, Mapping) else '' for value in values]


def _text(value: Any) -> str:
    if value is _MISSING or value is None:
        return '-'
    if _is_list(value) and any(_types(value)):
        return '[' + ', '.join(_types(value)) + ']'
    if isinstance(value, Mapping):
        return str(value.get('type') or '{' + ', '.join(map(str, value)) + '}')
    if isinstance(value, list | tuple):
        return '[' + ', '.join(map(_text, value)) + ']'
    text = str(value)
    return Path(text).name if text.endswith('.pth') else text
