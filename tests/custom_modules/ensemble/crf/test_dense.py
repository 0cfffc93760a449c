"""What a CRF does to probabilities, whichever backend computes it."""

import sys
import warnings

import numpy as np
import pytest
import torch

from custom_modules.ensemble import CrfParams, dense_crf
from custom_modules.ensemble.crf import available_backend
from custom_modules.utils import UserError

from .conftest import exact_mean_field, make_case

pytestmark = pytest.mark.fast

SOFT = CrfParams(gaussian_compat=1, bilateral_sxy=20, bilateral_srgb=8, bilateral_compat=2, num_iterations=5)


@pytest.fixture
def without_pydensecrf(monkeypatch):
    monkeypatch.setitem(sys.modules, 'pydensecrf.densecrf', None)
    monkeypatch.delitem(sys.modules, 'custom_modules.ensemble.crf.pydensecrf_backend', raising=False)
    monkeypatch.delattr(sys.modules['custom_modules.ensemble.crf'], 'pydensecrf_backend', raising=False)


@pytest.mark.parametrize(
    ('params', 'expected'),
    [
        pytest.param(
            CrfParams(),
            '0.99723 0.99206 0.00331 0.00166  0.98959 0.00002 0.01078 0.00070  0.99402 0.97831 0.00492 0.00273',
            id='defaults',
        ),
        pytest.param(
            CrfParams(3, 0.5, 20, 8, 0.6, 3),
            '0.93362 0.85796 0.24274 0.15498  0.78352 0.36722 0.52754 0.07511  0.86029 0.69071 0.33181 0.23860',
            id='soft',
        ),
        pytest.param(
            CrfParams(gaussian_sxy=1.5, gaussian_compat=1, bilateral_compat=0, num_iterations=2),
            '0.92330 0.81901 0.28557 0.16517  0.75700 0.42869 0.58170 0.07962  0.83889 0.62469 0.37784 0.25577',
            id='gaussian-alone',
        ),
    ],
)
def test_probabilities_are_pydensecrfs(params, expected):
    """Expected is what pydensecrf2 1.1 gives, to five digits: two halves of alike colours, one pixel of another."""
    first = np.array([[0.9, 0.8, 0.3, 0.2], [0.7, 0.4, 0.6, 0.1], [0.8, 0.6, 0.4, 0.3]], np.float32)
    picture = np.zeros((3, 4, 3), np.uint8)
    picture[:, :2], picture[:, 2:], picture[1, 1] = (200, 100, 50), (190, 110, 60), (30, 40, 50)
    found = dense_crf(np.stack([first, 1 - first]), picture, params, backend='torch')
    np.testing.assert_allclose(found[0].flatten(), np.array(expected.split(), float), atol=1e-5)
    np.testing.assert_allclose(found.sum(axis=0), 1, atol=1e-6)


@pytest.mark.parametrize(
    'params',
    [
        pytest.param(CrfParams(), id='defaults'),
        pytest.param(CrfParams(num_iterations=1), id='one-iteration'),
        pytest.param(CrfParams(1.5, 2, 10.5, 30.25, 4.5, 5), id='fractions'),
        pytest.param(CrfParams(gaussian_compat=0), id='no-gaussian'),
        pytest.param(CrfParams(bilateral_compat=0), id='no-bilateral'),
    ],
)
@pytest.mark.parametrize('size', [(1, 1), (1, 9), (40, 31)], ids=str)
def test_backends_agree(params, size):
    pytest.importorskip('pydensecrf', reason='optional: pip install -r requirements/crf.txt')
    probs, picture = make_case(*size, num_classes=5)
    ours, theirs = (dense_crf(probs, picture, params, backend=backend) for backend in ('torch', 'pydensecrf'))
    assert np.abs(ours - theirs).max() < 1e-4
    np.testing.assert_array_equal(ours.argmax(axis=0), theirs.argmax(axis=0))


@pytest.mark.parametrize(
    ('params', 'mean', 'labels'),
    [
        pytest.param(CrfParams(bilateral_compat=0), 0.01, 0.98, id='gaussian'),
        pytest.param(CrfParams(gaussian_compat=0, num_iterations=2), 0.02, 0.97, id='bilateral'),
        pytest.param(SOFT, 0.02, 0.97, id='both'),
    ],
)
def test_the_mean_field_is_that_of_all_pairs_of_pixels(params, mean, labels):
    """As near as the lattice comes to a Gaussian; strong kernels make of a small difference another winner."""
    probs, picture = make_case(seed=3)
    found, wanted = dense_crf(probs, picture, params, backend='torch'), exact_mean_field(probs, picture, params)
    assert np.abs(found - wanted).mean() < mean
    assert (found.argmax(axis=0) == wanted.argmax(axis=0)).mean() > labels
    assert np.abs(found - probs).mean() > 5 * np.abs(found - wanted).mean()


