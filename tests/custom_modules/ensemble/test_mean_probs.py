import numpy as np
import pytest

from custom_modules.ensemble import open_probs, write_probs
from custom_modules.ensemble.fold_probs import average_probs, merge_fold_probs
from custom_modules.ensemble.mean_probs import MeanProbs
from custom_modules.utils import UserError

CLASSES = ['Background', 'can']


@pytest.fixture
def folder_of(tmp_path):
    """Write a folder of pictures of 2 x 3 pixels, all of this probability of a can, by id."""

    def write(name, cans, classes=CLASSES, size=(2, 3), dtype='uint8'):
        pictures = [(one, f'{one}.jpg', np.stack([np.full(size, 1 - can), np.full(size, can)])) for one, can in cans]
        write_probs(tmp_path / f'{name}.probs', classes, pictures, dtype=dtype)
        return tmp_path / f'{name}.probs'

    return write


@pytest.mark.fast
@pytest.mark.parametrize(('cans', 'mean'), [([0.2], 0.2), ([0.2, 0.8], 0.5), ([1.0, 0.4, 0.4], 0.6)])
def test_mean(folder_of, tmp_path, cans, mean):
    paths = [folder_of(str(number), [(7, can), (9, 0.0)]) for number, can in enumerate(cans)]
    assert np.abs(MeanProbs(paths)[7][1] - mean).max() < 1e-6 + 1 / 510
    assert average_probs(paths, tmp_path / 'out.probs') == 2
    out = open_probs(tmp_path / 'out.probs')
    assert out.image_ids == (7, 9)
    assert np.abs(out[7][1] - mean).max() <= 1 / 255
    assert out[9].tolist() == [[[1.0] * 3] * 2, [[0.0] * 3] * 2]


@pytest.mark.parametrize(
    ('other', 'message'),
    [
        pytest.param({'classes': ['Background', 'bag']}, 'has other classes than .*a.probs', id='names'),
        pytest.param({'classes': ['can', 'Background']}, 'in another order', id='order'),
        pytest.param({'cans': [(8, 0.5)]}, 'has other pictures than .*a.probs, such as the id 7', id='pictures'),
        pytest.param({'size': (3, 2)}, '7.jpg is 2 x 3, in .*a.probs it is 3 x 2', id='size'),
    ],
)
def test_members_that_differ_are_refused(folder_of, tmp_path, other, message):
    paths = [folder_of('a', [(7, 0.5)]), folder_of('b', **{'cans': [(7, 0.5)], **other})]
    with pytest.raises(UserError, match=message):
        average_probs(paths, tmp_path / 'out.probs')
    assert not (tmp_path / 'out.probs').exists()


def test_folds_keep_their_numbers(folder_of, tmp_path):
    parts = {0: folder_of('a', [(7, 0.2)]), 1: folder_of('b', [(5, 0.8)], size=(4, 4))}
    merge_fold_probs(parts, {5: 1, 6: 0, 7: 0}, tmp_path / 'out.probs')
    out = open_probs(tmp_path / 'out.probs')
    assert out.image_ids == (5, 7)  # 6 could not be read
    assert np.array_equal(out.raw(5), open_probs(parts[1]).raw(5))
    assert out.raw(7).shape == (2, 2, 3)


@pytest.mark.parametrize(
    ('dtype', 'fold_of', 'message'),
    [('uint8', {5: 0, 7: 0}, 'predictions of fold 1 are about image 5'), ('uint16', {5: 1, 7: 0}, 'with one --bits')],
)
def test_folds_that_do_not_fit_are_refused(folder_of, tmp_path, dtype, fold_of, message):
    parts = {0: folder_of('a', [(7, 0.2)]), 1: folder_of('b', [(5, 0.8)], dtype=dtype)}
    with pytest.raises(UserError, match=message):
        merge_fold_probs(parts, fold_of, tmp_path / 'out.probs')
