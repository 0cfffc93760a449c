"""What a terminal and a log file are told."""

import io

import pytest

from custom_modules.engine.inference import PredictionProgress, progress

pytestmark = pytest.mark.fast


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def clock(monkeypatch) -> list[float]:
    """A clock to be set."""
    now = [100.0]
    monkeypatch.setattr(progress.time, 'monotonic', lambda: now[0])
    return now


def run(stream: io.StringIO, clock: list[float]) -> str:
    """Do four of ten pictures that earlier calls had left, one in twenty seconds; two were done before."""
    told = PredictionProgress(stream)
    told.begin(10, 2)
    for _ in range(4):
        clock[0] += 20
        told.advance(1)
    told.close()
    assert (told.done, told.total) == (6, 10)
    return stream.getvalue()


def test_a_log_file_gets_a_line_a_minute_and_one_at_the_end(clock):
    lines = run(io.StringIO(), clock).splitlines()
    assert lines[0] == '2 of 10 pictures are done, going on from there'
    assert [line.split('] ')[1] for line in lines[1:]] == [
        '6/10 pictures, 0.1/s, 0:01:20 left',
        '6/10 pictures, 0.1/s, 0:01:20 left',
    ]


def test_a_terminal_has_one_line_that_is_written_over(clock):
    text = run(Terminal(), clock)
    assert text.count('\n') == 2  # after the first sentence and at the end
    assert text.count('/10 pictures') == 4 and text.rstrip('\n').endswith('6/10 pictures, 0.1/s, 0:01:20 left')


def test_nothing_is_told_before_it_begins():
    stream = io.StringIO()
    PredictionProgress(stream).close()
    assert stream.getvalue() == ''