def test_a_noisy_pixel_goes_and_an_outline_of_the_picture_is_found():
    """Two halves, dark and light; the probabilities have their outline two columns too far and one pixel astray."""
    picture = np.full((20, 20, 3), 40, np.uint8)
    picture[:, 10:] = 200
    truth = (picture[..., 0] > 100).astype(np.uint8)
    predicted = truth.copy()
    predicted[:, 10:12] = 0
    predicted[5, 4] = 1
    probs = np.where(np.arange(2)[:, None, None] == predicted, 0.7, 0.3).astype(np.float32)
    refined = dense_crf(probs, picture, backend='torch').argmax(axis=0)
    np.testing.assert_array_equal(refined, truth)


def test_without_kernels_probabilities_stay():
    probs, picture = make_case()
    params = CrfParams(gaussian_compat=0, bilateral_compat=0)
    np.testing.assert_allclose(dense_crf(probs, picture, params, backend='torch'), probs, atol=1e-6)


def test_zeros_count_as_the_bound():
    """Certain of another class or nearly so: without neighbours to say otherwise 1 to 1e-5."""
    probs = np.array([1, 0], np.float32).reshape(2, 1, 1)
    picture, params = np.zeros((1, 1, 3), np.uint8), CrfParams(gaussian_compat=0, bilateral_compat=0)
    found = dense_crf(probs, picture, params, backend='torch').flatten()
    np.testing.assert_allclose(found, [1 / (1 + 1e-5), 1e-5 / (1 + 1e-5)], rtol=1e-5)


@pytest.mark.parametrize(
    ('num_classes', 'height', 'width'),
    [
        pytest.param(1, 5, 4, id='one-class'),
        pytest.param(3, 1, 1, id='one-pixel'),
        pytest.param(2, 1, 30, id='one-row'),
        pytest.param(2, 30, 1, id='one-column'),
        pytest.param(40, 6, 5, id='many-classes'),
    ],
)
def test_odd_sizes(num_classes, height, width):
    probs, picture = make_case(height, width, num_classes)
    before = probs.copy(), picture.copy()
    found = dense_crf(probs, picture, SOFT, backend='torch')
    assert found.shape == probs.shape and found.dtype == np.float32 and found.flags.c_contiguous
    np.testing.assert_allclose(found, exact_mean_field(probs, picture, SOFT), atol=0.25)
    np.testing.assert_allclose(found.sum(axis=0), 1, atol=1e-6)
    np.testing.assert_array_equal(probs, before[0])
    np.testing.assert_array_equal(picture, before[1])


def test_views_and_read_only_arrays_will_do():
    """Pictures come mirrored (RGB from BGR), probabilities from mapped files; nobody is warned."""
    probs, picture = make_case()
    expected = dense_crf(probs, picture, SOFT, backend='torch')
    views = np.asfortranarray(probs), np.ascontiguousarray(picture[..., ::-1])[..., ::-1]
    for view in views:
        view.flags.writeable = False
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        np.testing.assert_array_equal(dense_crf(*views, SOFT, backend='torch'), expected)


def test_results_are_the_same_every_time_and_for_any_number_of_threads(two_threads):
    probs, picture = make_case(64, 80, 12)
    results = [dense_crf(probs, picture, backend='torch')]
    results.append(dense_crf(probs, picture, backend='torch'))
    torch.set_num_threads(1)
    results.append(dense_crf(probs, picture, backend='torch'))
    for other in results[1:]:
        np.testing.assert_array_equal(other, results[0])


@pytest.mark.gpu
def test_a_gpu_gives_the_same():
    if not torch.cuda.is_available():
        pytest.skip('needs a GPU')
    probs, picture = make_case(64, 80, 12)
    on_cpu, *on_gpu = (dense_crf(probs, picture, backend='torch', device=name) for name in ('cpu', 'cuda', 'cuda'))
    assert np.abs(on_cpu - on_gpu[0]).max() < 1e-3
    np.testing.assert_array_equal(*on_gpu)


def changed(array: np.ndarray, value: float) -> np.ndarray:
    array = array.copy()
    array[0, 0, 0] = value
    return array


PROBS, PICTURE = np.full((2, 3, 4), 0.5, np.float32), np.zeros((3, 4, 3), np.uint8)


