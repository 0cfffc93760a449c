"""A small segmenter through the real runner: score, best weights, report, curves."""

import csv
import json

from tools import ROOT
from tools.train import main

CONFIG = """
_base_ = ['{base}/datasets/demo_segmentation.py', '{base}/runtime_segmentation.py']
loss = dict(type='mmseg.CrossEntropyLoss', avg_non_ignore=True)
head = dict(type='FCNHead', channels=8, num_convs=1, num_classes=11, loss_decode=loss)
model = dict(
    type='EncoderDecoder',
    data_preprocessor=_base_.preprocess,
    backbone=dict(type='ResNetV1c', depth=18, base_channels=8),
    decode_head=dict(head, in_channels=64, in_index=3),
    auxiliary_head=dict(head, in_channels=32, in_index=2),
    test_cfg=dict(mode='whole'),
)
train_cfg = dict(type='ResumableEpochLoop', max_epochs=2, val_interval=1)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='AdamW', lr=0.003))
custom_hooks = [dict(type='TrashEarlyStoppingHook', monitor='mIoU')]
"""


def test_what_a_training_leaves(tmp_path, synthetic_root):
    config, run = tmp_path / 'fcn.py', tmp_path / 'run'
    config.write_text(CONFIG.format(base=ROOT / 'configs' / '_base_'))
    assert main([str(config), '--data-root', str(synthetic_root), '--work-dir', str(run)]) == 0
    with (run / 'scalars.csv').open() as file:
        rows = list(csv.DictReader(file))
    scores = [float(row['value']) for row in rows if (row['split'], row['name']) == ('val', 'mIoU')]
    state = json.loads((run / 'state.json').read_text())
    assert len(scores) == 2 and state['best'] == max(scores)
    assert {'decode.loss_ce', 'aux.loss_ce', 'mIoU_per_image', 'boundary_IoU'} <= {row['name'] for row in rows}
    figures = json.loads((run / 'val' / 'metrics.json').read_text())
    assert figures['mIoU'] == scores[-1] and figures['num_images'] == 4
    assert sum(map(sum, figures['confusion'])) == 4 * 128 * 128
    for name in ('best.pth', 'curves.png', 'val/confusion.png', 'val/per_class.csv'):
        assert (run / name).is_file()
