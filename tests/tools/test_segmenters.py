"""Testing and predicting with a segmenter through the command line."""

import json
import re
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import MODELS
from PIL import Image

from custom_modules.datasets import load_coco
from custom_modules.datasets.label_maps import LabelMaps, segmentation_classes
from custom_modules.datasets.palette import segmentation_palette
from custom_modules.engine import load_config
from custom_modules.engine.data import use_classes
from custom_modules.engine.inference import PictureResult, find_pictures
from custom_modules.engine.inference.pictures import pictures_of_split
from custom_modules.engine.inference.scoring import _score_labels
from custom_modules.engine.tasks import in_scope_of, is_segmentation
from custom_modules.ensemble import open_probs, write_probs
from custom_modules.evaluation import SegmentationScorer
from custom_modules.utils import UserError
from tools._drawing import LabelDrawing
from tools.predict import main as predict
from tools.test import main as score


@pytest.fixture
def command(tiny_segmenter, untrained_segmenter) -> list[str]:
    return [str(tiny_segmenter), str(untrained_segmenter)]


@pytest.fixture
def photos(synthetic_root, tmp_path) -> Path:
    """Two pictures of different sizes and one file that only looks like one."""
    folder = tmp_path / 'photos'
    folder.mkdir()
    image = json.loads((synthetic_root / 'test.json').read_text())['images'][0]
    picture = cv2.imread(str(synthetic_root / image['file_name']))
    cv2.imwrite(str(folder / 'a.jpg'), picture)
    cv2.imwrite(str(folder / 'b.png'), picture[:50, :97])
    (folder / 'broken.jpg').write_bytes(b'not a picture')
    return folder


@pytest.mark.fast
def test_scores_end_the_output_and_agree_with_the_folder(command, synthetic_root, tmp_path, capsys):
    out = tmp_path / 'val.probs'
    assert score([*command, '--data-root', str(synthetic_root), '--out', str(out), '--batch-size', '4']) == 0
    lines = capsys.readouterr().out.strip().splitlines()
    assert re.fullmatch(r'mIoU [01]\.\d{6}', lines[-1]) and f'predictions: {out}' in lines
    assert any(line.strip().startswith('Background') for line in lines)
    truth, probs = LabelMaps(load_coco(synthetic_root / 'val.json')), open_probs(out)
    scorer = SegmentationScorer(probs.classes)
    for image_id in truth.image_ids:
        scorer.add(image_id, probs.labels(image_id), truth[image_id])
    figures = json.loads((tmp_path / 'val.metrics.json').read_text())
    assert figures['scores'] == scorer.result().summary()
    assert float(lines[-1].split()[1]) == pytest.approx(scorer.result().mIoU, abs=5e-7)
    assert {path.name for path in tmp_path.iterdir()} == {'val.probs', 'val.run.json', 'val.metrics.json'}
    notes = json.loads((tmp_path / 'val.run.json').read_text())
    assert notes['classes'][0] == 'Background' and notes['ann'] == str(synthetic_root / 'val.json')


def test_predictions_go_into_the_run(command, synthetic_root, tmp_path, capsys):
    """Those with views beside the others; a file without answers gives predictions only."""
    run = tmp_path / 'run'
    run.mkdir()
    (run / 'run.json').write_text('{}')
    shutil.copy(command[1], run / 'best.pth')
    common = [command[0], str(run / 'best.pth'), '--data-root', str(synthetic_root), '--split', 'test']
    assert score(common) == 0
    assert score([*common, '--tta', '--cfg-options', 'tta.scales=[1.0]']) == 0
    assert 'nothing scored' in capsys.readouterr().out
    found = {path.name for path in (run / 'predictions').iterdir()}
    assert found == {'test.probs', 'test.run.json', 'test_tta.probs', 'test_tta.run.json'}
    plain, views = (open_probs(run / 'predictions' / f'{name}.probs') for name in ('test', 'test_tta'))
    assert plain.image_ids == views.image_ids
    assert any((plain.raw(image_id) != views.raw(image_id)).any() for image_id in plain)


