"""Testing: predictions of a split, and their score."""

from pathlib import Path
from typing import Any

import numpy as np
from mmengine.config import Config
from mmengine.registry import METRICS

from ...ensemble import open_probs
from ...evaluation import predictions_name
from ...utils import UserError, find_file
from ..checkpoint import read_checkpoint
from ..config_mistakes import config_mistakes
from ..data import chosen_root, find_data, use_ground_truth
from ..distributed import on_each_machine, on_main_rank, start_distributed
from ..tasks import in_scope_of, is_segmentation
from ..work_dir import run_folder
from .classes import check_task
from .formats import check_predictions, output_suffix
from .pictures import Picture, pictures_of_split
from .writing import predict_to_file


def test(
    cfg: Config,
    checkpoint: str | Path,
    *,
    data_root: str | None,
    ann: str,
    out: str | None,
    tta: bool = False,
    **options: Any,
) -> dict[str, Any]:
    """Predict on one file of a data set, write the predictions, and score them where there are answers.

    Args:
        cfg: Config the checkpoint was trained with.
        checkpoint: Weights.
        data_root: Folder of the data set; None for the config's.
        ann: COCO json, looked up in the data root, then in the working folder.
        out: Json or ``*.probs`` folder for the predictions; None for that of :func:`default_output`.
        tta: Test-time augmentation, as the config's ``tta`` says.
        options: Of :func:`predict_to_file`.

    Returns:
        ``out``, ``unreadable`` (pictures with the reason), ``scores`` (empty without answers), and ``results``, the
        detailed ones of the metric, on the main rank.

    Raises:
        UserError: Data, checkpoint and config do not fit together.
    """
    if out is not None:
        check_predictions(cfg, out)
    start_distributed(cfg)
    data_root = chosen_root(cfg, data_root)
    cat_ids = on_main_rank(_check_classes, cfg, data_root, ann, str(checkpoint))
    root, ann = on_each_machine(find_data, data_root, ann)
    out = out or str(default_output(cfg, checkpoint, ann, tta=tta))
    pictures = pictures_of_split(root, ann)
    unreadable = predict_to_file(cfg, checkpoint, pictures, out, ann=ann, cat_ids=cat_ids, tta=tta, **options)
    score = _score_labels if is_segmentation(cfg) else _score_detections
    scores, results = on_main_rank(score, cfg, root, ann, out, pictures)
    return {'out': out, 'unreadable': unreadable, 'scores': scores, 'results': results}


test.__test__ = False  # pytest takes it for a test otherwise


def default_output(cfg: Config, checkpoint: str | Path, ann: str | Path, *, tta: bool = False) -> Path:
    """Return where predictions of a split go: into ``predictions`` in a run's folder, those with TTA beside the others.

    Args:
        cfg: Its run folder is taken when the checkpoint does not lie in one.
        checkpoint: The weights.
        ann: The split's json.
        tta: Whether they are made with test-time augmentation.
    """
    beside = find_file(checkpoint).resolve().parent
    run = beside if (beside / 'run.json').is_file() else run_folder(cfg.filename)
    return run / 'predictions' / predictions_name(ann, tta=tta, suffix=output_suffix(cfg))


def _check_classes(cfg: Config, data_root: str, ann: str, checkpoint: str) -> list[int] | None:
    """Refuse a data set with other classes; returns the ids of a detector's categories."""
    from ...datasets import load_coco, resolve_ann, resolve_data_root
    from ...datasets.label_maps import coco_classes

    root = resolve_data_root(data_root)
    path = resolve_ann(root, ann)
    data = load_coco(path, root, check_images=False)
    own = coco_classes(data) if is_segmentation(cfg) else data.classes
    content = read_checkpoint(checkpoint, mapped=True)
    check_task(cfg, content, checkpoint)
    classes = content.get('meta', {}).get('classes')
    if isinstance(classes, list) and list(own) != classes:
        raise UserError(
            f'{path} has the classes {", ".join(own)}, {checkpoint} was trained on '
            f'{", ".join(map(str, classes))}; test on the data set it was trained on'
        )
    return None if is_segmentation(cfg) else list(data.cat_ids)


def _score_detections(
    cfg: Config, root: str, ann: str, out: str, pictures: list[Picture]
) -> tuple[dict[str, float], list]:
    """Score a file of predictions; pictures that could not be read count as empty."""
    from ...datasets import load_coco
    from ...evaluation import read_predictions

    coco = load_coco(ann, check_images=False)
    if not coco.has_annotations:
        return {}, []
    use_ground_truth(cfg, cfg.test_evaluator, ann, root)
    with in_scope_of(cfg), config_mistakes(f'{cfg.filename}: test_evaluator'):
        metric = METRICS.build(cfg.test_evaluator)
    metric.coco = coco
    found = read_predictions(out, coco)
    by_image = found.per_image()
    nothing = found.select([])
    scores = metric.compute_metrics([(p.image_id, by_image.get(p.image_id, nothing)) for p in pictures])
    return scores, [result for result in (metric.last_result, metric.last_segm_result) if result is not None]


def _score_labels(cfg: Config, root: str, ann: str, out: str, pictures: list[Picture]) -> tuple[dict[str, float], list]:
    """Score the most probable classes picture by picture.

    Pictures that could not be read count as the first class, the Background where there is one.
    """
    from ...datasets import load_coco
    from ...datasets.label_maps import LabelMaps
    from ...evaluation import SegmentationScorer

    coco = load_coco(ann, root, check_images=False)
    if not coco.has_annotations:
        return {}, []
    truth, probs = LabelMaps(coco, order=painting_order(cfg)), open_probs(out)
    scorer = SegmentationScorer(probs.classes)
    for picture in pictures:
        answer = truth[picture.image_id]
        labels = probs.labels(picture.image_id) if picture.image_id in probs else np.zeros_like(answer)
        scorer.add(picture.image_id, labels, answer)
    result = scorer.result()
    return result.summary(), [result]


def painting_order(cfg: Config) -> str:
    """Return what lies on top in the label maps that the config's test pipeline paints."""
    steps = cfg.test_dataloader.dataset.pipeline
    return next((step.get('order', 'area') for step in steps if step['type'] == 'LoadTrashSegmentation'), 'area')
