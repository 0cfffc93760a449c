"""Predicting on loose pictures: ids, drawings, unreadable files."""

import json
import shutil
from pathlib import Path

import cv2
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import MODELS, DefaultScope

from custom_modules.engine import load_config, load_weights
from custom_modules.engine.data import use_classes
from custom_modules.engine.inference import PictureResult, find_pictures, predictor
from custom_modules.engine.tasks import is_segmentation
from custom_modules.evaluation import Predictions
from custom_modules.utils import UserError
from tools._drawing import DetectionDrawing
from tools.predict import main
from tools.test import main as score


@pytest.fixture
def photos(synthetic_root, tmp_path) -> Path:
    """Three pictures and one file that only looks like one."""
    folder = tmp_path / 'photos'
    folder.mkdir()
    for number, image in enumerate(json.loads((synthetic_root / 'test.json').read_text())['images'][:3]):
        shutil.copy(synthetic_root / image['file_name'], folder / f'{number}.jpg')
    (folder / 'broken.jpg').write_bytes(b'not a picture')
    return folder


def test_good_pictures_are_done_and_bad_ones_listed(trained_htc, htc, photos, tmp_path, capsys):
    out = tmp_path / 'found.json'
    options = ['--out', str(out), '--draw', str(tmp_path / 'drawn'), '--score-thr', '0.05', '--batch-size', '2']
    assert main([htc, str(trained_htc / 'best.pth'), str(photos), *options]) == 1
    printed = capsys.readouterr()
    assert 'not read: ' in printed.err
    assert printed.out == f'3 pictures, detections in {out}, names of the pictures in {out}.images.json\n'
    listed = json.loads(Path(f'{out}.images.json').read_text())['images']
    assert [(image['id'], Path(image['file_name']).name) for image in listed] == [
        (1, '0.jpg'),
        (2, '1.jpg'),
        (3, '2.jpg'),
        (4, 'broken.jpg'),
    ]
    assert {record['image_id'] for record in json.loads(out.read_text())} <= {1, 2, 3}
    drawn = [cv2.imread(str(path)).shape for path in (tmp_path / 'drawn').iterdir()]
    assert drawn == [(512, 512, 3)] * 3  # 128 px, four times as large


def test_what_an_interrupted_call_has_drawn_stays(photos, tmp_path):
    nothing = Predictions.concatenate([])
    (picture,) = find_pictures([str(photos / '0.jpg')])
    draw = DetectionDrawing(str(tmp_path / 'drawn'), 0.3)
    for is_new, drawn in ((False, True), (False, False), (True, True)):
        before = [path.read_bytes() for path in (tmp_path / 'drawn').glob('*')]
        draw(PictureResult(picture, nothing, ['can'], [1], is_new=is_new))
        path = tmp_path / 'drawn' / '000001_0.jpg'
        assert (before != [path.read_bytes()]) is drawn
        if not is_new:
            path.write_bytes(b'drawn before')


def test_batches_do_not_change_the_result(trained_htc, htc, photos, tmp_path):
    (photos / 'broken.jpg').unlink()
    found = []
    for size in ('1', '3'):
        out = tmp_path / f'{size}.json'
        assert main([htc, str(trained_htc / 'best.pth'), str(photos), '--out', str(out), '--batch-size', size]) == 0
        found.append(json.loads(out.read_text()))
    assert len(found[0]) == len(found[1]) > 0
    for one, other in zip(*found, strict=True):
        assert one['bbox'] == pytest.approx(other['bbox'], abs=0.01)
        assert one['score'] == pytest.approx(other['score'], abs=1e-4)


def test_ids_come_from_the_json_when_there_is_one(synthetic_root):
    images = json.loads((synthetic_root / 'test.json').read_text())['images']
    pictures = find_pictures([str(synthetic_root / images[2]['file_name'])], synthetic_root / 'test.json')
    assert [picture.image_id for picture in pictures] == [images[2]['id']]


@pytest.mark.parametrize(
    ('option', 'message'),
    [
        pytest.param(['--batch-size', '0'], '--batch-size 0', id='batch'),
        pytest.param(['--score-thr', 'nan'], '--score-thr nan', id='score'),
        pytest.param(['--device', 'cuda:99'], '--device cuda:99', id='device'),
        pytest.param(['--out', 'x.csv'], 'ends in .json', id='suffix'),
    ],
)
def test_wrong_options_are_refused_before_the_model_is_read(htc, photos, tmp_path, option, message):
    with pytest.raises(UserError, match=message):
        main([htc, 'gone.pth', str(photos), '--out', str(tmp_path / 'x.json'), *option])


def test_each_process_takes_its_own_card(htc, photos, tmp_path, monkeypatch):
    monkeypatch.setenv('LOCAL_RANK', '1')
    with pytest.raises(UserError, match='--device cuda:0: each process has its own card'):
        main([htc, 'gone.pth', str(photos), '--out', str(tmp_path / 'x.json'), '--device', 'cuda:0'])


