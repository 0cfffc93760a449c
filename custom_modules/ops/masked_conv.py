"""The two halves of a convolution that is computed at chosen places only.

Used by guided anchoring (Wang et al., CVPR 2019, section 3.5); there is no
backward, upstream has none either.
"""

from torch import Tensor
from torch.nn import functional as F


def masked_im2col_forward(
    im: Tensor,
    mask_h_idx: Tensor,
    mask_w_idx: Tensor,
    col: Tensor,
    kernel_h: int,
    kernel_w: int,
    pad_h: int,
    pad_w: int,
) -> None:
    """Collect the cells under the kernel at each chosen place.

    Args:
        im: (1, C, H, W).
        mask_h_idx: (M,) int64, row of each place in the output of the convolution.
        mask_w_idx: (M,) int64, column.
        col: (C * kernel_h * kernel_w, M), written.
        kernel_h: Taps down, kernel_w across.
        pad_h: Zeros added above and below, pad_w left and right.
    """
    padded = F.pad(im[0], (pad_w, pad_w, pad_h, pad_h))
    taps = col.view(im.size(1), kernel_h, kernel_w, -1)
    for i in range(kernel_h):
        for j in range(kernel_w):
            taps[:, i, j] = padded[:, mask_h_idx + i, mask_w_idx + j]


def masked_col2im_forward(
    col: Tensor, mask_h_idx: Tensor, mask_w_idx: Tensor, im: Tensor, height: int, width: int, channels: int
) -> None:
    """Put the results back in their places.

    Args:
        col: (channels, M).
        mask_h_idx: (M,) int64, row of each place.
        mask_w_idx: (M,) int64, column.
        im: (1, channels, height, width), written at these places.
        height: Rows of ``im``.
        width: Columns of ``im``.
        channels: Channels of ``im``.
    """
    im[0, :, mask_h_idx, mask_w_idx] = col.to(im.dtype)
