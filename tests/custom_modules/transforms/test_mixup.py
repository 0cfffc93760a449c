"""Two pictures on top of each other."""

import numpy as np
import pytest

from custom_modules.transforms import TrashMixUp


class Pictures:
    """A data set of which only the last picture has objects."""

    def __len__(self) -> int:
        return 5

    def get_data_info(self, index: int) -> dict:
        return {'instances': [{}] if index == 4 else []}


def blend(picture: dict, other: dict, **options) -> dict:
    return TrashMixUp(**options)({**picture, 'mix_results': [other]})


@pytest.mark.fast
def test_blending_with_a_picture_of_the_same_size(make_picture):
    results = blend(make_picture((0, 3)), make_picture((1, 2)), ratio_range=(1, 1), flip_ratio=0.0)
    np.testing.assert_array_equal(
        results['gt_bboxes'].tensor, [[10, 20, 50, 60], [0, 0, 8, 8], [60, 10, 90, 30], [70, 50, 90, 70]]
    )
    assert results['gt_masks'].has_mask.tolist() == [True, False, True, False]
    assert results['gt_ignore_flags'].tolist() == [False, True, False, False]
    assert results['img'][40, 30, 0] == (40 + 200) / 2 and results['img'][20, 75, 0] == (200 + 80) / 2


@pytest.mark.fast
def test_the_other_picture_is_mirrored(make_picture):
    results = blend(make_picture(()), make_picture((0,)), ratio_range=(1, 1), flip_ratio=1.0)
    np.testing.assert_array_equal(results['gt_bboxes'].tensor, [[50, 20, 90, 60]])
    np.testing.assert_array_equal(results['gt_masks'].get_bboxes().tensor, [[50, 20, 90, 60]])


@pytest.mark.fast
@pytest.mark.parametrize('ratio', [0.5, 1.7], ids=['smaller', 'larger'])
def test_masks_go_with_the_other_picture(make_picture, ratio):
    grey = 114
    for seed in range(8):
        np.random.seed(seed)
        results = blend(make_picture(()), make_picture((0, 1)), ratio_range=(ratio, ratio), pad_val=grey)
        masks, boxes = results['gt_masks'], results['gt_bboxes'].numpy()
        np.testing.assert_allclose(masks.get_bboxes().numpy(), boxes, atol=1.01)
        assert (boxes >= 0).all() and (boxes <= [100, 80, 100, 80]).all()
        for bitmap, label in zip(masks.to_ndarray(), results['gt_bboxes_labels'], strict=True):
            assert np.median(results['img'][bitmap > 0]) == (200 + (40, 80)[label]) / 2
        assert (results['img'] == (200 + grey) // 2).any() == (ratio < 1)


@pytest.mark.fast
def test_box_only_pictures(make_picture):
    pictures = make_picture((0,), with_mask=False), make_picture((1,), with_mask=False)
    results = blend(*pictures, ratio_range=(1, 1), flip_ratio=0.0)
    assert len(results['gt_bboxes']) == 2 and 'gt_masks' not in results


@pytest.mark.fast
def test_the_other_picture_has_objects():
    assert TrashMixUp(max_iters=200).get_indexes(Pictures()) == [4]
    assert TrashMixUp(max_iters=0).get_indexes(Pictures()) == []
    assert TrashMixUp(prob=0.0).get_indexes(Pictures()) == []
