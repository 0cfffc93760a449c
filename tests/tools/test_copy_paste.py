"""A data set with pasted objects can be trained on, checked and repeated."""

import importlib
import json
from collections import Counter

import pytest
from pycocotools.mask import decode as decode_mask

from custom_modules.datasets import check_data_root, load_coco
from custom_modules.datasets.label_maps import LabelMaps
from custom_modules.utils import UserError
from tools.copy_paste import main, read_weights, report


def content_of(folder) -> dict:
    return json.loads((folder / 'train.json').read_text())


@pytest.fixture(scope='module')
def pasted(synthetic_root, tmp_path_factory):
    """Ten pictures made of the synthetic set, batteries only."""
    out = tmp_path_factory.mktemp('pasted') / 'set'
    others = [f'{c["name"]}=0' for c in content_of(synthetic_root)['categories'] if c['name'] != 'Battery']
    main(['--data-root', str(synthetic_root), '--out', str(out), '--pictures', '10', '--classes', *others])
    return out


@pytest.fixture(scope='module')
def pasted_densely(synthetic_root, tmp_path_factory):
    """The same for segmenters: many large objects, of which everything that can be seen stays."""
    out = tmp_path_factory.mktemp('pasted') / 'dense'
    options = [
        '--pictures',
        '10',
        '--classes',
        'equal',
        '--objects',
        '4',
        '6',
        '--scale',
        '1',
        '2',
        '--max-hidden',
        '1',
    ]
    main(['--data-root', str(synthetic_root), '--out', str(out), *options])
    return out


def test_the_new_set_is_complete_and_passes_the_checks(pasted, synthetic_root):
    train, val, warnings = check_data_root(pasted)
    assert len(train.images) == 26 and len(val.images) == 4
    assert train.classes == check_data_root(synthetic_root)[0].classes
    assert not [line for line in warnings if 'pasted' in line]
    names = {path.name for path in pasted.iterdir()}
    assert names == {'train.json', 'val.json', 'test.json', 'test_answers.json', 'copy_paste.json', 'images', 'pasted'}


def test_where_everything_comes_from(pasted, synthetic_root):
    old, new = content_of(synthetic_root), content_of(pasted)
    assert new['images'][:16] == old['images'] and len(new['categories']) == len(old['categories'])
    old_ids = {annotation['id']: annotation for annotation in old['annotations']}
    pasted_in = [annotation for annotation in new['annotations'] if 'source' in annotation]
    labels = {category['id']: category['name'] for category in new['categories']}
    assert 10 <= len(pasted_in) <= 30
    for annotation in pasted_in:
        source = old_ids[annotation['source']['annotation_id']]
        assert source['category_id'] == annotation['category_id']
        assert source['image_id'] == annotation['source']['image_id']
        assert labels[annotation['category_id']] == 'Battery'
    per_picture = Counter(annotation['image_id'] for annotation in pasted_in)
    made = [image for image in new['images'] if 'source' in image]
    assert set(per_picture) <= {image['id'] for image in made} and max(per_picture.values()) <= 3
    assert {image['source']['image_id'] for image in made} <= {image['id'] for image in old['images']}


def test_it_serves_segmenters_as_it_is(pasted_densely):
    """Label maps painted from the new json: pasted pixels have the label pasted, all others their own."""
    data = load_coco(pasted_densely / 'train.json')
    maps, groups = LabelMaps(data), data.annotations_of()
    made = [image for image in data.images if 'source' in image]
    assert len(made) == 10
    for image in made:
        expected = maps[image['source']['image_id']].copy()
        records = [record for record in groups[image['id']] if 'source' in record]
        for record in records:  # none hides another's pixels: hidden ones are cut from the masks
            expected[decode_mask(record['segmentation']) > 0] = data.label_of[record['category_id']] + 1
        assert records
        # Where old objects overlap the smaller one is on top, and what is hidden makes them smaller.
        assert (maps[image['id']] != expected).mean() < 0.001