@pytest.mark.fast
def test_loose_pictures_are_predicted_and_drawn(command, photos, tmp_path, capsys):
    out, drawn = tmp_path / 'found.probs', tmp_path / 'drawn'
    assert predict([*command, str(photos), '--out', str(out), '--draw', str(drawn), '--bits', '16']) == 1
    printed = capsys.readouterr()
    assert 'not read: ' in printed.err
    assert printed.out == f'2 pictures, probabilities in {out}, names of the pictures in {out}.images.json\n'
    probs = open_probs(out)
    assert probs.image_ids == (1, 2) and probs.dtype == np.uint16
    assert [probs[image_id].shape for image_id in probs] == [(11, 128, 128), (11, 50, 97)]
    names = ['000001_a.jpg', '000001_a_labels.png', '000002_b.jpg', '000002_b_labels.png']
    assert sorted(path.name for path in drawn.iterdir()) == names
    for image_id, name in ((1, '000001_a'), (2, '000002_b')):
        labels = probs.labels(image_id)
        with Image.open(drawn / f'{name}_labels.png') as image:
            assert image.mode == 'P' and np.array_equal(np.asarray(image), labels)
            palette = segmentation_palette(probs.classes)
            assert image.convert('RGB').getpixel((3, 2)) == palette[labels[2, 3]]
        height, width = cv2.imread(str(drawn / f'{name}.jpg')).shape[:2]
        factor = -(-480 // min(labels.shape))
        assert width == factor * labels.shape[1] and height >= factor * labels.shape[0]  # a legend below


def test_what_an_interrupted_call_has_drawn_stays(photos, tmp_path):
    (picture,) = find_pictures([str(photos / 'b.png')])
    draw = LabelDrawing(str(tmp_path / 'drawn'))
    stored, paths = (
        np.zeros((2, 50, 97), np.uint8),
        [tmp_path / 'drawn' / f'000001_b{end}' for end in ('.jpg', '_labels.png')],
    )
    for is_new, drawn in ((False, True), (False, False), (True, True)):
        before = [path.read_bytes() for path in paths if path.exists()]
        draw(PictureResult(picture, stored, ['Background', 'can'], [0, 1], is_new=is_new))
        assert (before != [path.read_bytes() for path in paths]) is drawn
        if not is_new:
            for path in paths:
                path.write_bytes(b'drawn before')


def test_ids_are_those_of_the_json(command, synthetic_root, tmp_path):
    out = tmp_path / 'found.probs'
    assert predict([*command, str(synthetic_root / 'test.json'), '--out', str(out), '--amp']) == 0
    images = json.loads((synthetic_root / 'test.json').read_text())['images']
    probs = open_probs(out)
    assert {image['id']: image['file_name'] for image in images} == {
        image_id: picture.file_name for image_id, picture in probs.pictures.items()
    }


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        pytest.param(['--out', 'x.json'], 'a segmenter writes a folder of probabilities', id='out'),
        pytest.param(
            ['--score-thr', '0.5'], '--score-thr: is for detectors, .* is a segmenter; leave it out', id='thr'
        ),
        pytest.param(['--cfg-options', 'tta.method=nms'], r'tta\.method: unknown setting', id='tta'),
    ],
)
def test_what_is_for_detectors_is_refused_before_the_model_is_read(command, photos, tmp_path, options, message):
    with pytest.raises(UserError, match=message):
        predict([command[0], 'gone.pth', str(photos), '--out', str(tmp_path / 'x.probs'), *options])


@pytest.mark.parametrize('tool', [predict, score])
@pytest.mark.parametrize(
    ('options', 'message'),
    [
        pytest.param(['--out', 'x.probs'], 'a detector writes COCO json; give a name that ends in .json', id='out'),
        pytest.param(['--bits', '16', '--out', 'x.json'], '--bits 16: is for segmenters, .* is a detector', id='bits'),
    ],
)
def test_what_is_for_segmenters_is_refused_with_a_detector(htc, photos, tool, options, message):
    pictures = [str(photos)] if tool is predict else []
    with pytest.raises(UserError, match=message):
        tool([htc, 'gone.pth', *pictures, *options])


@pytest.mark.parametrize('tool', [predict, score])
def test_weights_of_the_other_task_are_refused(command, htc, trained_htc, photos, synthetic_root, tmp_path, tool):
    config, segmenter = command
    mixed = {(config, str(trained_htc / 'best.pth')): 'probs', (str(htc), segmenter): 'json'}
    for (of_task, weights), suffix in mixed.items():
        out = ['--out', str(tmp_path / f'x.{suffix}')]
        options = [str(photos)] if tool is predict else ['--data-root', str(synthetic_root)]
        kind = 'a detector' if suffix == 'probs' else 'a segmenter'
        with pytest.raises(UserError, match=f'is {kind}, .*config.py beside it'):
            tool([of_task, weights, *options, *out])


