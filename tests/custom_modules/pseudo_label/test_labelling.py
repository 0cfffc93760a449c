"""The whole way from predictions to labels."""

import json

import pytest

from custom_modules.datasets import load_coco
from custom_modules.pseudo_label.labelling import Wishes, class_limits, label_pictures, leave_out_known
from custom_modules.utils import UserError

BOX, FAR = (10, 10, 20, 20), (60, 60, 20, 20)


@pytest.fixture
def data(coco_of, tmp_path):
    """Three real cans and a bag; twelve pictures with a can each as answers; two unlabelled pictures."""

    def read(name, content):
        (tmp_path / name).write_text(json.dumps(content))
        return load_coco(tmp_path / name, check_images=False)

    real = read('train.json', coco_of([(1, 1, BOX), (1, 1, FAR), (2, 1, BOX), (2, 2, FAR)]))
    answered = read('val.json', coco_of([(image, 1, BOX) for image in range(1, 13)], images=12))
    return real, read('test.json', coco_of([])), answered


def right_on(found_of, images):
    return found_of([(image, 1, BOX, 0.9) for image in images])


def test_one_model(data, found_of):
    real, unlabelled, answered = data
    found = found_of([(1, 1, BOX, 0.95), (2, 1, BOX, 0.5), (7, 1, BOX, 0.99)])  # 7 is no picture of theirs
    result = label_pictures(
        real, unlabelled, [found], answered=answered, answered_members=[right_on(found_of, range(1, 13))]
    )
    assert result.labels.sure.image_ids.tolist() == [1]
    assert result.calibration.classes[0].sure_from == 0.9
    assert [counts.tolist() for counts in result.checked] == [[12, 0], [12, 0]]


def test_fixed_thresholds_need_no_answers(data, found_of):
    real, unlabelled, _ = data
    found = found_of([(1, 1, BOX, 0.95), (2, 1, BOX, 0.5), (2, 2, FAR, 0.4)])
    result = label_pictures(real, unlabelled, [found], wishes=Wishes(score_thr=0.5))
    assert (result.labels.sure.scores.tolist(), result.checked) == ([0.95, 0.5], None)
    result = label_pictures(real, unlabelled, [found], wishes=Wishes(score_thr=0.3, max_ratio=0.5))
    assert result.labels.sure.scores.tolist() == [0.95]  # half of 3 cans, half of 1 bag


def test_two_models_have_to_agree(data, found_of):
    pytest.importorskip('custom_modules.ensemble')
    real, unlabelled, answered = data
    one = found_of([(1, 1, BOX, 0.9), (2, 1, BOX, 0.9)])
    other = found_of([(1, 1, (11, 10, 20, 20), 0.8), (2, 1, FAR, 0.9)])
    both = [right_on(found_of, range(1, 13))] * 2
    for votes, pictures in ((None, [1]), (1, [1, 2, 2])):
        wishes = Wishes(score_thr=0.3, ignore_thr=0.2, min_votes=votes)
        labels = label_pictures(real, unlabelled, [one, other], wishes=wishes).labels
        assert labels.sure.image_ids.tolist() == pictures
        assert len(labels.predictions) == 3
    box = labels.predictions.boxes_xywh[0]
    assert box[0] == pytest.approx((10 * 0.9 + 11 * 0.8) / 1.7, abs=1e-4)
    result = label_pictures(real, unlabelled, [one, other], answered=answered, answered_members=both)
    assert result.calibration.classes[0].boxes == 12


@pytest.mark.parametrize(
    ('members', 'options', 'message'),
    [
        pytest.param(1, {}, '--calibrate', id='no-answers'),
        pytest.param(1, {'wishes': Wishes(score_thr=0.5, min_votes=2)}, '2 votes out of 1', id='votes'),
        pytest.param(2, {'answered_members': [None]}, 'one file of each', id='unequal-members'),
    ],
)
def test_what_cannot_be_done_is_refused(data, found_of, members, options, message):
    real, unlabelled, answered = data
    with pytest.raises(UserError, match=message):
        label_pictures(real, unlabelled, [found_of([])] * members, answered=answered, **options)


def test_limits_follow_the_real_counts(data):
    assert class_limits(data[0], 1.5) == [4, 1]
    assert class_limits(data[0], None) is None


def test_known_pictures_are_left_out(synthetic_root, tmp_path):
    """By path, and by content under another name."""
    test = load_coco(synthetic_root / 'test.json')
    content = json.loads((synthetic_root / 'test.json').read_text())
    first, second = content['images'][:2]
    (tmp_path / 'copy.jpg').write_bytes((synthetic_root / second['file_name']).read_bytes())
    (tmp_path / 'copy.json').write_text(json.dumps({**content, 'images': [{**second, 'file_name': 'copy.jpg'}]}))
    path = synthetic_root / 'first.json'
    path.write_text(json.dumps({**content, 'images': [first]}))
    try:
        left, counts = leave_out_known(test, [load_coco(path), load_coco(tmp_path / 'copy.json')])
    finally:
        path.unlink()
    assert counts == [1, 1]
    assert [image['id'] for image in left.images] == [image['id'] for image in test.images[2:]]
