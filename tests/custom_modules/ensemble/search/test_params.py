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
def test_members_under_other_names():
    params = replace(EQUAL, weights=(1.0, 0.0, 0.5), score_scale=SCALE)
    expected = replace(
        params, members=('y/c.csv', 'y/a.csv')[::-1], weights=(1.0, 0.5), score_scale=(SCALE[0], SCALE[2])
    )
    assert params.for_files(('y/c.csv', 'y/b.csv', 'y/a.csv')) == expected
    assert params.in_order(('y/a.csv', 'y/b.csv', 'y/c.csv')) == expected
    with pytest.raises(UserError, match='could be|no file given is'):
        params.for_files(('r.csv', 's.csv', 't.csv'))


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
