"""Numbers written one after the other, blanks between them: millions of them as one array."""

import warnings
from collections.abc import Sequence

import numpy as np

from custom_modules.evaluation.number_scan import scan_numbers
from custom_modules.utils.jit import numba


class NotNumbersError(ValueError):
    """A piece of text that is not numbers alone.

    Attributes:
        index: Which of the texts.
        word: Its first word that is no number.
    """

    def __init__(self, index: int, word: str) -> None:
        super().__init__(f'text {index}: {word!r} is not a number')
        self.index = index
        self.word = word


def parse_numbers(texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Read texts of numbers.

    Args:
        texts: Each any number of decimal numbers with white space between and around them.

    Returns:
        All numbers, (N,) float64 (``nan`` and ``inf`` are read as such), and how many each text holds, (T,) int64.

    Raises:
        NotNumbersError: A word is no number.
    """
    found = _scan(texts)
    if found is not None:
        return found
    texts = [' '.join(text.split()) for text in texts]
    counts = np.array([text.count(' ') + 1 if text else 0 for text in texts], dtype=np.int64)
    numbers = _from_string(' '.join(texts))
    if len(numbers) != counts.sum():
        raise _first_error(texts)
    return numbers, counts


def _scan(texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray] | None:
    """Read numbers of usual length with blanks between them; None where anything else is found."""
    content = '\n'.join(texts).encode('utf-8', 'surrogatepass')
    if numba is None or content.count(b'\n') != len(texts) - 1:
        return None
    numbers, counts = np.empty(content.count(b' ') + len(texts)), np.zeros(len(texts), np.int64)
    total = scan_numbers(np.frombuffer(content, np.uint8), numbers, counts)
    return None if total < 0 else (numbers[:total], counts)


def _from_string(text: str) -> np.ndarray:
    """Return the numbers up to the first word that is none."""
    text += ' 0'  # a last word that only begins with a number would count as one
    with warnings.catch_warnings():
        warnings.simplefilter('ignore', DeprecationWarning)  # stops at what is no number, and says so only there
        try:
            return np.fromstring(text, sep=' ')[:-1]
        except ValueError:  # what newer numpy does instead
            return np.zeros(0)


def _first_error(texts: Sequence[str]) -> NotNumbersError:
    for index, text in enumerate(texts):
        for word in text.split():
            if len(_from_string(word)) != 1:
                return NotNumbersError(index, word)
    raise AssertionError('a text was refused without a reason')
