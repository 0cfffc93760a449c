"""What losses remember: running values, what a checkpoint holds, and that ranks agree."""

import os
import socket
import sys
from types import SimpleNamespace

import pytest
import torch
import torch.distributed as torch_dist
import torch.multiprocessing
from mmdet.registry import MODELS
from mmengine.registry import HOOKS

PRED, TARGET = torch.tensor([[0.0, 0, 10, 10]]), torch.tensor([[0.0, 0, 10, 20]])  # 1 - IoU = 0.5


@pytest.mark.fast
def test_wiou_s_mean_moves_from_one_towards_what_it_sees():
    """One iteration to settle: 5 % of the old are left. 0.05 + 0.95 * 0.5 = 0.525, then 0.02625 + 0.475 = 0.50125."""
    loss = MODELS.build({'type': 'WIoULoss', 'settle_iterations': 1})
    means = []
    for _ in range(2):
        loss(PRED, TARGET)
        means.append(loss.mean_iou_loss.item())
    assert means == pytest.approx([0.525, 0.50125])
    assert list(loss.state_dict()) == ['mean_iou_loss']


@pytest.mark.fast
def test_wiou_s_momentum_is_the_paper_s():
    loss = MODELS.build({'type': 'WIoULoss', 'settle_iterations': 890 * 34})
    assert (1 - loss.momentum) ** (890 * 34) == pytest.approx(0.05)


STILL = {
    'no pair': lambda loss: loss(PRED[:0], TARGET[:0], avg_factor=3),
    'pairs without weight': lambda loss: loss(PRED, TARGET, torch.zeros(1, 4)),
    'not training': lambda loss: loss.eval()(PRED, TARGET),
}


@pytest.mark.fast
@pytest.mark.parametrize('use', STILL.values(), ids=STILL)
def test_wiou_s_mean_stays(use):
    loss = MODELS.build({'type': 'WIoULoss', 'settle_iterations': 10})
    loss.mean_iou_loss.fill_(0.3)
    use(loss)
    assert loss.mean_iou_loss.item() == pytest.approx(0.3)


@pytest.mark.fast
def test_a_step_uses_the_mean_before_it_and_goes_backward():
    loss = MODELS.build({'type': 'WIoULoss', 'settle_iterations': 1})
    pred = PRED.clone().requires_grad_()
    first = loss(pred, TARGET)
    assert first.item() == pytest.approx(0.435931, abs=1e-6)
    first.backward()
    assert loss(pred, TARGET).item() > first.item()


@pytest.mark.fast
def test_perfect_boxes_do_not_divide_by_zero():
    loss = MODELS.build({'type': 'WIoULoss', 'settle_iterations': 1})
    for _ in range(20):
        assert loss(TARGET, TARGET).item() == 0
    assert 0 < loss.mean_iou_loss.item() < 1e-5 and torch.isfinite(loss(PRED, TARGET))


SAMPLES = torch.tensor([0, 0, 1, 3, 3, 3])  # 3: background


def class_loss(kind: str, prefix: str = 'Trash') -> torch.nn.Module:
    return MODELS.build({'type': f'{prefix}{kind}', 'num_classes': 3})


@pytest.mark.fast
@pytest.mark.parametrize('kind, outputs', [('SeesawLoss', 5), ('EQLV2Loss', 4)])
def test_one_process_counts_as_upstream_does(kind, outputs):
    ours, upstream = class_loss(kind), class_loss(kind, '')
    generator = torch.Generator().manual_seed(0)
    for _ in range(4):
        logits = torch.randn(6, outputs, generator=generator)
        ours_now, upstream_now = ours(logits, SAMPLES), upstream(logits, SAMPLES)
        pairs = [(ours_now[name], upstream_now[name]) for name in ours_now] if kind == 'SeesawLoss' else []
        for one, other in pairs or [(ours_now, upstream_now)]:
            assert torch.equal(one, other)
    saved = upstream.state_dict()
    assert saved.keys() == ours.state_dict().keys() and len(saved) in (1, 3)
    assert all(torch.equal(saved[name], value) for name, value in ours.state_dict().items())
    if kind == 'SeesawLoss':
        assert saved['cum_samples'].tolist() == [8, 4, 0, 12]
    else:
        assert not vars(ours).keys() & {'pred_class_logits', 'gt_classes'}


def statistics_of(rank: int) -> dict[str, list[float]]:
    """Two iterations on this rank; rank 1 has no boxes at all, and calls its losses not once in the second."""
    wiou = MODELS.build({'type': 'WIoULoss', 'settle_iterations': 1})
    seesaw, eqlv2 = class_loss('SeesawLoss'), class_loss('EQLV2Loss')
    hook = HOOKS.build({'type': 'ShareStatisticsHook'})
    runner = SimpleNamespace(model=torch.nn.ModuleList([wiou, seesaw, eqlv2]))
    hook.before_train(runner)
    for iteration in range(2):
        if rank == 0:
            wiou(PRED, TARGET)
        if rank == 0 or iteration == 0:
            seesaw(torch.zeros(6, 5), SAMPLES)
            eqlv2(torch.zeros(6, 4), SAMPLES)
        hook.after_train_iter(runner, iteration)
    return {name: value.tolist() for name, value in runner.model.state_dict().items()}


def one_of_two(rank, port, results):
    sys.stderr = open(os.devnull, 'w')  # noqa: SIM115 - the process ends soon
    torch.set_num_threads(1)
    torch_dist.init_process_group('gloo', init_method=f'tcp://127.0.0.1:{port}', rank=rank, world_size=2)
    results.put((rank, statistics_of(rank)))
    torch_dist.barrier()
    torch_dist.destroy_process_group()


def test_ranks_agree_and_none_waits_for_one_without_boxes():
    with socket.socket() as listener:
        listener.bind(('127.0.0.1', 0))
        port = listener.getsockname()[1]
    context = torch.multiprocessing.get_context('fork')
    results = context.Queue()
    processes = [context.Process(target=one_of_two, args=(rank, port, results)) for rank in range(2)]
    for process in processes:
        process.start()
    found = dict(results.get(timeout=60) for _ in processes)
    for process in processes:
        process.join(30)
    assert found[0] == found[1]
    assert found[0]['0.mean_iou_loss'] == pytest.approx(0.50125)  # as one process that sees all boxes
    assert found[0]['1.cum_samples'] == [6, 3, 0, 9]
    # Each sample pulls by 0.5 times its weight, 1 at first: positives of both ranks 2 and 1, negatives 4 and 5, ratios
    # 0.5 and 0.2.  These make the weights of positives 1 + 4 (1 - 1 / (1 + exp(-12 (ratio - 0.8)))) = 4.8936 and 4.9970
    # in the second iteration, to which rank 0 alone adds two and one.
    assert found[0]['2.pos_grad'] == pytest.approx([2 + 4.8936, 1 + 0.5 * 4.9970, 0], abs=1e-3)
