"""Members of all kinds vote together, and those that cannot are refused by name."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from custom_modules.datasets import load_coco
from custom_modules.ensemble import open_probs
from custom_modules.ensemble.voting import open_members, vote_labels
from custom_modules.ensemble.voting.outcomes import outcomes
from custom_modules.ensemble.voting.params import VoteParams
from custom_modules.submission import write_segmentation_csv
from custom_modules.utils import UserError
from tests.custom_modules.ensemble.voting.conftest import SIZES, name_of, some_labels

pytestmark = pytest.mark.fast


def load(path):
    return load_coco(path, check_images=False)


def labels_of(electorate, index, picture):
    weights = np.zeros((len(electorate.members), len(electorate.classes)))
    weights[index] = 1
    layers = [member.layer(picture) for member in electorate.members]
    return vote_labels(layers, picture.size, weights)


def test_members_of_all_kinds(add_probs, add_pictures, add_ann, tmp_path):
    truth = [some_labels(seed) for seed in range(4)]
    rows = []
    for number, one in truth[3].items():
        height, width = one.shape
        large = one[np.arange(256) * height // 256][:, np.arange(256) * width // 256]
        rows.append((f'./{name_of(number)}', large))
    write_segmentation_csv(tmp_path / 'd.csv', rows)
    paths = [
        add_probs('a.probs', truth[0]),
        add_probs('b.probs', truth[1], dtype='uint16'),
        add_pictures('c', truth[2]),
        tmp_path / 'd.csv',
    ]
    electorate = open_members(paths, load(add_ann()))
    assert [member.kind for member in electorate.members] == ['probabilities'] * 2 + ['label pictures', 'csv']
    assert electorate.classes == ('Background', 'Paper', 'Can') and electorate.source == 'val.json'
    assert [(one.id, one.file_name, one.size) for one in electorate.pictures] == [
        (number, name_of(number), size) for number, size in SIZES.items()
    ]
    for picture in electorate.pictures:
        for index, labels in enumerate(truth):
            np.testing.assert_array_equal(labels_of(electorate, index, picture), labels[picture.id])


def test_without_a_data_set_the_first_probabilities_say_what_there_is(add_probs, add_pictures):
    small = {number: one[::2, ::2] for number, one in some_labels(1).items() if number != 4}
    large = {number: one for number, one in some_labels(1).items() if number != 4}
    paths = [add_pictures('c', large), add_probs('a.probs', small), add_probs('b.probs', large)]
    electorate = open_members(paths)
    assert electorate.source == str(paths[1])
    assert [(one.id, one.size) for one in electorate.pictures] == [(3, (3, 4)), (9, (3, 4))]
    np.testing.assert_array_equal(labels_of(electorate, 1, electorate.pictures[0]), small[3])


@pytest.mark.parametrize(
    'names',
    [
        pytest.param(lambda number: f'{number:04d}', id='without folder'),
        pytest.param(lambda number: f'test/{number:04d}', id='with folder'),
        pytest.param(lambda number: f'{number:06d}_{number:04d}_labels', id='as predict.py draws'),
    ],
)
def test_names_of_label_pictures(add_pictures, add_ann, names):
    folder = add_pictures('c', some_labels(0), names)
    (folder / 'over.jpg').touch()
    electorate = open_members([folder], load(add_ann()))
    for picture in electorate.pictures:
        np.testing.assert_array_equal(labels_of(electorate, 0, picture), some_labels(0)[picture.id])


def test_an_intersection_only_when_asked_for(add_probs, add_ann):
    some, other = some_labels(0), some_labels(1)
    paths = [
        add_probs('a.probs', {3: some[3], 4: some[4]}),
        add_probs('b.probs', {4: other[4], 3: other[3], 11: other[9]}),
    ]
    ann = load(add_ann())
    electorate = open_members(paths, ann, intersection=True)
    assert ([picture.id for picture in electorate.pictures], electorate.left_out) == ([3, 4], 1)
    np.testing.assert_array_equal(labels_of(electorate, 1, electorate.pictures[1]), other[4])
    with pytest.raises(
        UserError, match=r'a\.probs: lacks test/0009\.jpg of the 3 pictures of val\.json; --intersection'
    ):
        open_members(paths, ann)
    with pytest.raises(UserError, match=r'b\.probs: has test/0011\.jpg, which .*a\.probs has not; --intersection'):
        open_members(paths)
    with pytest.raises(UserError, match=r'no picture of val\.json is in all members'):
        open_members([*paths, add_probs('c.probs', {9: some[9]})], ann, intersection=True)


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        pytest.param(
            {'classes': ('Background', 'Can', 'Paper')},
            r'b\.probs: has the classes in another order: 1 is Can, not Paper as in val\.json',
            id='order',
        ),
        pytest.param(
            {'classes': ('Background', 'Paper', 'Glass')},
            r'b\.probs: has the 3 classes Background, Paper, Glass; val\.json has the 3 classes',
            id='other classes',
        ),
        pytest.param(
            {'names': lambda number: f'train/x{number}.jpg'},
            r'b\.probs: picture 3 is train/x3\.jpg, not test/0003\.jpg',
            id='other names',
        ),
        pytest.param(
            {'labels': some_labels(0, {**SIZES, 4: (4, 8)})},
            r'b\.probs: test/0004\.jpg is 8 x 4 pixels, not of the shape of 4 x 5',
            id='other shape',
        ),
        pytest.param(
            {'labels': {3: some_labels(0)[3]}}, r'b\.probs: lacks test/0004\.jpg and 1 more of the 3', id='fewer'
        ),
    ],
)
def test_others_are_refused_by_name(add_probs, add_ann, change, message):
    options = {'labels': some_labels(1), **change}
    paths = [add_probs('a.probs', some_labels(0)), add_probs('b.probs', options.pop('labels'), **options)]
    with pytest.raises(UserError, match=message):
        open_members(paths, load(add_ann()))
    with pytest.raises(UserError, match=message.split(r' as in val\.json')[0].split(r'; val\.json')[0]):
        open_members(paths)


def test_another_number_of_classes(add_probs, add_ann):
    with pytest.raises(
        UserError, match=r'a\.probs: has the 3 classes .*; val\.json has the 2 classes Background, Paper'
    ):
        open_members([add_probs('a.probs', some_labels(0))], load(add_ann(categories=['Paper'])))


def test_damaged_members(add_probs, add_pictures, add_ann, tmp_path):
    ann = load(add_ann())
    probs = add_probs('a.probs', some_labels(0))
    with open(probs / 'data.bin', 'r+b') as file:
        file.truncate(100)
    with pytest.raises(UserError, match=r'a\.probs/data\.bin: ends after 100 of 348 bytes'):
        open_members([probs], ann)
    folder = add_pictures('c', some_labels(0))
    labels = some_labels(0)[3]
    labels[2, 2] = 7
    Image.fromarray(labels).save(folder / 'test' / '0003.png')
    (folder / 'test' / '0004.png').write_bytes((folder / 'test' / '0004.png').read_bytes()[:60])
    electorate = open_members([folder], ann)
    with pytest.raises(UserError, match=r'c: test/0003\.png: has the label 7, the 3 classes are 0 to 2'):
        electorate.members[0].layer(electorate.pictures[0])
    with pytest.raises(UserError, match=r'c/test/0004\.png: no readable label picture'):
        electorate.members[0].layer(electorate.pictures[1])
    with pytest.raises(UserError, match=r'c: label pictures and csv do not say .* by --ann'):
        open_members([folder])
    for missing in ('no.probs', 'no', 'no.csv'):
        with pytest.raises(UserError, match=rf'{missing}: no such'):
            open_members([tmp_path / missing], ann)
    (tmp_path / 'empty').mkdir()
    with pytest.raises(UserError, match='empty: no predictions of a segmenter'):
        open_members([tmp_path / 'empty'], ann)


def test_memory_of_a_picture_is_given_back(add_probs):
    """A page that was dropped is read again."""
    maps = open_probs(add_probs('a.probs', {1: some_labels(0, {1: (300, 300)})[1]}, names=str))
    raw = maps.raw(1)
    before = raw.copy()
    maps.prefetch(1)
    maps.release(1)
    np.testing.assert_array_equal(raw, before)


@pytest.mark.skipif(not Path('/proc/self/smaps').is_file(), reason='memory of mappings is known on Linux only')
def test_a_vote_on_many_pictures_keeps_none_of_them(add_probs):
    """What is mapped of the files afterwards is less than a picture, 196,608 bytes a member."""
    sizes = dict.fromkeys(range(1, 13), (256, 256))
    paths = [add_probs(name, some_labels(seed, sizes)) for seed, name in enumerate(('a.probs', 'b.probs'))]
    electorate = open_members(paths)
    params = VoteParams(tuple(electorate.names), electorate.classes, (1.0, 1.0))
    for outcome in outcomes(electorate, params, compare=True):
        assert outcome.labels.shape == (256, 256)
        assert sum(resident_of(path / 'data.bin') for path in paths) < 196_608


def resident_of(path) -> int:
    """Return how many bytes of a file are in the process's memory."""
    lines, found = iter(Path('/proc/self/smaps').read_text().split('\n')), 0
    for line in lines:
        if line.endswith(str(path)):
            found += next(int(part.split()[1]) * 1024 for part in lines if part.startswith('Rss:'))
    return found
