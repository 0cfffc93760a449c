"""Thresholds per class."""

import numpy as np
import pytest

from custom_modules.evaluation import Predictions
from custom_modules.pseudo_label import calibrate, fixed_thresholds

BOX, FAR = (10, 10, 20, 20), (60, 60, 20, 20)


@pytest.fixture
def sample_of(coco_of, found_of):
    """Make a data set with one object a picture and a box for each: right or wrong, as told by class."""

    def make(**right_by_score):
        names = list(right_by_score)
        truth, found = [], []
        for label, boxes in enumerate(right_by_score.values(), start=1):
            for score, is_right in boxes:
                truth.append((len(truth) + 1, label, BOX))
                found.append((len(truth), label, BOX if is_right else FAR, score))
        return coco_of(truth, images=len(truth), categories=names), found_of(found)

    return make


def ladder(flags: str, top: float = 0.99) -> list[tuple[float, bool]]:
    """Scores falling by 0.001, ``r`` right and ``w`` wrong."""
    return [(round(top - 0.001 * place, 3), flag == 'r') for place, flag in enumerate(flags)]


def test_lowest_score_whose_bound_reaches_the_target(sample_of):
    """The bound of 7 right boxes of 7 is 0.1^(1/7) = 0.72, of 6 0.68; of 10 in 11 it is 0.69, of 11 in 12 0.71."""
    calibration = calibrate(*sample_of(can=ladder('rrrrrrrrwrwww')), target_precision=0.7)
    (can,) = calibration.classes
    assert (can.source, can.sure_from, can.boxes, can.right) == ('own', pytest.approx(0.983), 8, 8)
    assert can.lower_bound == pytest.approx(0.1 ** (1 / 8))
    (can,) = calibrate(*sample_of(can=ladder('rrrrrrrrwrrrwww')), target_precision=0.7).classes
    assert (can.sure_from, can.boxes, can.right) == (pytest.approx(0.979), 12, 11)
    (can,) = calibrate(*sample_of(can=ladder('rrrrrrwwww')), target_precision=0.7).classes
    assert (can.source, can.sure_from, can.lower_bound) == ('none', None, None)


def test_few_boxes_fall_back_on_all_classes(sample_of):
    """Alone, no class has enough boxes; together they have eight."""
    calibration = calibrate(
        *sample_of(can=ladder('rrrr'), bag=ladder('rrrrwwww', top=0.95), cup=[]), target_precision=0.7
    )
    assert [one.source for one in calibration.classes] == ['pooled'] * 3
    assert [one.sure_from for one in calibration.classes] == [pytest.approx(0.947)] * 3
    assert [(one.boxes, one.right) for one in calibration.classes] == [(4, 4), (4, 4), (0, 0)]
    assert calibration.classes[2].lower_bound == pytest.approx(0.1 ** (1 / 8))


def test_a_class_known_to_be_bad_does_not_hide_among_the_others(sample_of):
    """All classes together reach the target from 0.6 on; of the bags there none is right."""
    good, bad = ladder('r' * 200, top=0.9), ladder('w' * 30, top=0.65)
    can, bag = calibrate(*sample_of(can=good, bag=bad), target_precision=0.7).classes
    assert can.source == 'own'
    assert bag.source == 'pooled'  # from where its 30 wrong boxes weigh less than 20 boxes like all others
    assert bag.boxes <= 8
    none = calibrate(*sample_of(can=ladder('r' * 200, top=0.9), bag=ladder('w' * 30, top=0.99)), target_precision=0.7)
    assert none.classes[1].source == 'none'


def test_the_band_ends_where_boxes_are_seldom_right(sample_of):
    """Right is everything above 0.8, a third down to 0.5, nothing below."""
    flags = 'r' * 150 + 'rww' * 80 + 'w' * 400
    coco, found = sample_of(can=ladder(flags))
    (can,) = calibrate(coco, found, ignore_precision=0.2).classes
    assert 0.55 < can.ignore_from < 0.7 < can.sure_from < 0.9
    (off,) = calibrate(coco, found, ignore_precision=None).classes
    assert (off.ignore_from, off.sure_from) == (None, can.sure_from)


def test_second_boxes_of_an_object_do_not_count(coco_of, found_of):
    truth = [(image, 1, BOX) for image in range(1, 9)]
    found = [row for image in range(1, 9) for row in [(image, 1, BOX, 0.9), (image, 1, (12, 10, 20, 20), 0.8)]]
    (can, _) = calibrate(coco_of(truth, images=8), found_of(found), target_precision=0.7).classes
    assert (can.sure_from, can.boxes, can.right) == (0.9, 8, 8)


def test_boxes_in_ignore_regions_do_not_count(coco_of, found_of):
    truth = [(image, 1, BOX) for image in range(1, 9)] + [(image, 1, FAR, 'crowd') for image in range(1, 9)]
    found = [row for image in range(1, 9) for row in [(image, 1, BOX, 0.9), (image, 1, FAR, 0.95)]]
    (can, _) = calibrate(coco_of(truth, images=8), found_of(found), target_precision=0.7).classes
    assert (can.boxes, can.right) == (8, 8)


def test_only_agreed_boxes_set_the_threshold(sample_of):
    coco, found = sample_of(can=ladder('rrrrrrrrr'))
    sure = np.arange(9) != 0
    (can,) = calibrate(coco, found, target_precision=0.7, sure=sure).classes
    assert (can.boxes, can.source) == (8, 'own')


@pytest.mark.fast
def test_the_target_is_kept_on_new_pictures(sample_of):
    """A box of score s is right with the chance s^2; of 60 samples few lead to a threshold that breaks its promise."""
    random = np.random.default_rng(1)
    kept, spoiled = 0, 0
    for _ in range(60):
        scores = np.sort(random.random(300))[::-1].round(6)
        right = random.random(300) < scores**2
        (can,) = calibrate(*sample_of(can=list(zip(scores, right, strict=True))), target_precision=0.7).classes
        if can.sure_from is None:
            continue
        start = can.sure_from
        true = (1 - start**3) / 3 / (1 - start)  # mean of s^2 from there to 1
        kept, spoiled = kept + 1, spoiled + (true < 0.7)
    assert kept > 50
    assert spoiled <= 9


def test_fixed_thresholds_tell_their_precision_where_there_are_answers(sample_of):
    coco, found = sample_of(can=ladder('rrrw'))
    bare = fixed_thresholds(['can'], 0.5, ignore_thr=0.3)
    assert (bare.classes[0].sure_from, bare.classes[0].ignore_from, bare.classes[0].lower_bound) == (0.5, 0.3, None)
    assert bare.precision(np.array([0.4]), np.array([0])).tolist() == [0.4]
    (can,) = fixed_thresholds(['can'], 0.988, coco=coco, predictions=found).classes
    assert (can.source, can.boxes, can.right) == ('fixed', 3, 3)


def test_nothing_found_gives_no_labels(coco_of):
    empty = Predictions.concatenate([])
    calibration = calibrate(coco_of([(1, 1, BOX)]), empty)
    assert [one.source for one in calibration.classes] == ['none', 'none']
