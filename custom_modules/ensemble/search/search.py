"""Finding the members and settings of a fusion of boxes by mAP50, with a gain that was measured on other images.

Greedy coordinate search (members, IoU threshold, method, skip threshold, weights, score scales by class); see
``greedy.py``.
"""

from collections.abc import Callable, Mapping
from typing import Any

from custom_modules.evaluation.fast_map50 import FastMap50
from custom_modules.evaluation.ground_truth import coco_parts
from custom_modules.evaluation.predictions import Predictions, check_known

from .greedy import Space, check_search, search_space
from .moves import STAGES, equal_weights, moves, scaled
from .result import SearchResult
from .trials import Trials


def search_fusion(
    coco: Any,
    members: Mapping[str, Predictions],
    *,
    budget: int = 300,
    seed: int = 0,
    folds: int = 4,
    repeats: int = 2,
    progress: Callable[[int, int, float], Any] | None = None,
) -> SearchResult:
    """Search the fusion of some models' predictions that has the best mAP50 on images not searched on.

    What is returned is the best of three ways, by their score on held-out images: the best single member, all members
    fused alike with the usual settings, and what the search found.  So it is never below the best single member there.
    (The best of three scores is a little too good itself, by far less than the printed interval.)

    Args:
        coco: Data set with answers, ``CocoData`` or a COCO dict; no member may have trained on it.
        members: Predictions by name, usually a file each; at least two.
        budget: Trials at most; it ends sooner where nothing gains any more.
        seed: Of the parts and resamples; the same seed gives the same result.
        folds: Parts of a division of the images: fitted on all others, scored on the part.
        repeats: Divisions.
        progress: Called after each trial with the number done, the budget, and the best mAP50 so far on all images.

    Returns:
        The params to use, the gain to expect, and everything tried.

    Raises:
        UserError: Fewer than two members, too few images or trials, or predictions of another data set.
    """
    check_search(len(members), budget, folds, repeats)
    for name, predictions in members.items():
        check_known(predictions, coco, name)
    scorer = FastMap50(coco)
    space = Space(equal_weights(list(members), scorer.cat_ids.tolist()), STAGES, moves, scaled)

    def make_trials(weights, tell) -> Trials:
        return Trials(scorer, members, _image_sizes(coco), weights, budget=budget, progress=tell)

    options = {'seed': seed, 'folds': folds, 'repeats': repeats, 'progress': progress}
    return search_space(space, make_trials, scorer.num_objects, **options)


def _image_sizes(coco: Any) -> dict[int, tuple[int, int]]:
    images = sorted(coco_parts(coco)[0], key=lambda image: image['id'])
    return {image['id']: (image['height'], image['width']) for image in images}
