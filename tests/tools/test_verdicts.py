"""The doctor's verdicts on made-up machines."""

import pytest

from tools import _verdicts
from tools._verdicts import BAD, NOTE, OK, Card, GpuFacts

pytestmark = pytest.mark.fast

CUDA_13 = ('sm_75', 'sm_80', 'sm_86', 'sm_90', 'sm_100', 'sm_120', 'compute_120')
CUDA_12_4 = ('sm_50', 'sm_60', 'sm_70', 'sm_75', 'sm_80', 'sm_86', 'sm_90')
A100 = Card('A100', 40, (8, 0))
RTX_3060 = Card('RTX 3060', 12.9, (8, 6))
RTX_5090 = Card('RTX 5090', 34, (12, 0))
V100 = Card('V100', 34, (7, 0))
K80 = Card('K80', 12, (3, 7))


def gpu(*cards: Card, **changes) -> GpuFacts:
    """Return a machine where everything fits, with the given cards and changes."""
    right = dict(torch='2.13.0+cu130', torchvision='0.28.0', cuda='13.0', available=True, archs=CUDA_13)
    return GpuFacts(**{**right, 'driver': '580.65.06', 'cards': cards, **changes})


@pytest.mark.parametrize(
    ('facts', 'level', 'parts'),
    [
        pytest.param(gpu(A100), OK, ['GPU 0: A100, 40 GB, compute capability 8.0, usable'], id='fits'),
        pytest.param(gpu(RTX_3060), OK, ['usable', '--amp --low-memory'], id='small-memory'),
        pytest.param(gpu(A100, torchvision=''), NOTE, ['portable', "'torchvision==0.28.*'"], id='no-torchvision'),
        pytest.param(GpuFacts('2.13.0+cpu'), OK, ['No GPU', 'on the CPU'], id='cpu-only'),
        pytest.param(gpu(available=False, driver=''), OK, ['No GPU'], id='cuda-torch-without-card'),
        pytest.param(
            gpu(available=False, driver='', on_bus=2),
            NOTE,
            ['2 NVIDIA card(s)', 'without a working driver', '--gpus all'],
            id='driver-missing',
        ),
        pytest.param(
            gpu(A100, torch='2.13.0+cpu', cuda=None), BAD, ['CPU build beside A100', 'pip config list'], id='cpu-torch'
        ),
        pytest.param(
            gpu(A100, driver='535.104.05', available=False),
            BAD,
            ['535.104.05 is too old', 'CUDA 13.0 needs 580.65.06', 'make TORCH=2.10.0 install'],
            id='driver-for-cuda-12',
        ),
        pytest.param(
            gpu(A100, driver='470.57.02', available=False),
            BAD,
            ['update the driver to 580.65.06'],
            id='driver-for-cuda-11',
        ),
        pytest.param(
            gpu(A100, torch='2.7.1+cu126', cuda='12.6', driver='470.57.02', available=False),
            BAD,
            ['CUDA 12.6 needs 525.60.13'],
            id='cuda-12-torch-old-driver',
        ),
        pytest.param(gpu(A100, cuda='12.6', driver='525.60.13'), OK, ['usable'], id='oldest-driver-that-does'),
        pytest.param(
            gpu(V100), BAD, ['no code for V100 (compute capability 7.0)', 'too old', 'TORCH=2.7.1'], id='card-too-old'
        ),
        pytest.param(gpu(K80), BAD, ['every torch'], id='card-far-too-old'),
        pytest.param(
            gpu(RTX_5090, torch='2.6.0+cu124', cuda='12.4', archs=CUDA_12_4),
            BAD,
            ['12.0', 'newer than this torch'],
            id='card-too-new',
        ),
        pytest.param(gpu(A100, available=False, visible=''), NOTE, ['hidden by CUDA_VISIBLE_DEVICES='], id='hidden'),
        pytest.param(gpu(A100, available=False, error='CUDA unknown error'), BAD, ['CUDA unknown error'], id='unknown'),
        pytest.param(GpuFacts('2.13.0', hip='6.4', available=True), OK, ['ROCm 6.4, usable'], id='amd'),
    ],
)
def test_gpu(facts, level, parts):
    verdicts = _verdicts.judge_gpu(facts)
    text = ' | '.join(f'{verdict.text} -> {verdict.remedy}' for verdict in verdicts)
    assert [part for part in parts if part not in text] == []
    assert verdicts[-1].level == level, text


def test_every_card_is_judged():
    levels = [verdict.level for verdict in _verdicts.judge_gpu(gpu(A100, RTX_3060))]
    assert levels == [OK, OK]
    assert [verdict.text.split(' for ')[1] for verdict in _verdicts.judge_gpu(gpu(A100, V100, K80))] == [
        'V100 (compute capability 7.0)',
        'K80 (compute capability 3.7)',
    ]


