"""DeepLabV3+ (Chen et al., 2018); the leaf brings the backbone, with ``stride16`` one of output stride 16."""

_base_ = './deeplabv3.py'

model = dict(
    # The finest map, of stride 4, comes in again behind the pyramid.
    decode_head=dict(type='DepthwiseSeparableASPPHead', c1_in_channels=256, c1_channels=48),
)

# Half the rates on maps of half the size, and the width of the paper (section 4).
stride16 = dict(decode_head=dict(channels=256, dilations=(1, 6, 12, 18)))
