"""What a person sees of a training, on a terminal and in a file."""

import io
import re

import pytest

from custom_modules.engine.hooks import ProgressHook
from custom_modules.engine.log_lines import loss_text
from tests.custom_modules.utils.test_status_line import screen


class Terminal(io.StringIO):
    """A stream that says a person watches it."""

    def isatty(self) -> bool:
        return True


def train_on(stream, runner) -> str:
    for handler in runner.logger.handlers:
        if type(handler).__name__ == 'StreamHandler':
            handler.setStream(stream)
    runner.train()
    return stream.getvalue()


def test_on_a_terminal_one_line_is_written_over(toy_runner, monkeypatch):
    monkeypatch.setenv('TERM', 'xterm')
    runner = toy_runner(default_hooks={'progress': {'interval': 0.0}})
    text = train_on(Terminal(), runner)
    shown = screen(text)
    assert not [line for line in shown if 'lr' in line and 'INFO' in line]  # the log's own progress lines
    progress = [line for line in shown if line.startswith('epoch ')]
    assert len(progress) == 1  # everything before it was written over
    last = r'epoch 4/4 \[#{20}\] (5/5  loss \d+\.\d{4}  lr 1\.0e-02  \S+ img/s  left 0:00:00|validation 5/5)'
    assert re.match(last, progress[0])
    assert len(re.findall(r'\repoch|Kepoch', text)) > 20
    assert sum('best mAP50 so far' in line for line in shown) >= 1
    assert all(type(handler.stream).__name__ != 'StatusLine' for handler in runner.logger.handlers)


def test_elsewhere_lines_follow_each_other(toy_runner):
    lines = train_on(io.StringIO(), toy_runner(optim_wrapper={'clip_grad': {'max_norm': 35}})).splitlines()
    pattern = r'.* - epoch 2/4 \[5/5\]  loss \d+\.\d{4}  lr 1\.00e-02  grad [\d.]+  [\d.e-]+ s/it  left 0:00:\d\d'
    assert sum(bool(re.fullmatch(pattern, line)) for line in lines) == 1
    assert not any('\r' in line for line in lines)


def test_the_line_is_left_when_the_training_fails(toy_runner, killed, monkeypatch):
    monkeypatch.setenv('TERM', 'xterm')
    runner, stream = (
        toy_runner(kill=('before_train_iter', 3), default_hooks={'progress': {'interval': 0.0}}),
        Terminal(),
    )
    with pytest.raises(killed):
        train_on(stream, runner)
    assert stream.getvalue().endswith('\n')


@pytest.mark.fast
@pytest.mark.parametrize(
    ('values', 'text'),
    [
        ({'loss': 1.5, 'lr': 1.0, 'loss_cls': 1.0, 'loss_rpn_bbox': 0.5}, 'loss 1.5000 (cls 1 rpn_bbox 0.5)'),
        ({'loss': 1.5, 'loss_cls': 1.5}, 'loss 1.5000'),
        ({'loss_cls': 1.5}, 'loss 1.5000'),
    ],
)
def test_parts_are_short(values, text):
    assert loss_text(values) == text


@pytest.mark.fast
def test_the_look_is_not_renewed_more_often_than_asked():
    hook = ProgressHook(interval=10.0)
    hook._line = object()
    assert [hook._is_due(moment) for moment in (100.0, 105.0, 110.0, 119.9)] == [True, False, True, False]