def test_a_data_set_with_other_classes_is_refused(command, synthetic_root, tmp_path):
    content = json.loads((synthetic_root / 'val.json').read_text())
    content['categories'][0]['name'] = 'Rubble'
    (tmp_path / 'other.json').write_text(json.dumps(content))
    with pytest.raises(UserError, match='has the classes Background, Rubble'):
        score([*command, '--data-root', str(synthetic_root), '--ann', str(tmp_path / 'other.json')])


DEMO = [
    path
    for path in sorted((Path(__file__).resolve().parents[2] / 'configs' / 'demo').glob('*.py'))
    if is_segmentation(Config.fromfile(path))
]


@pytest.mark.parametrize('config', DEMO, ids=lambda path: path.stem)
def test_each_family_is_tested_and_predicts(config, synthetic_root, tmp_path, capsys):
    """Untrained, in batches, in mixed precision, through windows and views: probabilities of every pixel."""
    classes = list(segmentation_classes(load_coco(synthetic_root / 'val.json', check_images=False).classes))
    cfg = load_config(config)
    use_classes(cfg, len(classes))
    with in_scope_of(cfg):
        weights = MODELS.build(cfg.model).state_dict()
    meta = {'classes': classes, 'cat_ids': list(range(len(classes)))}
    torch.save({'state_dict': weights, 'meta': meta}, tmp_path / 'c.pth')
    common = [str(config), str(tmp_path / 'c.pth'), '--data-root', str(synthetic_root)]
    windows = ['mode=slide', 'crop_size=(128,160)', 'stride=(64,32)']
    ways = {
        'plain': [],
        'batch': ['--batch-size', '3'],
        'amp': ['--amp'],
        'tta': ['--tta', '--cfg-options', 'tta.scales=[1.0]'],
        'slide': ['--batch-size', '2', '--cfg-options', *(f'model.test_cfg.{setting}' for setting in windows)],
    }
    found = {}
    for name, options in ways.items():
        assert score([*common, '--out', str(tmp_path / f'{name}.probs'), *options]) == 0
        assert 'mIoU 0.' in capsys.readouterr().out
        found[name] = open_probs(tmp_path / f'{name}.probs')
        for probs in found[name].values():
            assert probs.shape == (11, 128, 128) and np.abs(probs.sum(axis=0) - 1).max() < 11 / 510
    for image_id, probs in found['plain'].items():
        assert np.abs(found['batch'][image_id] - probs).max() < 0.01
        assert np.abs(found['amp'][image_id] - probs).max() < 0.2


def test_colours_are_those_the_checkpoint_knows(photos, tmp_path):
    (picture,) = find_pictures([str(photos / 'b.png')])
    stored = np.zeros((2, 50, 97), np.uint8)
    palette = [[128, 64, 128], [244, 35, 232]]
    LabelDrawing(str(tmp_path / 'drawn'))(PictureResult(picture, stored, ['road', 'car'], [0, 1], True, palette))
    with Image.open(tmp_path / 'drawn' / '000001_b_labels.png') as image:
        assert image.convert('RGB').getpixel((0, 0)) == (128, 64, 128)


def test_label_pictures_are_the_truth(tiny_segmenter, indexed_minicity, tmp_path):
    """The truth scores 1, also when read through the json of a fold, which lies in a folder of its own."""
    (indexed_minicity / 'folds').mkdir()
    ann = shutil.copy(indexed_minicity / 'val.json', indexed_minicity / 'folds' / 'val_0.json')
    data, out = load_coco(indexed_minicity / 'val.json'), tmp_path / 'val.probs'
    maps, cfg = LabelMaps(data), load_config(tiny_segmenter)
    labels = {image['id']: np.where(maps[image['id']] == 255, 3, maps[image['id']]) for image in data.images}
    probs = {image_id: np.eye(19, dtype=np.float32)[found].transpose(2, 0, 1) for image_id, found in labels.items()}
    write_probs(out, data.classes, [(image['id'], image['file_name'], probs[image['id']]) for image in data.images])
    pictures = pictures_of_split(indexed_minicity, ann)
    scores, _ = _score_labels(cfg, str(indexed_minicity), str(ann), str(out), pictures)
    assert scores['mIoU'] == 1.0 and scores['aAcc'] == 1.0
