"""The plots: what they hold and what they refuse."""

import sys

import cv2
import numpy as np
import pytest

from custom_modules.evaluation import Predictions, evaluate_boxes
from custom_modules.utils import UserError
from custom_modules.visualization import Scalar, ScalarsCsv, plot_learning_curves, plot_pr_curves
from custom_modules.visualization.figures import new_figure
from custom_modules.visualization.learning_curves import _plot_total_loss, group_curves, smooth, sum_stages

BOX = [10, 10, 10, 10]


def write_run(path, num_steps=60, parts=True, scores=True):
    scalars = ScalarsCsv(path)
    for step in range(1, num_steps + 1):
        values = {'loss': 2 / step, 'lr': 1e-3 / step}
        if parts:
            values |= {'s0.loss_cls': 1 / step, 's1.loss_cls': 0.5 / step, 'loss_rpn_cls': float('nan')}
        scalars.append(step, 1, 'train', values)
        if scores and step % 20 == 0:
            scalars.append(step, 1, 'val', {'mAP50': step / 100})
    return path


def test_learning_curves(tmp_path):
    heights = []
    for parts, scores in ((True, True), (False, False)):
        path = tmp_path / f'{parts}.csv'
        plot_learning_curves(write_run(path, parts=parts, scores=scores), tmp_path / 'curves.png')
        image = cv2.imread(str(tmp_path / 'curves.png'))
        heights.append(image.shape[0])
        assert image.shape[1] == 1080
        assert (image < 250).any(axis=2).mean() > 0.01
    assert heights[0] > 1.5 * heights[1]  # panels without data are left out


def test_learning_curves_of_one_step(tmp_path):
    plot_learning_curves(write_run(tmp_path / 'a.csv', num_steps=1), tmp_path / 'curves.png')
    assert (tmp_path / 'curves.png').stat().st_size > 1000


@pytest.mark.parametrize(
    ('steps', 'labels', 'marker'),
    [(4, ['each log step'], 'o'), (60, ['each log step'], 'None'), (200, ['each log step', 'smoothed'], 'None')],
)
def test_the_legend_names_what_can_be_seen(steps, labels, marker):
    axes = new_figure(4.0, 3.0).subplots()
    _plot_total_loss(axes, (np.arange(steps), np.linspace(2, 1, steps)))
    assert [text.get_text() for text in axes.get_legend().get_texts()] == labels
    assert [line.get_marker() for line in axes.lines] == [marker] * len(labels)


def test_nothing_to_plot(tmp_path):
    ScalarsCsv(tmp_path / 'a.csv').append(1, 1, 'train', {'time': 1})
    with pytest.raises(UserError, match='nothing to plot'):
        plot_learning_curves(tmp_path / 'a.csv', tmp_path / 'curves.png')
    assert not (tmp_path / 'curves.png').exists()


def test_group_curves():
    scalars = [Scalar(2, 1, 'train', 'loss', 5), Scalar(1, 1, 'train', 'loss', 7), Scalar(1, 1, 'val', 'loss', 1)]
    scalars.append(Scalar(3, 1, 'train', 'loss', float('nan')))
    curves = group_curves(scalars)
    assert set(curves) == {('train', 'loss'), ('val', 'loss')}
    np.testing.assert_array_equal(curves['train', 'loss'], [[1, 2], [7, 5]])


def test_stages_of_a_decoder_are_added_up():
    names = ['decode.loss_cls', 'decode.d0.loss_cls', 'decode.d1.loss_cls', 's0.loss_cls', 'aux_0.loss_ce']
    curves = {name: (np.array([10.0, 20.0]), np.array([index, 1.0])) for index, name in enumerate(names)}
    curves['decode.d1.loss_cls'] = (np.array([20.0]), np.array([1.0]))  # one value was not finite
    sums = {name: [values.tolist() for values in curve] for name, curve in sum_stages(curves).items()}
    assert sums == {'decode.loss_cls': [[20], [3]], 'loss_cls': [[10, 20], [3, 1]], 'aux_0.loss_ce': [[10, 20], [4, 1]]}


def test_learning_curves_of_a_segmenter(tmp_path):
    """Thirty parts of the loss make three curves, and the score is there."""
    scalars = ScalarsCsv(tmp_path / 'a.csv')
    layers = ['', *(f'd{index}.' for index in range(9))]
    names = [f'decode.{layer}loss_{kind}' for layer in layers for kind in ('cls', 'mask', 'dice')]
    scores = {'mIoU': 0.4, 'mIoU_per_image': 0.45, 'mAcc': 0.5, 'aAcc': 0.9, 'boundary_IoU': 0.3}
    for step in range(1, 61):
        parts = {'decode.acc_seg': 50.0, **{name: len(name) / step for name in names}}
        scalars.append(step, 1, 'train', {'loss': 30 / step, 'lr': 1e-4, **parts})
        if step % 20 == 0:
            scalars.append(step, 1, 'val', {name: value * step / 60 for name, value in scores.items()})
    plot_learning_curves(tmp_path / 'a.csv', tmp_path / 'curves.png')
    assert cv2.imread(str(tmp_path / 'curves.png')).shape[0] > 1000


@pytest.mark.parametrize(
    ('values', 'window', 'expected'),
    [
        pytest.param([1, 2, 3, 4, 5], 3, [1, 2, 3, 4, 5], id='a line stays a line, to its ends'),
        pytest.param([1, 1, 9, 1, 1], 3, [1, 1, 1, 1, 1], id='a spike goes'),
        pytest.param([3, 1, 2], 1, [3, 1, 2], id='a window of one changes nothing'),
        pytest.param([7], 5, [7], id='one value'),
    ],
)
def test_smooth(values, window, expected):
    np.testing.assert_allclose(smooth(np.array(values, dtype=float), window), expected)


def test_precision_recall_curves_use_the_class_colours(tmp_path):
    coco = {
        'images': [{'id': 1, 'height': 99, 'width': 99}],
        'categories': [{'id': 1, 'name': 'can'}, {'id': 2, 'name': '캔'}, {'id': 3, 'name': 'absent'}],
        'annotations': [
            {'id': index, 'image_id': 1, 'category_id': index, 'bbox': BOX, 'area': 100, 'iscrowd': 0}
            for index in (1, 2)
        ],
    }
    boxes = [[10, 10, 20, 20], [50, 50, 60, 60], [10, 10, 20, 20]]  # the second is a false alarm
    instances = {'bboxes': boxes, 'labels': [0, 1, 1], 'scores': [0.5, 0.4, 0.3]}
    result = evaluate_boxes(coco, Predictions.from_instances(1, instances, (1, 2, 3)))
    plot_pr_curves(result, tmp_path / 'pr.png', [(250, 10, 10), (10, 200, 10), (10, 10, 250)])
    image = cv2.imread(str(tmp_path / 'pr.png'))
    counts = [int((image == color).all(axis=2).sum()) for color in ([10, 10, 250], [10, 200, 10], [250, 10, 10])]
    assert counts[0] > 500 and counts[1] > 500
    assert counts[2] == 0


def test_no_global_matplotlib_state(tmp_path):
    already = 'matplotlib.pyplot' in sys.modules
    plot_learning_curves(write_run(tmp_path / 'a.csv'), tmp_path / 'curves.png')
    if already:
        assert not sys.modules['matplotlib.pyplot'].get_fignums()
    else:
        assert 'matplotlib.pyplot' not in sys.modules