def test_same_seed_same_set(pasted, synthetic_root, tmp_path):
    arguments = json.loads((pasted / 'copy_paste.json').read_text())
    again = ['--data-root', str(synthetic_root), '--pictures', '10', '--classes', *arguments['classes']]
    main([*again, '--out', str(tmp_path / 'same')])
    main([*again, '--out', str(tmp_path / 'other'), '--seed', '1'])
    assert content_of(tmp_path / 'same') == content_of(pasted)
    assert content_of(tmp_path / 'other') != content_of(pasted)
    for name in ('pasted/000001.jpg', 'pasted/000010.jpg'):
        assert (tmp_path / 'same' / name).read_bytes() == (pasted / name).read_bytes()


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (['--classes', 'often'], "^--classes 'often': give one of rare"),
        (['--classes', 'Accu=2'], '^--classes names Accu; the classes of the data are '),
        (['--classes', 'Batttery=2'], '^--classes names Batttery; did you mean Battery. The classes of the data are '),
        (['--classes', 'Battery=-1'], '^--classes .*: give numbers from 0 on'),
        (['--classes', 'Battery=many'], '--classes Battery=many: write NAME=WEIGHT'),
        (['--objects', '3', '1'], 'num_objects is .3, 1.'),
        (['--pictures', '0'], '--pictures 0: give a number from 1 on'),
    ],
    ids=['word', 'class', 'mistyped class', 'negative weight', 'weight', 'objects', 'pictures'],
)
def test_mistakes_leave_nothing_behind(synthetic_root, tmp_path, options, message):
    with pytest.raises(UserError, match=message):
        main(['--data-root', str(synthetic_root), '--out', str(tmp_path / 'set'), *options])
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_overwritten(synthetic_root, tmp_path):
    with pytest.raises(UserError, match='exists; name a new folder'):
        main(['--data-root', str(synthetic_root), '--out', str(tmp_path)])


def test_a_pasted_set_is_not_pasted_onto_again(pasted, tmp_path):
    """Its pictures would be hard links under the names of the new ones."""
    with pytest.raises(UserError, match='has pictures in pasted/ already; start from the data set it was made of'):
        main(['--data-root', str(pasted), '--out', str(tmp_path / 'set')])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize('divide', ['kfold', 'split_data'])
def test_a_pasted_set_is_not_divided(pasted, tmp_path, divide):
    """An object would be trained on in one picture and validated in another."""
    before = sorted(pasted.iterdir())
    where = ['--data-root', str(pasted), '--ann', 'train.json'] if divide == 'kfold' else [str(pasted / 'train.json')]
    with pytest.raises(UserError, match='has pictures with pasted objects.* divide the data set it was made of'):
        importlib.import_module(f'tools.{divide}').main(where)
    assert sorted(pasted.iterdir()) == before


def test_a_picture_that_cannot_be_written_leaves_nothing_behind(synthetic_root, tmp_path, monkeypatch):
    monkeypatch.setattr('custom_modules.engine.pasting.cv2.imwrite', lambda *args: False)
    with pytest.raises(UserError, match='000001.jpg: cannot be written'):
        main(['--data-root', str(synthetic_root), '--out', str(tmp_path / 'set'), '--pictures', '1'])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.fast
def test_class_names_may_have_blanks_and_signs():
    assert read_weights(['Plastic bag=2', 'a=b=0.5']) == {'Plastic bag': 2.0, 'a=b': 0.5}
    assert read_weights(['equal']) == 'equal'


@pytest.mark.fast
def test_the_table_adds_up():
    """Picture 1 (a bag, a can) was copied twice; a can was covered, and a bag and a can pasted."""
    images = [{'id': 1}, {'id': 2}, *({'id': number, 'source': {'image_id': 1}} for number in (3, 4))]
    objects = [(1, 0), (1, 1), (2, 1), (3, 0), (3, 1), (4, 0)]
    annotations = [{'image_id': image, 'category_id': label} for image, label in objects]
    annotations += [{'image_id': 4, 'category_id': label, 'source': {}} for label in (0, 1)]
    categories = [{'id': 1, 'name': 'Can'}, {'id': 0, 'name': 'Plastic bag'}, {'id': 2, 'name': 'Cup'}]
    table = report({'images': images, 'annotations': annotations, 'categories': categories}).splitlines()
    assert table[0].split() == ['objects', 'before', 'copied', 'along', 'pasted', 'covered', 'after']
    assert [line.rsplit(maxsplit=5) for line in table[1:]] == [
        ['Plastic bag', '1', '2', '1', '0', '4'],
        ['Can', '2', '2', '1', '-1', '4'],
        ['Cup', '0', '0', '0', '0', '0'],
        ['all', '3', '4', '2', '-1', '8'],
    ]


def test_nothing_is_covered_where_nothing_is_pasted(synthetic_root, tmp_path, capsys):
    main(['--data-root', str(synthetic_root), '--out', str(tmp_path / 'set'), '--pictures', '4', '--objects', '0', '0'])
    *_, everything, _ = capsys.readouterr().out.splitlines()
    name, before, copied, pasted, covered, after = everything.split()
    assert (name, pasted, covered) == ('all', '0', '0') and int(after) == int(before) + int(copied)
