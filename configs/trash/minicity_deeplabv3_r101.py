"""DeepLabV3 with ResNet-101 on MiniCity, 384 x 768 px crops of pictures of half the size, from scratch.

    tools/dist_train.sh configs/trash/minicity_deeplabv3_r101.py 4

Recipe: SGD at 0.01 along a cosine over 200 epochs, batch 8, scales from 0.75 to 2, flips and colours, as a public entry
of the segmentation challenge of VIPriors (2020) trained this model; it may use no other pictures, so no weights either.

Score: not measured.
"""

_base_ = [
    '../_base_/models/deeplabv3.py',
    '../_base_/datasets/minicity_half.py',
    '../_base_/schedules/sgd_200e.py',
    '../_base_/runtime_segmentation.py',
]

model = dict(data_preprocessor=_base_.preprocess, backbone=dict(_base_.resnet101, init_cfg=None))