@pytest.mark.parametrize('images', ['', '*.jpg', '0.jpg'], ids=['folder', 'pattern', 'picture'])
@pytest.mark.parametrize('draw', ['.', 'drawn'])
def test_drawings_do_not_lie_among_the_pictures(htc, photos, tmp_path, images, draw):
    """The same command would predict on them when it goes on; a folder beside single pictures is not looked at."""
    command = [htc, 'gone.pth', str(photos / images), '--out', str(tmp_path / 'x.json'), '--draw', str(photos / draw)]
    expected = 'no such checkpoint' if images and draw == 'drawn' else 'lies among the pictures'
    with pytest.raises(UserError, match=expected):
        main(command)


@pytest.mark.parametrize(
    ('name', 'meant'),
    [
        pytest.param('bset.pth', 'best.pth', id='file'),
        pytest.param('../rrun/best.pth', '../run/best.pth', id='folder'),
        pytest.param('.', 'best.pth', id='the-run-itself'),
    ],
)
def test_a_mistyped_checkpoint_is_guessed(trained_htc, htc, photos, tmp_path, name, meant):
    with pytest.raises(UserError) as error:
        main([htc, str(trained_htc / name), str(photos), '--out', str(tmp_path / 'found.json')])
    assert f'no such checkpoint; did you mean {trained_htc / meant}' in str(error.value)


def test_a_checkpoint_of_not_a_number_says_so(trained_htc, htc, photos, tmp_path):
    content = torch.load(trained_htc / 'best.pth', weights_only=True)
    content['state_dict']['roi_head.bbox_head.2.fc_reg.bias'].fill_(float('nan'))
    torch.save(content, tmp_path / 'nan.pth')
    with pytest.raises(UserError, match=r'not finite \(roi_head.bbox_head.2.fc_reg.bias\)'):
        main([htc, str(tmp_path / 'nan.pth'), str(photos), '--out', str(tmp_path / 'found.json')])


def test_predictions_of_not_a_number_say_so_and_leave_no_file(trained_htc, htc, photos, tmp_path, monkeypatch):
    def load_and_spoil(model, *others):
        load_weights(model, *others)
        model.roi_head.bbox_head[2].fc_reg.bias.data.fill_(float('nan'))  # as an overflow in the arithmetic would

    monkeypatch.setattr(predictor, 'load_weights', load_and_spoil)
    with pytest.raises(UserError, match='the model predicts NaN'):
        main([htc, str(trained_htc / 'best.pth'), str(photos), '--out', str(tmp_path / 'found.json')])
    assert not (tmp_path / 'found.json').exists()


DEMO = [
    path
    for path in sorted((Path(__file__).resolve().parents[2] / 'configs' / 'demo').glob('*.py'))
    if not is_segmentation(Config.fromfile(path))
]


@pytest.mark.parametrize('config', DEMO, ids=lambda path: path.stem)
def test_each_family_is_tested_and_predicts(config, synthetic_root, photos, tmp_path, capsys):
    """Untrained: whatever a detector is made of, its results are boxes, and masks where it has a branch for them."""
    categories = json.loads((synthetic_root / 'val.json').read_text())['categories']
    cfg = load_config(config)
    use_classes(cfg, len(categories), has_masks=True)
    has_masks = 'mask_head' in cfg.model.get('roi_head', {})
    with DefaultScope.overwrite_default_scope('mmdet'):
        weights = MODELS.build(cfg.model).state_dict()
    weights = {
        key: value.where(value.abs() < 1e3, 0) for key, value in weights.items()
    }  # some start as found in memory
    meta = {'classes': [c['name'] for c in categories], 'cat_ids': [c['id'] for c in categories]}
    torch.save({'state_dict': weights, 'meta': meta}, tmp_path / 'c.pth')
    (photos / 'broken.jpg').unlink()
    common = [str(config), str(tmp_path / 'c.pth')]
    drawing = ['--draw', str(tmp_path / 'drawn'), '--score-thr', '0.001']
    assert main([*common, str(photos), '--out', str(tmp_path / 'found.json'), *drawing, '--batch-size', '2']) == 0
    assert score([*common, '--data-root', str(synthetic_root), '--out', str(tmp_path / 'val.json')]) == 0
    assert 'mAP50 0.' in capsys.readouterr().out
    for name in ('found.json', 'val.json'):
        records = json.loads((tmp_path / name).read_text())
        assert records and all(('segmentation' in record) is has_masks for record in records)
    assert len(list((tmp_path / 'drawn').iterdir())) == 3


@pytest.mark.parametrize(
    ('arguments', 'ann', 'message'),
    [
        pytest.param(['/nowhere/*.jpg'], None, 'no picture there', id='pattern'),
        pytest.param(['photos'], 'test.json', 'does not know', id='unknown-to-the-json'),
    ],
)
def test_what_cannot_be_meant_is_refused(synthetic_root, photos, arguments, ann, message):
    arguments = [str(photos) if argument == 'photos' else argument for argument in arguments]
    with pytest.raises(UserError, match=message):
        find_pictures(arguments, ann and synthetic_root / ann)
