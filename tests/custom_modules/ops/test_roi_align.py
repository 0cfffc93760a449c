import pytest
import torch
from mmcv.ops import roi_align
from torch import tensor
from torch.autograd import gradcheck

# A map whose value is x + 10 y: an average of samples is the value at the centre of the bin.
RAMP = torch.arange(8.0)[None] + 10 * torch.arange(8.0)[:, None]
RAMP = RAMP[None, None]


@pytest.mark.fast
@pytest.mark.parametrize(
    ('roi', 'options', 'expected'),
    [
        # Bins of 2 x 2 cells around (2, 2), (4, 2), ...; half a cell to the upper left where aligned.
        pytest.param([1, 1, 5, 5], {}, [[16.5, 18.5], [36.5, 38.5]], id='aligned'),
        pytest.param([1, 1, 5, 5], dict(aligned=False), [[22, 24], [42, 44]], id='legacy'),
        pytest.param([2, 2, 10, 10], dict(scale=0.5), [[16.5, 18.5], [36.5, 38.5]], id='scale'),
        pytest.param([1, 1, 5, 5], dict(ratio=1), [[16.5, 18.5], [36.5, 38.5]], id='one-sample'),
        # Samples at 1, 2 and 3, 4 each way.
        pytest.param([1, 1, 5, 5], dict(mode='max'), [[22, 24], [42, 44]], id='max'),
        # Beyond the border the outermost cell counts; from one cell beyond, nothing does.
        pytest.param([-1, 2, 1, 4], dict(ratio=1), [[20, 20], [30, 30]], id='over-the-edge'),
        pytest.param([-9, -9, -5, -5], {}, [[0, 0], [0, 0]], id='off-the-map'),
        pytest.param([3, 3, 3, 3], {}, [[0, 0], [0, 0]], id='no-area'),
        # A side of less than a cell is taken as one: samples at 3.25 and 3.75.
        pytest.param([3, 3, 3, 3], dict(aligned=False), [[35.75, 36.25], [40.75, 41.25]], id='legacy-no-area'),
    ],
)
def test_bins(roi, options, expected, implementation):
    result = roi_align(
        RAMP,
        tensor([[0.0, *roi]]),
        (2, 2),
        options.get('scale', 1.0),
        options.get('ratio', 0),
        options.get('mode', 'avg'),
        options.get('aligned', True),
    )
    torch.testing.assert_close(result[0, 0], tensor(expected, dtype=torch.float32))


@pytest.mark.fast
def test_each_region_reads_its_own_image(implementation):
    maps = torch.stack([torch.full((2, 6, 6), 1.0), torch.full((2, 6, 6), 5.0)])
    result = roi_align(maps, tensor([[1.0, 1, 1, 4, 4], [0, 1, 1, 4, 4]]), 2)
    assert result.flatten(1).unique(dim=1).tolist() == [[5.0], [1.0]]


@pytest.mark.parametrize('mode', ['avg', 'max'])
@pytest.mark.parametrize('shape', [(0, 5), (1, 5)], ids=['no-regions', 'one-region'])
@pytest.mark.parametrize('dtype', [torch.float32, torch.bfloat16])
def test_no_regions_give_no_gradient(mode, shape, dtype, implementation):
    maps = torch.rand(1, 2, 5, 5, dtype=dtype, requires_grad=True)
    rois = tensor([[0.0, 0, 0, 4, 4]])[: shape[0]]
    result = roi_align(maps, rois, 2, 1.0, 0, mode)
    assert result.shape == (shape[0], 2, 2, 2)
    result.sum().backward()
    assert maps.grad.dtype == dtype
    # Averages pass on all of the gradient.
    torch.testing.assert_close(maps.grad.sum().item(), 8.0 * shape[0], rtol=0.02, atol=0)


@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16])
@pytest.mark.parametrize('mode', ['avg', 'max'])
def test_half_precision_is_the_rounded_single_precision(dtype, mode, implementation):
    maps = torch.rand(2, 3, 9, 9).to(dtype)
    rois = tensor([[0.0, 1, 2, 7, 8], [1, 0, 0, 4, 5]])
    expected = roi_align(maps.float(), rois, 3, 1.0, 0, mode)
    result = roi_align(maps, rois, 3, 1.0, 0, mode)
    assert result.dtype == dtype
    assert torch.equal(result, expected.to(dtype))


@pytest.mark.fast
def test_autocast_does_not_touch_the_precision(implementation):
    maps, rois = torch.rand(1, 3, 9, 9), tensor([[0.0, 1, 2, 7, 8]])
    expected = roi_align(maps, rois, 3)
    with torch.autocast('cpu', dtype=torch.bfloat16):
        assert torch.equal(roi_align(maps, rois, 3), expected)


