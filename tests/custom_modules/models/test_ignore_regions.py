"""Every family honours ignore regions: a wrong prediction in one changes no loss, the same one outside does."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from mmdet.registry import MODELS
from mmdet.structures.bbox import HorizontalBoxes, bbox_overlaps, bbox_xyxy_to_cxcywh
from mmengine.structures import InstanceData

from custom_modules.engine import load_config
from custom_modules.engine.data import use_classes
from custom_modules.engine.shrink import shrink
from custom_modules.models.ignore_regions import boxes_inside, points_inside, regions_of

CONFIGS = Path(__file__).resolve().parents[3] / 'configs'
DENSE = ['trash/retinanet_swin_t', 'trash/atss_swin_l_dyhead', 'demo/atss_swin', 'trash/rtmdet_s', 'trash/yolox_s']
QUERIES = ['trash/dino_swin_l', 'demo/dino_swin', 'trash/ddq_swin_l']
TWO_STAGE = [
    'trash/cascade_mask_rcnn_swin_t',
    'trash/htc_resnext101',
    'demo/cascade_mask_rcnn_swin',
    'demo/htc_swin',
]
SIZE = 192  # px; the three objects of the batches lie in the upper left quarter
REGION, ELSEWHERE = [100.0, 100.0, 152.0, 156.0], [20.0, 120.0, 72.0, 176.0]
WRONG_CLASS = 5  # that of no object
SURE, UNSURE = 4.0, -8.0
OBJECTS = pytest.mark.parametrize('objects', [True, False], ids=['beside objects', 'without objects'])


@pytest.fixture(scope='module')
def detector():
    """Give a function that builds a shrunk detector once."""
    made = {}

    def make(name: str) -> torch.nn.Module:
        if name not in made:
            cfg = load_config(CONFIGS / f'{name}.py')
            use_classes(cfg, 10, has_masks=True)
            shrink(cfg)
            cfg.model.data_preprocessor.pop('batch_augments', None)  # the places below are those of the picture
            torch.manual_seed(0)
            made[name] = MODELS.build(cfg.model)
            made[name].init_weights()
        return made[name].train()

    return make


@pytest.fixture
def batch(make_batch, outline_masks) -> Callable:
    """Give a function that makes a batch with the given regions; pictures show three objects or none."""

    def make(*regions: list, objects: bool = True, has_masks: bool = False) -> dict:
        made = make_batch([outline_masks(['polygon'] * 3, SIZE, SIZE)] * len(regions), SIZE)
        for sample, boxes in zip(made['data_samples'], regions, strict=True):
            boxes = torch.tensor(boxes).reshape(-1, 4)
            labels = torch.full((len(boxes),), WRONG_CLASS)
            sample.ignored_instances = InstanceData(bboxes=HorizontalBoxes(boxes), labels=labels)
            sample.gt_instances = sample.gt_instances if objects else sample.gt_instances[:0]
            if not has_masks:
                sample.gt_instances.pop('masks')
        return made

    return make


def losses(model, batch: dict) -> dict[str, float]:
    """Calculate the losses; the model draws the same numbers every time."""
    torch.manual_seed(1)
    data = model.data_preprocessor(batch, True)
    log = model.parse_losses(model.loss(data['inputs'], data['data_samples']))[1]
    return {name: float(value) for name, value in log.items()}


def changed(one: dict, other: dict) -> set[str]:
    """Name the losses that differ."""
    assert one.keys() == other.keys()
    return {name for name in one if one[name] != pytest.approx(other[name], rel=1e-6, abs=1e-9)}


def place_in_levels(head, levels: list[torch.Tensor], box: list[float]) -> tuple[int, int, int, int]:
    """Find the prior that fits a box best: level, prior at its place, row and column."""
    box, best = torch.tensor([box]), (-1.0, None)
    shapes = [level.shape[-2:] for level in levels]
    for number, priors in enumerate(head.prior_generator.grid_priors(shapes, device='cpu')):
        if priors.shape[1] == 4:
            fits = bbox_overlaps(priors, box)[:, 0]
        else:
            middle = (box[:, :2] + box[:, 2:]) / 2
            side = head.prior_generator.strides[number][0] * 4.0
            fits = 1 / (1 + (priors - middle).norm(dim=1) + abs(side - (box[0, 2] - box[0, 0])))
        if fits.max() > best[0]:
            per_place, width = head.prior_generator.num_base_priors[number], levels[number].shape[-1]
            place, prior = divmod(int(fits.argmax()), per_place)
            best = (float(fits.max()), (number, prior, *divmod(place, width)))
    return best[1]


def predicting(head, box: list[float], logit: float, monkeypatch) -> None:
    """Make a dense head give the prior that fits the box a logit, for a wrong class or as an object."""
    original = type(head).forward

    def forward(*features):
        outputs = [list(levels) for levels in original(head, *features)]
        number, prior, row, column = place_in_levels(head, outputs[0], box)
        count = head.cls_out_channels
        for kind in (0, 2) if type(head).__name__ == 'TrashYOLOXHead' else (0,):
            logits = outputs[kind][number].clone()
            channel = prior * count + min(WRONG_CLASS, count - 1) if kind == 0 else 0
            logits[0, channel, row, column] = logit
            outputs[kind][number] = logits
        return tuple(outputs)

    monkeypatch.setattr(head, 'forward', forward)


@OBJECTS
@pytest.mark.parametrize('name', DENSE)
def test_dense_predictions(detector, batch, monkeypatch, name, objects):
    model = detector(name)
    pictures = batch([REGION], objects=objects)
    found = {}
    for place, box in {'inside': REGION, 'outside': ELSEWHERE}.items():
        for logit in (UNSURE, SURE):
            predicting(model.bbox_head, box, logit, monkeypatch)
            found[place, logit] = losses(model, pictures)
    assert changed(found['inside', SURE], found['inside', UNSURE]) == set()
    assert changed(found['outside', SURE], found['outside', UNSURE]) & {'loss_cls', 'loss_obj'}


@OBJECTS
@pytest.mark.parametrize('name', TWO_STAGE)
def test_proposals_of_the_rpn(detector, batch, monkeypatch, name, objects):
    model = detector(name)
    model.rpn_head.sampler.num = 10**6  # all anchors, not a few drawn at random
    pictures = batch([REGION], objects=objects, has_masks=True)
    found = {}
    for place, box in {'inside': REGION, 'outside': ELSEWHERE}.items():
        for logit in (UNSURE, SURE):
            predicting(model.rpn_head, box, logit, monkeypatch)
            found[place, logit] = {key: value for key, value in losses(model, pictures).items() if 'rpn' in key}
    assert changed(found['inside', SURE], found['inside', UNSURE]) == set()
    assert changed(found['outside', SURE], found['outside', UNSURE]) == {'loss_rpn_cls'}


@OBJECTS
@pytest.mark.parametrize('name', TWO_STAGE)
def test_boxes_of_every_stage(detector, batch, name, objects):
    """A proposal more in the region is as good as none; one elsewhere is one more piece of background."""
    model = detector(name)
    data = model.data_preprocessor(batch([REGION], objects=objects, has_masks=True), True)
    sample = data['data_samples'][0]
    with torch.no_grad():
        features = model.extract_feat(data['inputs'])
    found = {}
    for place, extra in {'none': [], 'inside': [REGION], 'outside': [ELSEWHERE]}.items():
        boxes = torch.tensor([[8.0, 8, 40, 46], [150, 10, 180, 40], *extra])
        for stage in model.roi_head.bbox_assigner:
            priors = InstanceData(priors=boxes)
            assigned = stage.assign(priors, sample.gt_instances, sample.ignored_instances).gt_inds
            assert assigned[1:].tolist() == [0, *([-1] if place == 'inside' else [0] * len(extra))]
        torch.manual_seed(1)
        proposals = InstanceData(bboxes=boxes, scores=torch.ones(len(boxes)), labels=torch.zeros(len(boxes)).long())
        log = model.parse_losses(model.roi_head.loss(features, [proposals], data['data_samples']))[1]
        found[place] = {key: float(value) for key, value in log.items()}
    assert changed(found['none'], found['inside']) == set()
    assert changed(found['none'], found['outside']) >= {'s0.loss_cls', 's1.loss_cls', 's2.loss_cls'}


def predicting_queries(model, box: list[float], logit: float, monkeypatch) -> None:
    """Make a query of every kind predict a box: encoder, denoising negative, matching and, in DDQ, dense."""
    head = model.bbox_head
    original_forward, original_loss = type(head).forward, type(head).loss
    target = bbox_xyxy_to_cxcywh(torch.tensor([box])) / SIZE
    logits = torch.full((head.cls_out_channels,), UNSURE)
    logits[WRONG_CLASS] = logit
    meta = {}

    def put(scores, boxes, indices, lead=()):
        scores, boxes = scores.clone(), boxes.clone()
        scores[(*lead, 0, indices)], boxes[(*lead, 0, indices)] = logits, target
        return scores, boxes

    def loss(*args, **kwargs):
        meta.update(kwargs['dn_meta'])
        for kind in ('enc_outputs', 'aux_enc_outputs'):
            if f'{kind}_class' in kwargs:
                names = f'{kind}_class', f'{kind}_coord'
                kwargs.update(zip(names, put(*(kwargs[name] for name in names), [0]), strict=True))
        return original_loss(head, *args, **kwargs)

    def forward(*args):
        count, groups = meta['num_denoising_queries'], meta['num_denoising_groups']
        first_negative = count // groups // 2
        return put(*original_forward(head, *args), [first_negative, count, -1], (slice(None),))

    monkeypatch.setattr(head, 'loss', loss)
    monkeypatch.setattr(head, 'forward', forward)


@OBJECTS
@pytest.mark.parametrize('name', QUERIES)
def test_queries(detector, batch, monkeypatch, name, objects):
    model = detector(name)
    pictures = batch([REGION], objects=objects)
    found = {}
    for place, box in {'inside': REGION, 'outside': ELSEWHERE}.items():
        for logit in (UNSURE, SURE):
            predicting_queries(model, box, logit, monkeypatch)
            found[place, logit] = losses(model, pictures)
    assert changed(found['inside', SURE], found['inside', UNSURE]) == set()
    kinds = {'loss_cls', 'd0.loss_cls', 'enc_loss_cls'}
    if 'ddq' in name:
        kinds -= {'loss_cls'}  # later layers drop queries that repeat another
        kinds |= {'0_aux_aux_loss_cls', 'aux_enc_aux_loss_cls'} if objects else set()  # upstream: only beside objects
    if objects:
        kinds |= {'dn_loss_cls', 'd0.dn_loss_cls'}
    assert changed(found['outside', SURE], found['outside', UNSURE]) >= kinds


@pytest.mark.parametrize('name', [*DENSE, *QUERIES, *TWO_STAGE])
def test_training_runs_with_ignore_regions_only_and_mixed(detector, batch, name):
    everything = [[0.0, 0.0, SIZE, SIZE]]
    model, form = detector(name), {'has_masks': name in TWO_STAGE}
    mixed = batch([REGION], [], everything, **form)
    for sample in mixed['data_samples'][1:]:
        sample.gt_instances = sample.gt_instances[:0]
    only = [batch(regions, objects=False, **form) for regions in ([REGION, ELSEWHERE], everything)]
    for pictures in (mixed, *only):
        model.zero_grad()
        data = model.data_preprocessor(pictures, True)
        total, log = model.parse_losses(model.loss(data['inputs'], data['data_samples']))
        total.backward()
        assert all(torch.isfinite(value).all() for value in log.values())
        parameters = [(key, value) for key, value in model.named_parameters() if value.requires_grad]
        assert not [key for key, value in parameters if value.grad is None]
        assert all(torch.isfinite(value.grad).all() for _, value in parameters)


@pytest.mark.parametrize(
    ('box', 'inside'),
    [
        pytest.param([10, 10, 20, 20], True, id='the region itself'),
        pytest.param([12, 12, 14, 14], True, id='a part of it'),
        pytest.param([5, 10, 15, 20], True, id='half of it'),
        pytest.param([4, 10, 15, 20], False, id='less than half of it'),
        pytest.param([0, 0, 100, 100], False, id='around it'),
        pytest.param([50, 50, 60, 60], False, id='elsewhere'),
        pytest.param([32, 10, 38, 12], True, id='the other region'),
    ],
)
def test_a_box_lies_in_a_region_with_half_of_its_area(box, inside):
    regions = torch.tensor([[10.0, 10, 20, 20], [30, 0, 40, 20]])
    assert boxes_inside(torch.tensor([box]).float(), regions).tolist() == [inside]


def test_points_lie_in_a_region_short_of_its_border():
    regions = torch.tensor([[10.0, 10, 20, 20], [30, 0, 40, 20]])
    points = torch.tensor([[15.0, 15], [10, 15], [35, 1], [25, 10]])
    assert points_inside(points, regions).tolist() == [True, False, True, False]


def test_regions_without_an_area_are_none():
    assert regions_of(None) is None
    assert regions_of(InstanceData(bboxes=torch.zeros(0, 4))) is None
    assert regions_of(InstanceData(bboxes=torch.tensor([[5.0, 5, 5, 9]]))) is None
    kept = regions_of(InstanceData(bboxes=torch.tensor([[5.0, 5, 5, 9], [1, 2, 3, 4]]), labels=torch.tensor([4, 7])))
    assert (kept.bboxes.tolist(), kept.labels.tolist()) == ([[1, 2, 3, 4]], [7])
