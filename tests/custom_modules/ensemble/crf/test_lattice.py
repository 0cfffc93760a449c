"""The lattice against sums over all pairs, and on points few enough to follow by hand."""

import pytest
import torch

from custom_modules.ensemble.crf.lattice import PermutohedralLattice

pytestmark = pytest.mark.fast


def make_points(dim: int, count: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(dim, count, generator=torch.Generator().manual_seed(seed))


def exact(features: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
    """Filter by the definition: sums over all pairs."""
    return torch.exp(-(torch.cdist(features.T.double(), features.T.double()) ** 2) / 2) @ values.double()


@pytest.mark.parametrize(('dim', 'corners', 'expected'), [(1, 2, 1.25), (2, 3, 1.125), (3, 4, 1.0625)])
def test_one_point_at_the_origin(dim, corners, expected):
    """It lies on the 0th corner of its simplex, the others are 0.

    In two dimensions the first axis leads from that corner, (0, 0, 0), to the last, (2, -1, -1), which gets 1/2; the
    second from there to the middle one, (1, 1, -2), which gets 1/4; the third back, which makes 1 + 1/8.
    """
    lattice = PermutohedralLattice(torch.zeros(dim, 1))
    assert lattice.num_corners == corners and lattice.num_points == 1
    assert lattice.filter(torch.tensor([[1.0, 0.0, -2.0]])).tolist() == [[expected, 0, -2 * expected]]


def test_far_points_do_not_meet_and_equal_points_add_up():
    lattice = PermutohedralLattice(torch.tensor([[0.0, 1000, 0]] * 5))
    once, far, twice = lattice.filter(torch.tensor([[1.0], [0], [1]]))[:, 0].tolist()
    assert far == 0 and once == twice == pytest.approx(2 * (1 + 1 / 64))


@pytest.mark.parametrize(('dim', 'most'), [(1, 0.07), (2, 0.07), (3, 0.09), (5, 0.2)])
def test_sums_are_those_over_all_pairs_up_to_a_factor(dim, most):
    features, values = make_points(dim, 400), torch.rand(400, 3, generator=torch.Generator().manual_seed(1))
    found, wanted = PermutohedralLattice(features).filter(values).double(), exact(features, values)
    found *= (found * wanted).sum() / (found * found).sum()
    assert ((found - wanted).abs() / wanted).mean() < most


@pytest.mark.parametrize('sxy', [2.0, 3.0, 5.0])
def test_a_peak_becomes_a_gaussian(sxy):
    """Within 13 % of its height: the lattice's own hexagonal shape."""
    rows, columns = torch.meshgrid(torch.arange(25), torch.arange(25), indexing='ij')
    place = torch.stack([columns, rows]).reshape(2, -1).float()
    peak = torch.zeros(625, 1)
    peak[312] = 1
    found = PermutohedralLattice(place / sxy).filter(peak)
    wanted = exact(place / sxy, peak)
    assert (found / found.max() - wanted).abs().max() < 0.13


def test_filtering_is_linear_and_classes_do_not_mix():
    lattice, values = PermutohedralLattice(make_points(5, 100)), torch.randn(100, 4)
    together = lattice.filter(values)
    for column in range(4):
        torch.testing.assert_close(lattice.filter(values[:, column : column + 1]), together[:, column : column + 1])
    torch.testing.assert_close(lattice.filter(3 * values), 3 * together)


def test_scale_multiplies_before_and_after():
    features, values = make_points(2, 50), torch.rand(50, 2)
    before, after = torch.rand(50), torch.rand(50)
    plain, scaled = PermutohedralLattice(features), PermutohedralLattice(features)
    scaled.scale(before, after)
    torch.testing.assert_close(scaled.filter(values), after[:, None] * plain.filter(before[:, None] * values))


def test_more_corners_than_numbers_is_noticed():
    """Five coordinates of 10,000 steps each make 10^20."""
    with pytest.raises(AssertionError, match=r'2\^63 can be told apart'):
        PermutohedralLattice(make_points(5, 100) * 10_000)