@pytest.mark.parametrize('mode', ['avg', 'max'])
@pytest.mark.parametrize('aligned', [True, False], ids=['aligned', 'legacy'])
@pytest.mark.parametrize('ratio', [0, 2])
def test_gradient(mode, aligned, ratio, implementation):
    torch.manual_seed(0)
    maps = torch.rand(2, 2, 6, 7, dtype=torch.float64, requires_grad=True)
    rois = tensor([[0.0, 1, 0.5, 9, 11], [1, -3, -2, 6, 4], [0, 4, 4, 4, 4]], dtype=torch.float64)
    assert gradcheck(lambda x: roi_align(x, rois, (2, 3), 0.5, ratio, mode, aligned), maps, fast_mode=True)


def test_few_small_regions_on_a_large_map(monkeypatch):
    """Only what lies under them is rearranged; the answers do not change."""
    from custom_modules.ops import selection

    maps = torch.rand(2, 17, 60, 50)
    rois = tensor([[0.0, 3, 4, 9, 8], [1, 45, 50, 70, 90], [1, -5, -5, 3, 3]])
    grad = torch.rand(3, 17, 3, 3)
    results = []
    for has_numba in (True, False):
        monkeypatch.setattr(selection, 'has_numba', lambda value=has_numba: value)
        leaf = maps.clone().requires_grad_()
        output = roi_align(leaf, rois, 3)
        output.backward(grad)
        results.append((output.detach(), leaf.grad))
    torch.testing.assert_close(*results)


@pytest.mark.parametrize('mode', ['avg', 'max'])
def test_backward_is_deterministic(mode, implementation):
    maps, grad = torch.rand(2, 32, 20, 20, requires_grad=True), torch.rand(40, 32, 7, 7)
    corners = torch.rand(40, 2) * 10
    rois = torch.cat([torch.arange(40)[:, None] % 2, corners, corners + torch.rand(40, 2) * 10], 1)
    gradients = [torch.autograd.grad(roi_align(maps, rois, 7, 1.0, 0, mode), maps, grad)[0] for _ in range(3)]
    assert torch.equal(gradients[0], gradients[1])
    assert torch.equal(gradients[0], gradients[2])


def test_number_of_threads_does_not_change_the_kernels_result(two_threads, monkeypatch):
    monkeypatch.setattr('custom_modules.utils.jit._WORTH_A_THREAD', 1)
    maps, grad = torch.rand(1, 48, 20, 20, requires_grad=True), torch.rand(40, 48, 7, 7)
    rois = torch.cat([torch.zeros(40, 1), torch.rand(40, 2) * 10, 10 + torch.rand(40, 2) * 10], 1)
    results = []
    for num_threads in (2, 1):
        torch.set_num_threads(num_threads)
        output = roi_align(maps, rois, 7)
        results.append((output.detach(), torch.autograd.grad(output, maps, grad)[0]))
    assert all(torch.equal(*pair) for pair in zip(*results, strict=True))


@pytest.mark.parametrize(
    ('rois', 'message'),
    [
        pytest.param([[0.0, 5, 5, 3, 8]], 'negative', id='negative-side'),
        pytest.param([[0.0, 5, float('nan'), 3, 8]], 'negative or infinite', id='nan'),
        pytest.param([[0.0, 1, 1, float('inf'), 8]], 'infinite', id='infinite'),
        pytest.param([[2.0, 1, 1, 3, 8]], 'there are 2', id='no-such-image'),
        pytest.param([[-1.0, 1, 1, 3, 8]], 'there are 2', id='negative-image'),
    ],
)
def test_bad_regions(rois, message):
    with pytest.raises(ValueError, match=message):
        roi_align(torch.rand(2, 1, 5, 5), tensor(rois), 2)


def test_memory_follows_the_regions(implementation):
    """A table of regions by cells would be 1,500 x 512 x 512 numbers: 1.6 GB."""
    resource = pytest.importorskip('resource')
    maps = torch.rand(1, 1, 512, 512, requires_grad=True)
    starts = torch.rand(1500, 2) * 300
    rois = torch.cat([torch.zeros(1500, 1), starts, starts + 200], 1)
    roi_align(maps, rois[:2], 3, 1.0, 2).sum().backward()
    with open('/proc/self/statm') as file:
        used = int(file.read().split()[0]) * resource.getpagesize()
    limits = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (used + (400 << 20), limits[1]))
    try:
        roi_align(maps, rois, 3, 1.0, 2).sum().backward()
    finally:
        resource.setrlimit(resource.RLIMIT_AS, limits)
    torch.testing.assert_close(maps.grad.sum().item(), 1502 * 9.0, rtol=1e-4, atol=0)
