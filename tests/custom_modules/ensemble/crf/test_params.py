"""Settings of a CRF that cannot be are refused."""

from dataclasses import FrozenInstanceError

import pytest

from custom_modules.ensemble import CrfParams

pytestmark = pytest.mark.fast


def test_defaults_are_those_of_pydensecrfs_examples():
    params = CrfParams()
    assert (params.gaussian_sxy, params.gaussian_compat) == (3, 3)
    assert (params.bilateral_sxy, params.bilateral_srgb, params.bilateral_compat) == (80, 13, 10)
    assert params == CrfParams(3, 3, 80, 13, 10, 10)
    with pytest.raises(FrozenInstanceError):
        params.num_iterations = 5


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        pytest.param({'gaussian_sxy': 0}, 'gaussian_sxy must be a number above 0, not 0', id='no-width'),
        pytest.param({'bilateral_sxy': -1.5}, r'bilateral_sxy must be a number above 0, not -1\.5', id='negative'),
        pytest.param({'bilateral_sxy': float('inf')}, 'above 0, not inf', id='infinite'),
        pytest.param({'gaussian_sxy': (3, 3)}, r'above 0, not \(3, 3\)', id='pair'),
        pytest.param({'gaussian_sxy': True}, 'above 0, not True', id='bool'),
        pytest.param({'bilateral_srgb': 0.4}, r'bilateral_srgb must be a number from 0\.5 on, not 0\.4', id='colour'),
        pytest.param({'gaussian_compat': -1}, 'gaussian_compat must be a number from 0 on, not -1', id='weight'),
        pytest.param({'bilateral_compat': float('nan')}, 'from 0 on, not nan', id='nan'),
        pytest.param({'bilateral_compat': '3'}, "from 0 on, not '3'", id='text'),
        pytest.param({'num_iterations': 0}, 'num_iterations must be a whole number from 1 on, not 0', id='none'),
        pytest.param({'num_iterations': 2.5}, r'from 1 on, not 2\.5', id='fraction'),
    ],
)
def test_impossible_settings_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        CrfParams(**changes)


def test_a_kernel_may_be_left_out_and_colours_be_strict():
    CrfParams(gaussian_compat=0, bilateral_compat=0, bilateral_srgb=0.5, num_iterations=1)
