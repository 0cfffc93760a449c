"""The measurement of the speed of training: detectors and segmenters."""

import json
import sys
import time

import pytest

from benchmarks.grid import run_until
from tools._launch import ROOT


@pytest.mark.slow
@pytest.mark.parametrize('config', ['htc_swin', 'upernet_swin', 'mask2former_swin'])
def test_speed_is_measured(tmp_path, config):
    command = [sys.executable, str(ROOT / 'benchmarks' / 'training_speed.py'), f'configs/demo/{config}.py']
    options = ['--size', '64', '--steps', '2', '--warm-up', '1', '--batch', '2']
    log = tmp_path / 'log'
    assert run_until([*command, *options], log, time.monotonic() + 600) == 0, log.read_text()[-500:]
    figures = json.loads(log.read_text().splitlines()[-1])
    assert figures['images_per_second'] == pytest.approx(2 * figures['iterations_per_second']) and figures['batch'] == 2
    assert figures['iterations_per_second'] > 0 and figures['size'] == 64
