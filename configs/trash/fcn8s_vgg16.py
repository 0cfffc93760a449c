"""FCN-8s with VGG-16, 512 px crops, from ImageNet weights.

    tools/dist_train.sh configs/trash/fcn8s_vgg16.py 4

Recipe: AdamW, LinearLR up and PolyLR of power 0.9 down over 40 epochs (Chen et al., 2017, section 4.1; there with SGD).

Score: not measured.
"""

_base_ = '../_base_/fcn8s.py'
