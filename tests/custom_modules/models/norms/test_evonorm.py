"""EvoNorm-S0 and -B0: values worked out by hand, statistics, precision, names, ranks."""

import os
import socket
import sys
from math import exp, sqrt

import pytest
import torch
import torch.distributed as torch_dist
import torch.multiprocessing
from mmcv.cnn import build_norm_layer
from mmcv.cnn.bricks.norm import is_norm
from mmengine.optim import DefaultOptimWrapperConstructor

from custom_modules.engine.hooks.recompute_hook import recomputed
from custom_modules.models import EvoNormB0, EvoNormS0, TrashGroupNorm
from custom_modules.models.norms import evonorm_b0, evonorm_s0

BOTH = pytest.mark.parametrize('kind', [EvoNormS0, EvoNormB0])


def sigmoid(x: float) -> float:
    return 1 / (1 + exp(-x))


@pytest.mark.fast
def test_s0_by_hand():
    """Channels (1, 3) and (5, 7), one group: mean 4, variance (9 + 1 + 1 + 9) / 4 = 5; the second v is 0."""
    x = torch.tensor([1.0, 3, 5, 7]).reshape(1, 2, 1, 2)
    expected = [sigmoid(1) / sqrt(5), 3 * sigmoid(3) / sqrt(5), 2.5 / sqrt(5), 3.5 / sqrt(5)]
    found = evonorm_s0(x, torch.tensor([1.0, 0]), num_groups=1, eps=0)
    assert found.flatten().tolist() == pytest.approx(expected)
    # two groups: variance 1 in each
    found = evonorm_s0(x, torch.tensor([1.0, 0]), num_groups=2, eps=0)
    assert found.flatten().tolist() == pytest.approx([value * sqrt(5) for value in expected])


@pytest.mark.fast
def test_b0_by_hand():
    """Pictures (0, 2) and (-4, -2) of one channel: deviation 1 in each; variance of the batch 5, mean -1."""
    x = torch.tensor([[0.0, 2], [-4, -2]]).reshape(2, 1, 1, 2)
    found = evonorm_b0(x, torch.ones(1), torch.tensor([5.0]), eps=0)
    # 2 + 1 exceeds sqrt(5), the others do not
    assert found.flatten().tolist() == pytest.approx([0, 2 / 3, -4 / sqrt(5), -2 / sqrt(5)])
    layer = EvoNormB0(1, eps=0.0, momentum=0.25)
    torch.testing.assert_close(layer(x), found)
    assert layer.moving_variance.tolist() == pytest.approx([0.75 * 1 + 0.25 * 5])
    evaluated = layer.eval()(x).flatten().tolist()
    assert evaluated == pytest.approx([0, 2 / 3, -4 / sqrt(2), -2 / sqrt(2)])
    assert layer.moving_variance.tolist() == [2.0]  # evaluation changes nothing


@pytest.mark.fast
def test_b0_comes_to_the_variance_of_what_it_sees():
    layer, generator = EvoNormB0(3), torch.Generator().manual_seed(0)
    deviations = torch.tensor([0.5, 2.0, 8.0]).view(1, 3, 1, 1)
    for _ in range(200):
        x = 5 + deviations * torch.randn(4, 3, 8, 8, generator=generator)
        trained = layer(x)
    assert layer.moving_variance.tolist() == pytest.approx([0.25, 4, 64], rel=0.1)
    torch.testing.assert_close(layer.eval()(x), trained, rtol=0.2, atol=0.2)


def slow_s0(x, v, groups):
    out = torch.empty_like(x)
    size = x.shape[1] // groups
    for picture in range(len(x)):
        for channel in range(x.shape[1]):
            first = channel // size * size
            deviation = (x[picture, first : first + size].var(unbiased=False) + 1e-5).sqrt()
            value = x[picture, channel]
            out[picture, channel] = value / (1 + torch.exp(-v[channel] * value)) / deviation
    return out


def slow_b0(x, v):
    out = torch.empty_like(x)
    for picture in range(len(x)):
        for channel in range(x.shape[1]):
            value = x[picture, channel]
            of_batch = (x[:, channel].var(unbiased=False) + 1e-5).sqrt()
            of_picture = v[channel] * value + (value.var(unbiased=False) + 1e-5).sqrt()
            out[picture, channel] = value / torch.maximum(of_batch, of_picture)
    return out


