"""Which detections are right, by COCO's rules."""

import contextlib
import io

import numpy as np
import pytest
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from custom_modules.pseudo_label import Outcome, match_predictions
from custom_modules.utils import UserError

RIGHT, WRONG, IGNORED = Outcome.RIGHT, Outcome.WRONG, Outcome.IGNORED
# BOX and SHIFTED have an IoU of 16 / 24.
ALL, BOX, SHIFTED, FAR = (
    (0, 0, 100, 100),
    (10, 10, 20, 20),
    (14, 10, 20, 20),
    (60, 60, 20, 20),
)


@pytest.mark.parametrize(
    ('truth', 'found', 'outcomes'),
    [
        pytest.param([(1, 1, BOX)], [(1, 1, SHIFTED, 0.5)], [RIGHT], id='overlap-of-two-thirds'),
        pytest.param([(1, 1, BOX)], [(1, 1, (10, 10, 20, 10), 0.5)], [RIGHT], id='exactly-one-half'),
        pytest.param([(1, 1, BOX)], [(1, 1, (10, 10, 20, 9.9), 0.5)], [WRONG], id='just-below-one-half'),
        pytest.param([(1, 1, BOX)], [(1, 1, BOX, 0.4), (1, 1, SHIFTED, 0.5)], [WRONG, RIGHT], id='score-goes-first'),
        pytest.param([(1, 1, BOX)], [(1, 1, SHIFTED, 0.5), (1, 1, BOX, 0.5)], [RIGHT, WRONG], id='tie-by-order'),
        pytest.param([(1, 1, BOX)], [(1, 2, BOX, 0.5), (2, 1, BOX, 0.5)], [WRONG, WRONG], id='class-and-picture'),
        pytest.param([(1, 1, BOX), (1, 1, SHIFTED)], [(1, 1, SHIFTED, 0.9), (1, 1, BOX, 0.8)], [RIGHT] * 2, id='best'),
        pytest.param([(1, 1, ALL, 'crowd'), (2, 1, BOX)], [(1, 1, BOX, 0.5), (1, 1, FAR, 0.4)], [-1, -1], id='crowd'),
        pytest.param([(1, 1, BOX, 'crowd'), (1, 1, SHIFTED)], [(1, 1, BOX, 0.5)], [RIGHT], id='object-before-crowd'),
        pytest.param([(1, 1, BOX)], [], [], id='nothing-found'),
    ],
)
def test_hand_worked(coco_of, found_of, truth, found, outcomes):
    assert match_predictions(coco_of(truth), found_of(found)).tolist() == outcomes


def test_unknown_pictures_are_refused(coco_of, found_of):
    with pytest.raises(UserError, match='image_id 7'):
        match_predictions(coco_of([(1, 1, BOX)]), found_of([(7, 1, BOX, 0.5)]))


def test_a_file_without_answers_is_refused(coco_of, found_of):
    with pytest.raises(UserError, match='give a file with answers'):
        match_predictions(coco_of([]), found_of([(1, 1, BOX, 0.5)]))


@pytest.mark.fast
def test_same_as_pycocotools(coco_of, found_of):
    random = np.random.default_rng(5)

    def boxes(number):
        low = random.uniform(0, 60, (number, 2))
        return np.hstack([low, random.uniform(5, 40, (number, 2))]).round(2).tolist()

    truth, found = [], []
    for image in range(1, 21):
        for box in boxes(12):
            crowd = ('crowd',) if random.random() < 0.2 else ()
            truth.append((image, int(random.integers(1, 3)), box, *crowd))
            found.append(
                (image, truth[-1][1], (np.array(box) + random.normal(0, 3, 4)).clip(1).tolist(), random.random())
            )
        found += [(image, int(random.integers(1, 3)), box, round(random.random(), 1)) for box in boxes(12)]
    coco, predictions = coco_of(truth, images=20), found_of(found)
    with contextlib.redirect_stdout(io.StringIO()):
        api = COCO()
        api.dataset = coco
        api.createIndex()
        evaluation = COCOeval(api, api.loadRes(list(predictions.records())), 'bbox')
        evaluation.params.iouThrs, evaluation.params.maxDets = np.array([0.5]), [1000]
        evaluation.params.areaRng, evaluation.params.areaRngLbl = [[0, 1e10]], ['all']
        evaluation.evaluate()
    expected = np.zeros(len(predictions))
    for part in filter(None, evaluation.evalImgs):
        for number, match, ignored in zip(part['dtIds'], part['dtMatches'][0], part['dtIgnore'][0], strict=True):
            expected[number - 1] = IGNORED if ignored else RIGHT if match else WRONG
    outcomes = match_predictions(coco, predictions)
    assert outcomes.tolist() == expected.tolist()
    assert np.bincount(outcomes + 1).min() > 20