@pytest.mark.parametrize(
    ('probs', 'picture', 'message'),
    [
        pytest.param(PROBS, PICTURE[:2], 'probs are of 3 x 4 pixels, the picture is of 2 x 4', id='sizes'),
        pytest.param(PROBS, PICTURE.transpose(1, 0, 2), 'probs are of 3 x 4 pixels, .* 4 x 3', id='turned'),
        pytest.param(PROBS.astype(np.float64), PICTURE, 'probs must be an array of float32, not float64', id='doubles'),
        pytest.param((PROBS * 255).astype(np.uint8), PICTURE, 'of float32, not uint8', id='stored'),
        pytest.param(torch.from_numpy(PROBS), PICTURE, r'of float32, not torch\.float32', id='tensor'),
        pytest.param(PROBS.tolist(), PICTURE, 'of float32, not list', id='list'),
        pytest.param(PROBS[0], PICTURE, r'probs must be \(C, H, W\), not \(3, 4\)', id='labels'),
        pytest.param(PROBS[:0], PICTURE, r'probs must be \(C, H, W\), not \(0, 3, 4\)', id='no-class'),
        pytest.param(PROBS[:, :0], PICTURE[:0], r'probs must be .*, not \(2, 0, 4\)', id='no-pixel'),
        pytest.param(PROBS, PICTURE.astype(np.float32), 'picture must be an array of uint8, not float32', id='floats'),
        pytest.param(PROBS, PICTURE[..., 0], r'picture must be \(H, W, 3\), not \(3, 4\)', id='grey'),
        pytest.param(PROBS, PICTURE[..., :2], r'picture must be \(H, W, 3\), not \(3, 4, 2\)', id='two-channels'),
        pytest.param(changed(PROBS, np.nan), PICTURE, 'between 0 and 1, not between nan and nan', id='nan'),
        pytest.param(changed(PROBS, np.inf), PICTURE, r'not between 0\.5 and inf', id='infinite'),
        pytest.param(changed(PROBS, -0.25), PICTURE, r'not between -0\.25 and 0\.5', id='negative'),
        pytest.param(changed(PROBS, 3), PICTURE, r'not between 0\.5 and 3\.0', id='logits'),
    ],
)
def test_what_cannot_be_is_refused(probs, picture, message):
    with pytest.raises(ValueError, match=message):
        dense_crf(probs, picture)


def test_a_kernel_too_narrow_for_the_picture_is_refused():
    """A side of 4 pixels is 2000 standard deviations of 0.002."""
    dense_crf(PROBS, PICTURE, CrfParams(gaussian_sxy=0.002), backend='torch')
    with pytest.raises(ValueError, match=r'gaussian_sxy is 0\.0019; 3 x 4 pixels need 0\.002 at least'):
        dense_crf(PROBS, PICTURE, CrfParams(gaussian_sxy=0.0019))
    with pytest.raises(ValueError, match=r'bilateral_sxy is 0\.0019; '):
        dense_crf(PROBS, PICTURE, CrfParams(bilateral_sxy=0.0019))


def test_the_narrowest_kernels_fit_the_lattice():
    """A strip of 4000 pixels at the bounds of both widths, all colours there."""
    picture = np.random.default_rng(0).integers(0, 256, (2, 4000, 3), dtype=np.uint8)
    picture[0, :2] = [[0] * 3, [255] * 3]
    probs = np.full((2, 2, 4000), 0.5, np.float32)
    params = CrfParams(gaussian_sxy=2, bilateral_sxy=2, bilateral_srgb=0.5, num_iterations=1)
    assert dense_crf(probs, picture, params, backend='torch').max() == 0.5


def test_a_backend_that_is_missing_is_named_with_its_remedy(without_pydensecrf):
    assert available_backend() == available_backend('cpu') == 'torch'
    with pytest.raises(UserError, match=r'pydensecrf is not installed; pip install -r requirements/crf\.txt'):
        dense_crf(PROBS, PICTURE, backend='pydensecrf')
    np.testing.assert_array_equal(dense_crf(PROBS, PICTURE), dense_crf(PROBS, PICTURE, backend='torch'))


def test_unknown_backends_and_devices_that_do_not_go_together_are_refused():
    with pytest.raises(ValueError, match="backend is 'numpy'; there are auto, pydensecrf, torch"):
        dense_crf(PROBS, PICTURE, backend='numpy')
    with pytest.raises(ValueError, match="'pydensecrf' computes on the CPU, not on cuda:0; ask for 'torch'"):
        dense_crf(PROBS, PICTURE, backend='pydensecrf', device='cuda:0')
    assert available_backend('cuda:1') == available_backend(torch.device('cuda')) == 'torch'