@pytest.mark.fast
@BOTH
def test_a_second_implementation_with_scale_and_shift(kind):
    torch.manual_seed(0)
    x = 1 + 2 * torch.randn(3, 8, 4, 5)
    layer = kind(8, num_groups=4) if kind is EvoNormS0 else kind(8)
    for parameter in layer.parameters():
        torch.nn.init.normal_(parameter)
    expected = slow_s0(x, layer.v, 4) if kind is EvoNormS0 else slow_b0(x, layer.v)
    expected = expected * layer.weight.view(1, 8, 1, 1) + layer.bias.view(1, 8, 1, 1)
    torch.testing.assert_close(layer(x), expected)


@pytest.mark.fast
def test_derivatives():
    x = torch.randn(2, 4, 3, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0)).requires_grad_()
    v = torch.full((4,), 0.7, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x, v: evonorm_s0(x, v, num_groups=2), (x, v))
    layer = EvoNormB0(4).double()
    assert torch.autograd.gradcheck(layer, x)


@pytest.mark.fast
@BOTH
@pytest.mark.parametrize('dtype', [torch.bfloat16, torch.float16])
def test_half_precision(kind, dtype):
    """Values whose squares float16 cannot hold."""
    x = (300 + 100 * torch.randn(2, 32, 8, 8, generator=torch.Generator().manual_seed(0))).to(dtype).requires_grad_()
    layer, expected = kind(32), kind(32)(x.detach().float())
    with torch.autocast('cpu', dtype=torch.bfloat16):
        found = layer(x)
    assert found.dtype == dtype
    torch.testing.assert_close(found.float(), expected, rtol=1e-2, atol=1e-2)
    found.sum().backward()
    assert torch.isfinite(x.grad).all() and layer.weight.grad.dtype == torch.float32


@pytest.mark.fast
@BOTH
@pytest.mark.parametrize('shape', [(2, 32, 4, 4), (2, 32, 1, 1), (1, 32, 1, 1), (1, 64, 1, 1)], ids=str)
def test_flat_pictures_and_single_pixels(kind, shape):
    """As pooled branches are; nothing is divided by the 0.003 that is added to a deviation of 0."""
    for x in (torch.zeros(shape), torch.randn(shape, generator=torch.Generator().manual_seed(0))):
        x.requires_grad_()
        layer = kind(shape[1])
        found = layer(x)
        found.sum().backward()
        assert found.abs().max() < 100
        assert torch.isfinite(x.grad).all() and all(torch.isfinite(p.grad).all() for p in layer.parameters())


@pytest.mark.fast
@pytest.mark.parametrize(('channels', 'groups'), [(64, 32), (48, 24), (16, 16), (7, 7), (34, 17), (37, 1)])
def test_as_many_groups_as_fit(channels, groups):
    assert EvoNormS0(channels).num_groups == TrashGroupNorm(channels).num_groups == groups
    x = torch.randn(2, channels, 4, 4)
    torch.testing.assert_close(TrashGroupNorm(channels)(x), torch.nn.GroupNorm(groups, channels)(x))
    assert EvoNormS0(channels)(x).shape == x.shape


@pytest.mark.fast
def test_instance_norm_of_a_pixel():
    name, layer = build_norm_layer({'type': 'TrashInstanceNorm'}, 3, postfix=2)
    assert name == 'in2' and is_norm(layer)
    x = torch.randn(2, 3, 4, 4)
    torch.testing.assert_close(layer(x), torch.nn.InstanceNorm2d(3)(x))
    torch.nn.init.constant_(layer.weight, 2)
    torch.nn.init.constant_(layer.bias, 1)
    torch.testing.assert_close(layer(x[..., :1, :1]), 2 * x[..., :1, :1] + 1)
    with pytest.raises(ValueError, match='more than 1 spatial element'):
        torch.nn.InstanceNorm2d(3)(x[..., :1, :1])


@pytest.mark.fast
@BOTH
def test_mmcv_and_mmengine_know_it_as_a_norm(kind):
    name, layer = build_norm_layer({'type': kind.__name__, 'requires_grad': False}, 64, postfix=1)
    assert name == 'evonorm1' and type(layer) is kind and is_norm(layer)
    assert not any(parameter.requires_grad for parameter in layer.parameters())
    assert {name for name, _ in layer.named_parameters()} == {'weight', 'bias', 'v'}
    model = torch.nn.ModuleDict({'conv': torch.nn.Conv2d(3, 32, 1), 'norm': kind(32)})
    constructor = DefaultOptimWrapperConstructor(
        {'optimizer': {'type': 'AdamW', 'lr': 1.0, 'weight_decay': 0.1}}, {'norm_decay_mult': 0.0}
    )
    decays = [group['weight_decay'] for group in constructor(model).optimizer.param_groups]
    assert sorted(decays) == [0, 0, 0, 0.1, 0.1]


