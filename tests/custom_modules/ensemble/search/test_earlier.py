"""Finding the params of an earlier search again."""

import json
import os

import pytest

from custom_modules.ensemble import FusionParams
from custom_modules.ensemble.search import earlier_params

A, B, C = (f'work_dirs/{run}/predictions/val.json' for run in 'abc')


@pytest.fixture
def save(tmp_path):
    """Write params of some members, each call a newer file."""
    times = iter(range(1000, 2000))

    def write(name, members):
        path = tmp_path / f'{name}.params.json'
        FusionParams(members, (0,), (1.0,) + (0.5,) * (len(members) - 1)).save(path)
        time = next(times)
        os.utime(path, (time, time))
        return path

    return write


@pytest.mark.fast
def test_the_newest_for_these_members_alone(save, tmp_path):
    found = [save('old', (A, B)), save('new', (B, A)), save('more', (A, B, C)), save('other', (A, C))]
    (tmp_path / 'no.params.json').write_text('{}')
    found.append(tmp_path / 'no.params.json')
    assert earlier_params([A, B], found) == found[1]
    assert earlier_params([A.replace('val', 'test'), B.replace('val', 'test')], found) == found[1]
    assert earlier_params([A, B, C, 'd.json'], found) is None
    assert earlier_params([A, B], []) is None


def test_other_predictions_of_the_same_runs_do_not_count(save, tmp_path):
    files = [tmp_path / run / 'predictions' / name for name in ('val.json', 'val_tta.json') for run in 'ab']
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        notes = {'checkpoint': str(file.parents[1] / 'best.pth'), 'config': f'{file.parts[-3]}.py'}
        file.with_suffix('.run.json').write_text(
            json.dumps({**notes, 'tta': {'flips': []} if '_tta' in file.stem else None})
        )
    names = list(map(str, files))
    params = save('plain', tuple(names[:2]))
    assert earlier_params(names[:2], [params]) == params
    assert earlier_params(names[2:], [params]) is None
