"""The segmenters' metric as mmengine drives it, in one process and in two."""

import json

import numpy as np
import pytest
import torch
from mmengine.evaluator import Evaluator
from mmengine.registry import DefaultScope
from mmengine.structures import PixelData
from mmseg.registry import METRICS
from mmseg.structures import SegDataSample

from custom_modules.evaluation.trash_iou_metric import TrashIoUMetric
from custom_modules.utils import UserError

TRUTH = [[0, 0, 0, 1]]
RIGHT = [[0, 0, 0, 1]]
WRONG = [[0, 0, 1, 1]]  # IoU 2/3 and 1/2


@pytest.fixture(autouse=True)
def scope_of_segmenters():
    """Look components up where a segmenter's config does, whatever ran before."""
    with DefaultScope.overwrite_default_scope('mmseg'):
        yield


def make_sample(image_id, labels, truth=TRUTH, dtype=torch.int64):
    sample = SegDataSample(metainfo={'img_id': image_id, 'ori_shape': (1, 4)})
    sample.pred_sem_seg = PixelData(data=torch.tensor([labels], dtype=dtype))
    if truth is not None:
        sample.gt_sem_seg = PixelData(data=torch.tensor([truth], dtype=torch.int64))
    return sample


@pytest.fixture
def ann_file(tmp_path, make_coco):
    (tmp_path / 'val.json').write_text(json.dumps(make_coco([(1, 1, (0, 0, 1, 1))])))
    return tmp_path / 'val.json'


def run(metric, samples, classes=('Background', 'can')):
    evaluator = Evaluator(metric)
    evaluator.dataset_meta = {'classes': classes}
    for sample in samples:
        evaluator.process([sample], None)
    return evaluator.evaluate(len(samples))


@pytest.mark.fast
@pytest.mark.parametrize('dtype', [torch.int64, torch.uint8, torch.float32])
def test_scores(dtype, ann_file):
    metric = METRICS.build({'type': 'TrashIoUMetric', 'ann_file': 'val.json', 'data_root': str(ann_file.parent)})
    samples = [make_sample(1, RIGHT, dtype=dtype), make_sample(2, WRONG, dtype=dtype)]
    figures = run(metric, samples)
    assert tuple(figures) == metric.SCORES
    assert figures['mIoU'] == pytest.approx((5 / 6 + 2 / 3) / 2, abs=1e-15)
    assert figures['mIoU_per_image'] == pytest.approx((1 + 7 / 12) / 2, abs=1e-15)
    assert figures['aAcc'] == 7 / 8
    assert metric.last_result.confusion.tolist() == [[5, 1], [0, 2]]
    assert metric.last_results == [metric.last_result]
    assert run(metric, samples) == figures  # a second epoch starts empty


def test_nothing_of_a_picture_is_kept_but_counts():
    metric = TrashIoUMetric()
    metric.dataset_meta = {'classes': ('Background', 'can')}
    truth = np.zeros((500, 500), dtype=int)
    truth[100:300, 100:300] = 1
    metric.process(None, [make_sample(1, truth.tolist(), truth.tolist()).to_dict()])
    (_, counts), *rest = metric.results
    assert not rest and sum(array.nbytes for array in counts) < 200


def test_figures_may_have_a_prefix_and_need_no_file():
    assert run(TrashIoUMetric(prefix='seg'), [make_sample(1, RIGHT)])['seg/mIoU'] == 1.0


def test_pictures_the_loader_did_not_deliver_are_not_scored(ann_file):
    assert run(TrashIoUMetric(ann_file=str(ann_file)), [make_sample(1, RIGHT)])['mIoU'] == 1.0


@pytest.mark.parametrize(
    ('sample', 'error', 'message'),
    [
        (make_sample(7, [[0, 0, 2, 1]]), ValueError, 'picture 7: the prediction holds 2'),
        (make_sample(7, RIGHT, [[0, 0, 3, 1]]), ValueError, 'picture 7: the truth holds 3'),
        (
            make_sample(7, [[0, 0, 256, 1]]),
            ValueError,
            'picture 7: labels must be whole numbers from 0 to 255, not 256',
        ),
        (make_sample(7, [[0, 0.5, 0, 1]], dtype=torch.float32), ValueError, r'not 0\.5'),
        (make_sample(7, [[0, 0]]), ValueError, 'picture 7: the prediction is 2 x 1 pixels, the truth 4 x 1'),
        (make_sample(7, RIGHT, None), UserError, 'add LoadTrashSegmentation'),
        (make_sample(7, RIGHT, [[255] * 4]), UserError, 'no pixel of the 1 pictures counts'),
    ],
    ids='label,truth,large,fraction,size,no truth,ignored'.split(','),
)
def test_what_cannot_be_scored(sample, error, message):
    with pytest.raises(error, match=message):
        run(TrashIoUMetric(), [sample])


def test_mistakes():
    with pytest.raises(UserError, match='names no classes'):
        run(TrashIoUMetric(), [make_sample(1, RIGHT)], classes=())
    with pytest.raises(UserError, match='no picture was predicted'):
        run(TrashIoUMetric(), [])
    with pytest.raises(UserError, match=r'nowhere\.json: no such file; TrashIoUMetric needs it'):
        TrashIoUMetric(ann_file='nowhere.json')


TWO_RANKS = """
    import torch.distributed as dist
    import custom_modules
    from custom_modules.utils import UserError
    from test_trash_iou_metric import RIGHT, WRONG, TrashIoUMetric, make_sample, run

    dist.init_process_group('gloo')
    # Three images on two ranks: a sampler gives image 1 twice to fill the last batch, the second time with rubbish.
    shares = [[make_sample(1, WRONG), make_sample(3, RIGHT)], [make_sample(2, RIGHT), make_sample(1, [[1, 1, 1, 1]])]]
    metric = TrashIoUMetric()
    figures = run(metric, shares[dist.get_rank()])
    assert figures['aAcc'] == 11 / 12, figures
    assert (metric.last_result is None) == (dist.get_rank() == 1)
    try:
        run(TrashIoUMetric(), [make_sample(1, RIGHT, [[255] * 4])])
    except UserError as error:
        print('refused', 'no pixel' in str(error))
    dist.barrier()  # a rank that is gone before the other has heard of the error would end it
    dist.destroy_process_group()
    """


def test_two_processes(run_on_two_ranks):
    assert all('refused True' in output for output in run_on_two_ranks(TWO_RANKS))
