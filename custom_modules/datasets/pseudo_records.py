"""Which pictures and annotations of a json were made by pseudo-labelling."""

from collections.abc import Mapping

KEY = 'pseudo'
"""Records made by it have ``source: {"pseudo": <round>, ...}``; by that a later round finds and replaces them."""


def is_pseudo(record: Mapping) -> bool:
    """Tell whether an image or annotation record was made by pseudo-labelling."""
    return isinstance(record.get('source'), dict) and KEY in record['source']
