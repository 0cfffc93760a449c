"""Params of a fusion: their one form, their file, and which file is which member."""

import json
from dataclasses import replace

import numpy as np
import pytest

from custom_modules.ensemble import FusionParams, fuse_predictions
from custom_modules.utils import UserError

RUNS = ('work_dirs/a/predictions/val.json', 'work_dirs/b/predictions/val.json', 'work_dirs/c/predictions/val.json')
EQUAL = FusionParams(RUNS, (3, 7), (1.0, 1.0, 1.0))
SCALE = ((1.0, 0.5), (0.25, 1.0), (1.0, 1.0))


@pytest.mark.fast
@pytest.mark.parametrize(
    ('params', 'expected'),
    [
        pytest.param(replace(EQUAL, weights=(2.0, 1.0, 0.0)), {'weights': (1.0, 0.5, 0.0)}, id='largest weight 1'),
        pytest.param(replace(EQUAL, weights=(0.0, 3.0, 0.0), iou_thr=0.4), {'weights': (0.0, 1.0, 0.0)}, id='alone'),
        pytest.param(replace(EQUAL, method='nms', conf_type='max'), {'method': 'nms'}, id='conf_type is for wbf'),
        pytest.param(replace(EQUAL, conf_type='max'), {'conf_type': 'max'}, id='conf_type of wbf'),
        pytest.param(replace(EQUAL, score_scale=((2.0, 3.0),) * 3), {}, id='a scale of all members alike is none'),
        pytest.param(
            replace(EQUAL, weights=(1.0, 1.0, 0.0), score_scale=((0.5, 1.0), (0.25, 1.0), (9.0, 9.0))),
            {'weights': (1.0, 1.0, 0.0), 'score_scale': ((1.0, 1.0), (0.5, 1.0), (1.0, 1.0))},
            id='at most 1 among the members that are used',
        ),
    ],
)
def test_canonical(params, expected):
    assert params.canonical() == replace(EQUAL, **expected)


@pytest.mark.fast
@pytest.mark.parametrize(
    'params', [EQUAL, replace(EQUAL, weights=(1.0, 0.25, 0.0), method='nmw', iou_thr=0.6, score_scale=SCALE)]
)
def test_file(tmp_path, params):
    params.save(tmp_path / 'new' / 'params.json', search={'seed': 3})
    assert FusionParams.load(tmp_path / 'new' / 'params.json') == params
    content = json.loads((tmp_path / 'new' / 'params.json').read_text())
    assert [member['file'] for member in content['members']] == list(RUNS)
    assert content['search'] == {'seed': 3}


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        pytest.param({'version': 9}, 'version 9', id='another version'),
        pytest.param({'method': 'nsm'}, "'nsm' is none of wbf, nmw, nms, soft_nms", id='unknown method'),
        pytest.param({'conf_type': 'mean'}, "'mean' is none of avg", id='unknown conf_type'),
        pytest.param({'members': []}, 'one weight above 0', id='no members'),
        pytest.param({'members': [{'file': 'a', 'weight': -1}]}, 'not negative', id='negative weight'),
        pytest.param({'members': [{'file': 'a'}]}, 'weight', id='no weight'),
        pytest.param({'members': [{'file': 'a', 'weight': 1, 'score_scale': [1]}]}, '2 values', id='short scale'),
        pytest.param({'iou_thr': 'high'}, 'high', id='a word for a number'),
    ],
)
def test_files_that_cannot_be_meant(tmp_path, change, message):
    path = tmp_path / 'params.json'
    EQUAL.save(path)
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(UserError, match=message) as error:
        FusionParams.load(path)
    assert str(path) in str(error.value) and '\n' not in str(error.value)


@pytest.mark.parametrize(
    'content', ['', '[]', '{"version": 1}', None], ids=['empty', 'list', 'nothing in it', 'missing']
)
def test_damaged_files(tmp_path, content):
    if content is not None:
        (tmp_path / 'params.json').write_text(content)
    with pytest.raises(UserError, match='params.json'):
        FusionParams.load(tmp_path / 'params.json')


