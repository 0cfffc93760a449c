"""Reading the config that a run keeps in its folder, without the stack: it is written out in full, as plain values."""

import ast
from pathlib import Path
from typing import Any

from custom_modules.utils import UserError


def read_run_config(path: str | Path) -> dict[str, Any]:
    """Read a run's ``config.py``.

    Args:
        path: The file: assignments of literals and ``dict(...)`` only.

    Returns:
        Its variables.

    Raises:
        UserError: It is missing, or something else stands in it.
    """
    try:
        tree = ast.parse(Path(path).read_text(encoding='utf-8'))
        return {node.targets[0].id: _value(node.value) for node in tree.body if isinstance(node, ast.Assign)}
    except OSError as error:
        raise UserError(f'{path}: {error.strerror}') from None
    except (SyntaxError, ValueError, AttributeError) as error:
        raise UserError(f'{path}: not the config of a run as training keeps it ({error})') from None


def _value(node: ast.expr) -> Any:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == 'dict':
        items: dict[str, Any] = {}
        for keyword in node.keywords:
            items.update({keyword.arg: _value(keyword.value)} if keyword.arg else _value(keyword.value))
        return items
    if isinstance(node, ast.Dict):
        return {ast.literal_eval(key): _value(value) for key, value in zip(node.keys, node.values, strict=True)}
    if isinstance(node, ast.List):
        return [_value(item) for item in node.elts]
    if isinstance(node, ast.Tuple):
        return tuple(_value(item) for item in node.elts)
    return ast.literal_eval(node)
