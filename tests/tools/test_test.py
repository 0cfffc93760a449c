"""Testing through the command line: predictions, figures, the closing line, refusals."""

import json
import re
import shutil

import pytest

from custom_modules.datasets import load_coco
from custom_modules.evaluation import evaluate_boxes, read_predictions
from custom_modules.utils import UserError
from tools.test import main


def test_scores_end_the_output_and_agree_with_the_files(trained_htc, htc, synthetic_root, tmp_path, capsys):
    out = tmp_path / 'val.json'
    assert main([htc, str(trained_htc / 'best.pth'), '--data-root', str(synthetic_root), '--out', str(out)]) == 0
    last = capsys.readouterr().out.strip().splitlines()[-1]
    assert re.fullmatch(r'mAP50 [01]\.\d{6}', last)
    coco = load_coco(synthetic_root / 'val.json')
    scored = evaluate_boxes(coco, read_predictions(out, coco))
    figures = json.loads((tmp_path / 'val.metrics.json').read_text())
    assert figures['scores']['mAP50'] == scored.mAP50
    assert float(last.split()[1]) == pytest.approx(scored.mAP50, abs=5e-7)
    assert all('segmentation' in record for record in json.loads(out.read_text()))
    assert {path.name for path in tmp_path.iterdir()} == {'val.json', 'val.run.json', 'val.metrics.json'}


def test_another_file_type_is_refused_before_anything_is_read(htc, tmp_path):
    with pytest.raises(UserError, match=r'ends in \.json'):
        main([htc, 'gone.pth', '--out', str(tmp_path / 'x.csv')])


def test_a_file_without_answers_gives_predictions_only(trained_htc, htc, synthetic_root, capsys):
    command = [htc, str(trained_htc / 'best.pth'), '--data-root', str(synthetic_root), '--split', 'test']
    assert main(command) == 0
    assert 'nothing scored' in capsys.readouterr().out
    out = trained_htc / 'predictions' / 'test.json'
    images = {image['id'] for image in json.loads((synthetic_root / 'test.json').read_text())['images']}
    assert {record['image_id'] for record in json.loads(out.read_text())} <= images
    assert main([*command, '--ann', 'test_answers.json', '--out', str(out.with_name('scored.json'))]) == 0
    assert 'mAP50 ' in capsys.readouterr().out


def test_a_checkpoint_of_another_architecture_is_refused(trained_htc, htc, synthetic_root):
    cascade = htc.replace('htc_swin', 'cascade_mask_rcnn_swin')
    with pytest.raises(UserError, match='belongs to another model'):
        main([cascade, str(trained_htc / 'best.pth'), '--data-root', str(synthetic_root)])


def test_a_data_set_with_other_classes_is_refused(trained_htc, htc, synthetic_root, tmp_path):
    content = json.loads((synthetic_root / 'val.json').read_text())
    content['categories'][0]['name'] = 'Rubble'
    (tmp_path / 'other.json').write_text(json.dumps(content))
    command = [htc, str(trained_htc / 'best.pth'), '--data-root', str(synthetic_root)]
    with pytest.raises(UserError, match='has the classes Rubble'):
        main([*command, '--ann', str(tmp_path / 'other.json')])


def test_a_cut_checkpoint_is_refused(trained_htc, htc, synthetic_root, tmp_path):
    cut = tmp_path / 'cut.pth'
    cut.write_bytes((trained_htc / 'best.pth').read_bytes()[:10_000])
    with pytest.raises(UserError, match='damaged or not a checkpoint'):
        main([htc, str(cut), '--data-root', str(synthetic_root)])


def test_unreadable_pictures_are_listed_and_count_as_empty_and_ids_are_the_data_sets(
    trained_htc, htc, synthetic_root, tmp_path, capsys
):
    """The same classes under other ids, and one picture damaged, in a copy of the data set."""
    root = tmp_path / 'data'
    shutil.copytree(synthetic_root, root)
    content = json.loads((root / 'val.json').read_text())
    for record in content['categories']:
        record['id'] += 100
    for record in content['annotations']:
        record['category_id'] += 100
    (root / 'val.json').write_text(json.dumps(content))
    gone = content['images'][0]
    (root / gone['file_name']).write_bytes(b'<html>')
    out = tmp_path / 'val.json'
    assert main([htc, str(trained_htc / 'best.pth'), '--data-root', str(root), '--out', str(out)]) == 1
    printed = capsys.readouterr()
    assert f'not read: {gone["file_name"]}: ' in printed.err
    assert printed.out.strip().splitlines()[-1].startswith('mAP50 ')
    records = json.loads(out.read_text())
    assert {record['category_id'] for record in records} <= {record['id'] for record in content['categories']}
    assert records and gone['id'] not in {record['image_id'] for record in records}
    figures = json.loads((tmp_path / 'val.metrics.json').read_text())
    assert (
        figures['scores']['mAP50']
        == evaluate_boxes(load_coco(root / 'val.json', check_images=False), read_predictions(out)).mAP50
    )
