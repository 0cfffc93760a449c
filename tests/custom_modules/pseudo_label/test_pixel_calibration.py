import numpy as np
import pytest

from custom_modules.pseudo_label import calibrate_pixels, fixed_pixels, sample_pixels

CLASSES = ('Background', 'can', 'bag', 'rare')


def picture(*rows: tuple[int, float, int, float]):
    """Probabilities and truth of a picture: (label, confidence, pixels, share that is right) of each row.

    What is wrong is Background in truth, and of the Background a can.
    """
    labels = np.concatenate([np.full(count, label) for label, _, count, _ in rows])
    confidence = np.concatenate([np.full(count, sure, np.float32) for _, sure, count, _ in rows])
    truth = labels.copy()
    start = 0
    for label, _, count, right in rows:
        truth[start + round(count * right) : start + count] = 0 if label else 1
        start += count
    probs = np.tile((1 - confidence) / 4, (4, 1))
    probs[labels, np.arange(len(labels))] = confidence
    return probs[:, None].astype(np.float32), truth[None].astype(np.uint8)


@pytest.fixture
def sample():
    """Forty pictures: sure cans are right, unsure ones not; bags are never; three pictures have something rare."""
    always = [(0, 0.9, 900, 1.0), (1, 0.8, 60, 0.95), (1, 0.6, 60, 0.3), (2, 0.9, 30, 0.2)]
    rare = [(3, 0.95, 20, 1.0), (3, 0.8, 20, 1.0)]
    return sample_pixels(4, (picture(*always, *(rare if number < 3 else [])) for number in range(40)))


def test_each_class_gets_what_its_pixels_allow(sample):
    found = calibrate_pixels(CLASSES, sample, target_precision=0.8).classes
    assert [(one.source, one.pictures, one.pixels, one.right) for one in found] == [
        ('own', 40, 36000, 36000),
        ('own', 40, 2400, 2280),
        ('none', 0, 0, 0),
        ('none', 0, 0, 0),  # bags keep all classes together from the target
    ]
    assert [one.sure_from for one in found[:2]] == [229 / 255, 204 / 255]
    assert 0.8 <= found[1].lower_bound < 0.95


@pytest.mark.parametrize(('target', 'sources'), [(0.7, 'pooled'), (0.97, 'none')])
def test_a_class_with_few_pictures_is_judged_with_all(target, sources):
    always = [(0, 0.9, 900, 1.0), (1, 0.8, 60, 0.95)]
    pictures = [picture(*always, *([(3, 0.95, 20, 1.0)] if number < 3 else [])) for number in range(40)]
    found = calibrate_pixels(CLASSES, sample_pixels(4, pictures), target_precision=target).classes
    assert (found[3].source, found[3].pictures) == (sources, 3 if sources == 'pooled' else 0)
    assert found[2].source == sources  # never predicted there: as all classes are


def test_a_class_that_is_wrong_is_not_helped_by_the_others():
    rows = [(0, 0.9, 900, 1.0), (1, 0.8, 600, 0.95), (2, 0.9, 20, 0.2)]
    found = calibrate_pixels(CLASSES, sample_pixels(4, [picture(*rows)] * 40)).classes
    assert [one.source for one in found] == ['own', 'own', 'none', 'pooled']


def test_pixels_that_do_not_count():
    probs, truth = picture((1, 0.8, 100, 0.5))
    truth[truth == 0] = 255
    one = fixed_pixels(CLASSES, 0.5, sample_pixels(4, [(probs, truth)] * 3)).classes[1]
    assert (one.pixels, one.right) == (150, 150)


def test_fixed_thresholds(sample):
    found = fixed_pixels(CLASSES, 0.7, sample)
    assert {one.sure_from for one in found.classes} == {0.7}
    assert [one.right / one.pixels if one.pixels else None for one in found.classes] == [1, 0.95, 0.2, 1]
    assert found.steps().tolist() == [179] * 4  # 178.5 rounded up
    assert fixed_pixels(CLASSES, 0.7).classes[0].lower_bound is None
    assert calibrate_pixels(CLASSES, sample).steps()[2] == 256
