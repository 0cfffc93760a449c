import json

import pytest
from mmengine.config import Config

from custom_modules.engine.pseudo_round import learnt_round


@pytest.mark.parametrize(
    ('file_round', 'start_round', 'resumed_round', 'expected'),
    [
        pytest.param(0, 0, None, 0, id='real labels'),
        pytest.param(2, 0, None, 2, id='its file'),
        pytest.param(0, 1, None, 1, id='fine-tuned on real labels'),
        pytest.param(1, 2, None, 2, id='the newest counts'),
        pytest.param(0, None, 3, 3, id='resumed after the file was written anew'),
        pytest.param(0, 'a.pth', None, 0, id='weights that say nothing'),
        pytest.param(0, 'https://host/a.pth', None, 0, id='published weights'),
    ],
)
def test_what_a_training_learns_from(tmp_path, file_round, start_round, resumed_round, expected):
    note = {'pseudo_labels': {'round': file_round}} if file_round else {}
    (tmp_path / 'train.json').write_text(json.dumps({'images': [], **note}))
    part = {'type': 'TrashSegDataset', 'data_root': str(tmp_path), 'ann_file': 'train.json'}
    runs = {'start': start_round, 'resumed': resumed_round}
    for name, number in runs.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / 'run.json').write_text(json.dumps({'pseudo_round': number}))
    load_from = start_round if isinstance(start_round, str) else str(tmp_path / 'start' / 'best.pth')
    cfg = Config({'train_dataloader': {'dataset': {'dataset': part}}, 'load_from': load_from})
    assert learnt_round(cfg, tmp_path / 'resumed' / 'last.pth' if resumed_round else None) == expected
