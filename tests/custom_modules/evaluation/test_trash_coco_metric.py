"""The metric as mmengine drives it, in one process and in two."""

import json

import numpy as np
import pytest
import torch
from mmdet.registry import METRICS
from mmdet.structures import DetDataSample
from mmengine.evaluator import Evaluator
from mmengine.structures import InstanceData

from custom_modules.evaluation.trash_coco_metric import TrashCocoMetric
from custom_modules.utils import UserError

BOX = (10, 10, 10, 10)
SQUARE = {'segmentation': [[10, 10, 20, 10, 20, 20, 10, 20]]}


def make_sample(image_id, boxes_xywh=(), labels=(), scores=(), masks=None):
    boxes = np.array(boxes_xywh, dtype=np.float32).reshape(-1, 4)
    instances = InstanceData(
        bboxes=torch.from_numpy(np.hstack([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]])),
        labels=torch.tensor(labels, dtype=torch.long),
        scores=torch.tensor(scores, dtype=torch.float32),
    )
    if masks is not None:
        instances.masks = torch.as_tensor(np.array(masks))
    return DetDataSample(metainfo={'img_id': image_id, 'ori_shape': (100, 100)}, pred_instances=instances)


@pytest.fixture
def ann_file(tmp_path, make_coco):
    objects = [(1, 1, BOX, SQUARE), (2, 2, BOX, SQUARE)]
    (tmp_path / 'val.json').write_text(json.dumps(make_coco(objects)))
    return tmp_path / 'val.json'


def run(metric, samples, meta=None):
    evaluator = Evaluator(metric)
    evaluator.dataset_meta = {'cat_ids': (1, 2), 'classes': ('can', 'bottle')} if meta is None else meta
    for sample in samples:
        evaluator.process([sample], None)
    return evaluator.evaluate(len(samples))


@pytest.mark.fast
def test_boxes(ann_file):
    metric = METRICS.build({'type': 'TrashCocoMetric', 'ann_file': 'val.json', 'data_root': str(ann_file.parent)})
    samples = [make_sample(1, [BOX], [0], [0.9]), make_sample(2), make_sample(3, [BOX], [0], [0.95])]
    figures = run(metric, samples)
    assert figures == {'mAP50': 0.25, 'mAP': 0.25, 'mAP75': 0.25}  # can: a false alarm first, bottle: not found
    assert metric.last_result.num_objects.tolist() == [1, 1]
    assert metric.last_segm_result is None
    assert run(metric, samples) == figures  # a second epoch starts empty


def test_masks(ann_file):
    right, wrong = np.zeros((2, 100, 100), dtype=bool)
    right[10:20, 10:20] = wrong[10:20, 10:12] = True
    samples = [make_sample(1, [BOX], [0], [0.9], [right]), make_sample(2, [BOX], [1], [0.9], [wrong])]
    samples.append(make_sample(3, masks=np.zeros((0, 100, 100), dtype=bool)))
    metric = TrashCocoMetric(ann_file=str(ann_file))
    assert run(metric, samples) == {'mAP50': 1, 'mAP': 1, 'mAP75': 1, 'segm_mAP50': 0.5, 'segm_mAP': 0.5}
    assert metric.last_segm_result.iou_type == 'segm'
    assert 'segm_mAP' not in run(TrashCocoMetric(ann_file=str(ann_file), segm=False), samples)
    with pytest.raises(UserError, match='no masks'):
        run(TrashCocoMetric(ann_file=str(ann_file), segm=True), [make_sample(1, [BOX], [0], [0.9])])


def test_figures_may_have_a_prefix(ann_file):
    metric = TrashCocoMetric(ann_file=str(ann_file), prefix='coco')
    assert run(metric, [make_sample(1, [BOX], [0], [0.9]), make_sample(2), make_sample(3)])['coco/mAP50'] == 0.5


def test_images_the_loader_did_not_deliver_are_not_scored(ann_file):
    assert run(TrashCocoMetric(ann_file=str(ann_file)), [make_sample(1, [BOX], [0], [0.9])])['mAP50'] == 1.0


def test_no_annotations(tmp_path, make_coco):
    path = tmp_path / 'test.json'
    path.write_text(json.dumps({**make_coco(), 'annotations': []}))
    with pytest.raises(UserError, match='nothing to score'):
        run(TrashCocoMetric(ann_file=str(path)), [make_sample(1)])


def test_ground_truth_may_be_set(make_coco):
    metric = TrashCocoMetric()
    with pytest.raises(UserError, match='give it ann_file'):
        run(metric, [make_sample(1)], meta={})
    metric.coco = make_coco([(1, 1, BOX)])
    assert run(metric, [make_sample(1, [BOX], [0], [0.9])], meta={})['mAP50'] == 1.0


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        ({'ann_file': 'nowhere.json'}, 'nowhere.json: no such file'),
        ({'ann_file': 'nowhere.json', 'data_root': '.'}, r'has no nowhere\.json'),
        ({'segm': 'yes'}, 'segm must be'),
    ],
    ids=['file', 'file in data root', 'segm'],
)
def test_mistakes_are_told_when_built(options, message):
    with pytest.raises(UserError, match=message):
        TrashCocoMetric(**options)


def test_other_classes_than_the_loader(ann_file):
    with pytest.raises(UserError, match='category ids'):
        run(TrashCocoMetric(ann_file=str(ann_file)), [make_sample(1)], meta={'cat_ids': (0, 1)})


TWO_RANKS = """
    import torch.distributed as dist
    import custom_modules
    from custom_modules.utils import UserError
    from test_trash_coco_metric import BOX, TrashCocoMetric, make_sample, run

    dist.init_process_group('gloo')
    # Three images on two ranks: a sampler gives image 1 twice to fill the last batch, the second time with rubbish.
    shares = [[make_sample(1, [BOX], [0], [0.9]), make_sample(3)], [make_sample(2), make_sample(1, [BOX], [1], [0.9])]]
    metric = TrashCocoMetric(ann_file={ann_file!r})
    figures = run(metric, shares[dist.get_rank()])
    assert figures['mAP50'] == 0.5, figures
    assert (metric.last_result is None) == (dist.get_rank() == 1)
    try:
        run(TrashCocoMetric(ann_file={ann_file!r}), [make_sample(99, [BOX], [0], [0.9])])
    except UserError as error:
        print('refused', 'image_id 99' in str(error))
    dist.barrier()  # a rank that is gone before the other has heard of the error would end it
    dist.destroy_process_group()
    """


def test_two_processes(ann_file, tmp_path, run_on_two_ranks):
    outputs = run_on_two_ranks(TWO_RANKS.format(ann_file=str(ann_file)))
    assert all('refused True' in output for output in outputs)
    assert not (tmp_path / '.dist_test').exists()
