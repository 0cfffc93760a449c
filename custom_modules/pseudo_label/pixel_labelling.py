"""All of it for pixels: from the probabilities of one or several segmenters to label maps, picture by picture."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from custom_modules.datasets.coco_data import CocoData
from custom_modules.datasets.label_maps import LabelMaps, coco_classes
from custom_modules.datasets.label_pictures import IGNORED
from custom_modules.ensemble.mean_probs import MeanProbs
from custom_modules.utils import UserError

from .picture_sums import PictureSums
from .pixel_calibration import PixelCalibration, calibrate_pixels, fixed_pixels, sample_pixels
from .pixel_labels import PixelLabels, PixelRules, as_records, label_pixels


@dataclass(frozen=True, kw_only=True)
class PixelWishes:
    """What labels a user asks for.

    Attributes:
        target_precision: Share of the pixels labelled that have to be right.
        confidence: How sure that is.
        score_thr: One threshold for all classes in place of calibrated ones.
        min_area: Regions of fewer pixels are no labels.
    """

    target_precision: float = 0.7
    confidence: float = 0.9
    score_thr: float | None = None
    min_area: int = 32


class PixelTally:
    """What label maps are worth where the truth is known.

    Args:
        num_classes: C.

    Attributes:
        sums: Pixels labelled as each class and those that are right, over pictures.
        objects: The same of all classes but the Background together.
        truth: (C,) int64, true pixels.
        lost: True pixels of objects that are labelled Background.
    """

    def __init__(self, num_classes: int) -> None:
        self.sums, self.objects = PictureSums((num_classes,)), PictureSums((1,))
        self.truth, self.lost = np.zeros(num_classes, np.int64), 0

    def add(self, labels: np.ndarray, truth: np.ndarray) -> None:
        """Compare a label map with the truth, both (H, W) uint8, 255 for what does not count."""
        size = len(self.truth)
        counts = truth != IGNORED
        total, right, true = (
            np.bincount(values, minlength=IGNORED + 1)[:size]
            for values in (labels[counts], labels[counts & (labels == truth)], truth[counts])
        )
        self.sums.add(total, right)
        self.objects.add(total[1:].sum(keepdims=True), right[1:].sum(keepdims=True))
        self.truth += true
        self.lost += int(np.count_nonzero((labels == 0) & (truth != 0) & counts))


@dataclass(frozen=True, eq=False)
class LabelledPixels:
    """Result of :func:`label_all`.

    Attributes:
        records: Annotations of each picture by image id, see :func:`as_records`.
        pixels: (C,) int64, pixels labelled as each class.
        likeliest: (C,) int64, pixels whose most probable class it is.
        calibration: The thresholds.
        checked: What the same rules give on the pictures with answers; None without.
        true: What the labels are worth by the truth, where it is known.
    """

    records: dict[int, list[dict]]
    pixels: np.ndarray
    likeliest: np.ndarray
    calibration: PixelCalibration
    checked: PixelTally | None
    true: PixelTally | None


class PixelLabeller:
    """Labels pictures by rules that are found first.

    Args:
        real: The real annotations: the classes.
        members: Probabilities on the pictures to label.
        wishes: What is asked for.
        answered: Pictures with answers that no model was trained on.
        answered_members: Probabilities of the same models on those.

    Attributes:
        classes: Names by label.
        calibration: The thresholds.
        rules: What they mean for pixels.

    Raises:
        UserError: Probabilities are missing, of other classes, or about other pictures.
    """

    def __init__(
        self,
        real: CocoData,
        members: MeanProbs,
        wishes: PixelWishes,
        answered: CocoData | None = None,
        answered_members: MeanProbs | None = None,
    ) -> None:
        self.real, self.members, self.wishes = real, members, wishes
        self.answered, self.answered_members = answered, answered_members
        self.classes = coco_classes(real)
        self._check_members()
        self.calibration = self._calibrate()
        self.rules = PixelRules(self.calibration.steps(), wishes.min_area)

    def __call__(self, image_id: int) -> PixelLabels:
        """Label a picture."""
        return label_pixels(self.members[image_id], self.rules)

    def check(self) -> PixelTally | None:
        """Apply the rules to the pictures with answers; None without."""
        if self.answered_members is None:
            return None
        tally = PixelTally(len(self.classes))
        for probs, truth in self._pairs():
            tally.add(label_pixels(probs, self.rules).labels, truth)
        return tally

    def _check_members(self) -> None:
        for members in filter(None, (self.members, self.answered_members)):
            if members.classes != self.classes:
                raise UserError(
                    f'{members.members[0].path}: has {len(members.classes)} classes, {members.classes[-1]} the last; '
                    f'{self.real.path.name} has {len(self.classes)}, {self.classes[-1]} the last; give models of this '
                    'data set'
                )
        if self.answered_members is None:
            if self.wishes.score_thr is None:
                raise UserError('no probabilities on pictures with answers to find thresholds by: give --calibrate')
            return
        counts = [len(members.members) for members in (self.members, self.answered_members)]
        if counts[0] != counts[1]:
            raise UserError(
                f'probabilities of {counts[0]} models on the unlabelled pictures, but of {counts[1]} on those with '
                'answers: give one folder of each for every model'
            )
        self.answered_members.check(self.answered.images, self.answered.path.name)

    def _calibrate(self) -> PixelCalibration:
        wishes = self.wishes
        sample = None if self.answered_members is None else sample_pixels(len(self.classes), self._pairs())
        if wishes.score_thr is not None:
            return fixed_pixels(self.classes, wishes.score_thr, sample, confidence=wishes.confidence)
        targets = {'target_precision': wishes.target_precision, 'confidence': wishes.confidence}
        return calibrate_pixels(self.classes, sample, **targets)

    def _pairs(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        truth = LabelMaps(self.answered)
        for image in self.answered.images:
            yield self.answered_members[image['id']], truth[image['id']]


def label_all(labeller: PixelLabeller, unlabelled: CocoData, answers: CocoData | None = None) -> LabelledPixels:
    """Label pictures one by one; what is kept of each are its run-length masks.

    Args:
        labeller: From the members.
        unlabelled: The pictures.
        answers: The truth about them, where it is known.

    Raises:
        UserError: A member lacks a picture.
    """
    labeller.members.check(unlabelled.images, unlabelled.path.name)
    num_classes = len(labeller.classes)
    truth = None if answers is None else LabelMaps(answers)
    true = None if truth is None else PixelTally(num_classes)
    records, pixels, likeliest = {}, np.zeros(num_classes, np.int64), np.zeros(num_classes, np.int64)
    for image in unlabelled.images:
        found = labeller(image['id'])
        records[image['id']] = as_records(found, labeller.real.cat_ids)
        pixels += np.bincount(found.labels.ravel(), minlength=IGNORED + 1)[:num_classes]
        likeliest += np.bincount(found.likeliest.ravel(), minlength=num_classes)
        if true is not None and image['id'] in truth.image_ids:
            true.add(found.labels, truth[image['id']])
    return LabelledPixels(records, pixels, likeliest, labeller.calibration, labeller.check(), true)