@pytest.mark.fast
@BOTH
def test_a_checkpoint_s_plain_values_come_back(kind):
    layer, other = kind(32), kind(32)
    layer(torch.randn(2, 32, 4, 4) * 3)
    other.load_state_dict(dict(layer.state_dict()))
    x = torch.randn(2, 32, 4, 4)
    torch.testing.assert_close(layer.eval()(x), other.eval()(x))
    assert ('moving_variance' in layer.state_dict()) == (kind is EvoNormB0)


@pytest.mark.fast
@BOTH
def test_synchronised_batch_norms_leave_it_alone(kind):
    model = torch.nn.Sequential(kind(32), torch.nn.BatchNorm2d(32))
    converted = torch.nn.SyncBatchNorm.convert_sync_batchnorm(model)
    assert [type(layer) for layer in converted] == [kind, torch.nn.SyncBatchNorm]


@pytest.mark.fast
@BOTH
def test_scale_and_shift_alone(kind):
    layer = kind(32)
    layer.leave_affine()
    torch.nn.init.constant_(layer.weight, 2)
    torch.nn.init.constant_(layer.bias, 1)
    x = torch.randn(2, 32, 4, 4)
    torch.testing.assert_close(layer(x), 2 * x + 1)
    assert set(layer.state_dict()) == {'weight', 'bias'}


@pytest.mark.fast
def test_recomputing_counts_a_batch_once():
    stage = torch.nn.Sequential(torch.nn.Conv2d(3, 8, 1), EvoNormB0(8), torch.nn.BatchNorm2d(8))
    x = torch.randn(2, 3, 4, 4)
    plain = stage[1].moving_variance.lerp(stage[0](x).var(dim=(0, 2, 3), correction=0), 0.1).detach()
    recomputed(stage)(x).sum().backward()
    torch.testing.assert_close(stage[1].moving_variance, plain)
    assert stage[2].num_batches_tracked == 1


def step_of(rank: int, pictures: torch.Tensor) -> dict[str, list]:
    """One forward and backward pass over this rank's pictures: uneven shares, so that means of means would differ."""
    layer = EvoNormB0(4)
    x = (pictures[:1] if rank == 0 else pictures[1:]).requires_grad_()
    (layer(x) * torch.arange(4.0).view(1, 4, 1, 1)).square().sum().backward()
    return {'variance': layer.moving_variance.tolist(), 'grad': x.grad.tolist()}


def one_of_two(rank, port, pictures, results):
    sys.stderr = open(os.devnull, 'w')  # noqa: SIM115 - the process ends soon
    torch.set_num_threads(1)
    torch_dist.init_process_group('gloo', init_method=f'tcp://127.0.0.1:{port}', rank=rank, world_size=2)
    results.put((rank, step_of(rank, pictures)))
    torch_dist.barrier()
    torch_dist.destroy_process_group()


def test_ranks_share_the_variance_of_all_pictures():
    pictures = torch.randn(3, 4, 5, 5) * torch.tensor([1.0, 2, 3]).view(3, 1, 1, 1) + 10
    x = pictures.clone().requires_grad_()
    alone = EvoNormB0(4)
    (alone(x) * torch.arange(4.0).view(1, 4, 1, 1)).square().sum().backward()
    with socket.socket() as listener:
        listener.bind(('127.0.0.1', 0))
        port = listener.getsockname()[1]
    context = torch.multiprocessing.get_context('fork')
    results = context.Queue()
    processes = [context.Process(target=one_of_two, args=(rank, port, pictures, results)) for rank in range(2)]
    for process in processes:
        process.start()
    found = dict(results.get(timeout=60) for _ in processes)
    for process in processes:
        process.join(30)
    assert found[0]['variance'] == found[1]['variance'] == pytest.approx(alone.moving_variance.tolist(), rel=1e-5)
    grads = torch.tensor(found[0]['grad'] + found[1]['grad'])
    torch.testing.assert_close(grads, x.grad, rtol=1e-4, atol=1e-5)