@pytest.mark.parametrize(
    ('capability', 'archs', 'expected'),
    [
        pytest.param((8, 6), ['sm_86'], True, id='same'),
        pytest.param((8, 9), ['sm_86'], True, id='later-minor'),
        pytest.param((8, 0), ['sm_86'], False, id='earlier-minor'),
        pytest.param((9, 0), ['sm_86'], False, id='later-generation'),
        pytest.param((9, 0), ['sm_80', 'compute_80'], True, id='intermediate-code'),
        pytest.param((7, 5), ['compute_80'], False, id='intermediate-code-too-new'),
        pytest.param((9, 0), ['sm_90a'], True, id='one-capability'),
        pytest.param((12, 1), ['sm_120a'], False, id='another-than-the-one'),
        pytest.param((12, 1), ['sm_120'], True, id='three-digits'),
        pytest.param((8, 0), [], False, id='nothing'),
    ],
)
def test_code_runs_on_card(capability, archs, expected):
    assert _verdicts.runs_on(capability, archs) is expected


@pytest.mark.parametrize(
    ('installed', 'levels', 'part'),
    [
        pytest.param({'torch': '2.13.0+cpu', 'numpy': '2.2.6'}, [OK], 'torch 2.13.0+cpu, numpy 2.2.6', id='as-pinned'),
        pytest.param({'torch': '2.13.0', 'numpy': '2.4.0'}, [OK, NOTE], 'numpy 2.4.0 instead of 2.2.6', id='other'),
        pytest.param({'torch': '2.13.0'}, [OK, BAD], 'Missing: numpy 2.2.6', id='missing'),
        pytest.param({}, [BAD], 'Missing: torch 2.13.0, numpy 2.2.6', id='nothing'),
    ],
)
def test_packages(installed, levels, part):
    verdicts = _verdicts.judge_packages({'torch': '2.13.0', 'numpy': '2.2.6'}, installed)
    assert [verdict.level for verdict in verdicts] == levels
    assert part in verdicts[-1].text


@pytest.mark.parametrize(
    ('gpu', 'changes', 'level', 'part'),
    [
        pytest.param(False, {}, OK, 'Operators on the CPU portable. compiled: none', id='cpu'),
        pytest.param(True, {}, OK, 'on the GPU torchvision (nms, roi_align), portable (carafe).', id='gpu'),
        pytest.param(False, {'forced': True}, OK, 'portable (TRASH_OPS=portable).', id='forced'),
        pytest.param(False, {'numba': 'not importable'}, NOTE, 'numba: not importable', id='no-numba'),
    ],
)
def test_operators(gpu, changes, level, part):
    operators = {name: {'cpu': 'portable', 'cuda': 'torchvision'} for name in ('nms', 'roi_align')}
    operators['carafe'] = {'cpu': 'portable', 'cuda': 'portable'}
    found = dict(
        name='portable', forced=False, compiled='none', torchvision='0.28.0', numba='0.68.1', operators=operators
    )
    verdict = _verdicts.judge_ops({**found, **changes}, gpu=gpu)
    assert verdict.level == level and part in verdict.text


HEADLESS, GUI = ('opencv-python-headless', '4.12.0.88'), ('opencv-python', '4.12.0.88')


@pytest.mark.parametrize(
    ('installed', 'version', 'level', 'part'),
    [
        pytest.param([HEADLESS], '4.12.0', OK, 'one and headless', id='right'),
        pytest.param([GUI, HEADLESS], '4.12.0', BAD, '2 OpenCVs overwrite each other', id='two'),
        pytest.param([GUI], '4.12.0', NOTE, 'needs libGL', id='wrong-one'),
        pytest.param(
            [HEADLESS], '', BAD, 'does not import (installed: opencv-python-headless 4.12.0.88): odd', id='broken'
        ),
        pytest.param([], '', BAD, 'installed: none', id='none'),
    ],
)
def test_opencv(installed, version, level, part):
    verdict = _verdicts.judge_opencv(installed, version, 'odd')
    assert verdict.level == level and part in verdict.text
    assert bool(verdict.remedy) == (level != OK)


@pytest.mark.parametrize(
    ('version', 'level'), [((3, 10, 13), BAD), ((3, 11, 0), OK), ((3, 13, 9), OK), ((3, 14, 0), BAD)]
)
def test_python(version, level):
    assert _verdicts.judge_python(version, '/somewhere', in_venv=False).level == level


@pytest.mark.parametrize(
    ('facts', 'levels'),
    [
        pytest.param((8, 64, 500, 16), [OK, OK, OK], id='ample'),
        pytest.param((2, 6, 500, 16), [NOTE, OK, OK], id='little-memory'),
        pytest.param((2, 64, 5, 16), [OK, NOTE, OK], id='little-disk'),
        pytest.param((2, 64, 0.5, 16), [OK, BAD, OK], id='disk-full'),
        pytest.param((2, 64, 500, 0.064), [OK, OK, NOTE], id='docker'),
        pytest.param((2, 64, 500, None), [OK, OK], id='no-shm'),
    ],
)
def test_machine(facts, levels):
    assert [verdict.level for verdict in _verdicts.judge_machine(*facts)] == levels
