"""The portable operators answer as the compiled ones did (recorded by record_reference.py)."""

import functools
from pathlib import Path

import pytest
import torch

from custom_modules.ops.extension import call
from tests.custom_modules.ops.cases import NAMES, run

# Indices, scores and overlaps must be equal to the bit; sums of products may be rounded in another order.
EXACT = ('nms', 'softnms', 'bbox_overlaps', 'roi_align-max', 'psamask')


@functools.cache
def load_reference() -> dict:
    return torch.load(Path(__file__).with_name('reference.pt'), weights_only=True)


@pytest.mark.fast
@pytest.mark.parametrize('name', NAMES)
def test_answers_as_the_compiled_operator(name, implementation):
    reference = load_reference()
    results = run(name, call, reference['inputs'])
    expected = reference['answers'][name]
    assert len(results) == len(expected)
    for result, answer in zip(results, expected, strict=True):
        assert result.dtype == answer.dtype
        if name.startswith(EXACT) and not _is_gradient(name, result):
            assert torch.equal(result, answer)
        else:
            torch.testing.assert_close(result, answer, rtol=1e-5, atol=1e-6)


def test_reference_covers_every_case():
    assert set(load_reference()['answers']) == set(NAMES)
    assert all(x.numel() for x in load_reference()['answers']['roi_align-avg-aligned-adaptive'][::3])


def _is_gradient(name: str, result: torch.Tensor) -> bool:
    return name.startswith('roi_align') and result.size(0) == 2