@pytest.mark.fast
@pytest.mark.parametrize(
    ('weights', 'names', 'expected'),
    [
        pytest.param((1, 1, 1), RUNS, [0, 1, 2], id='the same files'),
        pytest.param((1, 1, 1), RUNS[::-1], [2, 1, 0], id='in another order'),
        pytest.param((1, 0, 1), ('x.json', *RUNS), [1, 3], id='dropped ones and others among them'),
        pytest.param((1, 0, 1), (RUNS[2], RUNS[0]), [1, 0], id='dropped one not given'),
        pytest.param((1, 1, 1), [name.replace('val', 'test') for name in RUNS[::-1]], [2, 1, 0], id='another split'),
        pytest.param((1, 1, 1), ('/x/c.csv', '/x/a.csv', '/x/b.csv'), [1, 2, 0], id='files named like the runs'),
        pytest.param((1, 1, 1), [f'/y/{name}' for name in RUNS[::-1]], [2, 1, 0], id='elsewhere'),
        pytest.param((1, 0, 1), ('r.csv', 's.csv', 't.csv'), [0, 2], id='other names: all in their order'),
        pytest.param((1, 0, 1), ('r.csv', 's.csv'), [0, 1], id='other names: the used ones in their order'),
    ],
)
def test_which_file_is_which_member(weights, names, expected):
    assert replace(EQUAL, weights=tuple(map(float, weights))).pick(names) == expected


@pytest.mark.parametrize(
    ('members', 'names'),
    [
        pytest.param(('a/val.json', 'b/val.json'), ('b/test.json', 'a/test.json'), id='told apart by their folders'),
        pytest.param(
            ('r/predictions/val.json', 'r/predictions/val_tta.json'),
            ('r/predictions/test_tta.json', 'r/predictions/test.json'),
            id='without and with test-time augmentation',
        ),
    ],
)
def test_files_of_another_split_in_another_order(members, names):
    params = FusionParams(members, (0,), (1.0, 0.5))
    assert params.pick(names) == [1, 0]
    assert params.for_files(names) == replace(params, members=names[::-1])


def test_a_file_is_not_taken_for_another_member_because_the_number_fits():
    with pytest.raises(UserError, match='no file given is the member b/val.json'):
        FusionParams(('a/val.json', 'b/val.json'), (0,), (1.0, 0.5)).pick(['c/test.json', 'a/test.json'])


@pytest.mark.parametrize(
    ('names', 'message'),
    [
        pytest.param(RUNS[:2], f'the member {RUNS[2]}', id='one missing'),
        pytest.param(('r.csv', 's.csv'), f'the member {RUNS[0]}', id='too few of other names'),
        pytest.param((*[n.replace('val', 'test') for n in RUNS], 'x/a.csv'), 'the same member', id='two of one run'),
    ],
)
def test_members_that_are_missing(names, message):
    with pytest.raises(UserError, match=message):
        EQUAL.pick(names)


def test_fuses_as_the_options_say(make_members):
    coco, members = make_members((0.9, 0.8, 0.5), num_images=6)
    sizes = {image['id']: (image['height'], image['width']) for image in coco['images']}
    params = FusionParams(tuple(members), (0, 1), (1.0, 0.0, 0.5), iou_thr=0.6, skip_box_thr=0.1, conf_type='max')
    used = [part for index, part in enumerate(members.values()) if index != 1]
    fused = params.fuse(members, sizes)
    expected = fuse_predictions(used, sizes, weights=[1.0, 0.5], iou_thr=0.6, skip_box_thr=0.1, conf_type='max')
    np.testing.assert_array_equal(fused.scores, expected.scores)
    np.testing.assert_array_equal(fused.boxes_xywh, expected.boxes_xywh)
    assert max(np.bincount(params.fuse(members, sizes, max_per_image=3).image_ids)) == 3


def test_score_scales_follow_the_category(make_members):
    """The scale of a class is found by its id, though the predictions show other classes than the params know."""
    coco, members = make_members((0.9, 0.8), num_images=6)
    sizes = {image['id']: (image['height'], image['width']) for image in coco['images']}
    only_second = {name: part.select(part.category_ids == 1) for name, part in members.items()}
    params = FusionParams(tuple(members), (0, 1, 2), (1.0, 1.0), score_scale=((1, 1, 1), (1, 0.25, 1)))
    fused = params.fuse(only_second, sizes)
    expected = fuse_predictions(list(only_second.values()), sizes, score_scale=[[1], [0.25]])
    np.testing.assert_array_equal(fused.scores, expected.scores)


def test_a_single_member_is_passed_on(make_members):
    coco, members = make_members((0.9, 0.8), num_images=6)
    sizes = {image['id']: (image['height'], image['width']) for image in coco['images']}
    params = FusionParams(tuple(members), (0, 1), (0.0, 1.0))
    second = list(members.values())[1]
    assert params.fuse(members, sizes) is second
    limited = params.fuse(members, sizes, max_per_image=2)
    best = [sorted(part.scores.tolist())[-2:] for part in second.per_image().values()]
    assert [sorted(part.scores.tolist()) for part in limited.per_image().values()] == best
