"""The scalars csv: killed at any byte, resumed at any step."""

import math

import pytest

from custom_modules.utils import UserError
from custom_modules.visualization import Scalar, ScalarsCsv, read_scalars

HEADER = 'iter,epoch,split,name,value'


@pytest.fixture
def path(tmp_path):
    return tmp_path / 'scalars.csv'


def fill(path):
    scalars = ScalarsCsv(path)
    for step in (10, 20, 30):
        scalars.append(step, 1, 'train', {'loss': 1 / step, 'lr': 1e-4})
    scalars.append(30, 1, 'val', {'mAP50': 0.1 + 0.2})


@pytest.mark.fast
def test_layout_and_full_precision(path):
    fill(path)
    lines = path.read_text().split('\n')
    assert lines[:3] == [HEADER, '10,1,train,loss,0.1', '10,1,train,lr,0.0001']
    assert lines[-2:] == ['30,1,val,mAP50,0.30000000000000004', '']
    assert read_scalars(path)[-1] == Scalar(30, 1, 'val', 'mAP50', 0.1 + 0.2)


@pytest.mark.fast
def test_killed_at_any_byte(path):
    fill(path)
    whole, scalars = path.read_bytes(), read_scalars(path)
    for length in range(len(whole) + 1):
        path.write_bytes(whole[:length])
        ScalarsCsv(path).append(40, 2, 'train', {'loss': 5})
        found = read_scalars(path)
        assert found[-1] == Scalar(40, 2, 'train', 'loss', 5)
        assert found[:-1] == scalars[: len(found) - 1]
        assert len(found) - 1 == max(whole[:length].count(b'\n') - 1, 0)


@pytest.mark.parametrize(
    ('resume_iter', 'steps'),
    [(None, [10, 20, 30]), (30, [10, 20, 30]), (29, [10, 20]), (10, [10]), (0, [])],
    ids=['keep all', 'at the last', 'before the last', 'at the first', 'afresh'],
)
def test_resuming_repeats_no_step(path, resume_iter, steps):
    fill(path)
    ScalarsCsv(path, resume_iter)
    found = read_scalars(path)
    assert sorted({scalar.iter for scalar in found}) == steps
    assert path.read_text().startswith(f'{HEADER}\n')


def test_lines_lost_in_a_power_cut_are_dropped(path):
    path.write_bytes(f'{HEADER}\n1,1,train,loss,2.0\n\0\0\0\0\n1,1,train\n'.encode() + b'\xff\xfe,1,train,loss,1\n')
    ScalarsCsv(path)
    assert path.read_text() == f'{HEADER}\n1,1,train,loss,2.0\n'


def test_names_with_commas_and_values_that_are_not_finite(path):
    ScalarsCsv(path).append(1, 1, 'val', {'AP50/bag, white': math.inf, 'x': math.nan})
    first, second = read_scalars(path)
    assert (first.name, first.value) == ('AP50/bag, white', math.inf)
    assert math.isnan(second.value)


def test_a_whole_file_is_not_written_again(path):
    fill(path)
    inode = path.stat().st_ino
    ScalarsCsv(path, resume_iter=30)
    assert path.stat().st_ino == inode


@pytest.mark.parametrize('use', [ScalarsCsv, read_scalars])
def test_other_files_are_refused_and_kept(path, use):
    path.write_text('step,loss\n1,2\n')
    with pytest.raises(UserError, match=r'scalars\.csv: not a scalars file'):
        use(path)
    assert path.read_text() == 'step,loss\n1,2\n'


def test_reading_a_missing_file(path):
    with pytest.raises(UserError, match='cannot be read'):
        read_scalars(path)
