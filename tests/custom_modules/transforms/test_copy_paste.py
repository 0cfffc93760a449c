"""Which objects are pasted, how large and where."""

import numpy as np
import pytest
import torch

from custom_modules.transforms import TrashCopyPaste
from custom_modules.transforms.class_weights import class_weights
from custom_modules.transforms.object_index import ObjectIndex
from custom_modules.utils import UserError

CLASSES = ('square', 'rectangle', 'box', 'absent')


class Pictures:
    """Four pictures with a square each, one of them with a rectangle, too."""

    metainfo = {'classes': CLASSES}

    def __init__(self, make_picture, objects=((0, 2), (0, 3), (0, 1), (0,))):
        self.pictures = [make_picture(one, img_id=number) for number, one in enumerate(objects)]

    def __len__(self) -> int:
        return len(self.pictures)

    def __getitem__(self, index: int) -> dict:
        return dict(self.pictures[index])

    def get_data_info(self, index: int) -> dict:
        return self.pictures[index]


def paste_onto(picture: dict, paste: TrashCopyPaste, dataset: Pictures) -> tuple[dict, list]:
    sources = [dataset[index] for index in paste.get_indexes(dataset)]
    return paste.paste({**picture, 'mix_results': sources})


@pytest.mark.fast
@pytest.mark.parametrize(
    ('setting', 'weights'),
    [
        ('rare', [0.5, 1, 0, 0]),
        ('equal', [1, 1, 0, 0]),
        ('natural', [4, 1, 0, 0]),
        ({'rectangle': 3, 'absent': 9}, [1, 3, 0, 0]),
        ({'square': 0}, [0, 1, 0, 0]),
    ],
    ids=str,
)
def test_class_weights(setting, weights):
    np.testing.assert_allclose(class_weights(setting, CLASSES, np.array([4, 1, 0, 0])), weights)


@pytest.mark.fast
@pytest.mark.parametrize(
    ('setting', 'message'),
    [
        ('often', "'often': give one of rare, equal, natural, or weights by class name"),
        ({'sq': 2}, 'names sq; the classes of the data are square, rectangle'),
        ({'square': -1}, 'give numbers from 0 on'),
        ({'square': float('nan')}, 'give numbers from 0 on'),
    ],
    ids=str,
)
def test_wrong_class_weights(setting, message):
    with pytest.raises(UserError, match=message):
        class_weights(setting, CLASSES, np.array([4, 1, 0, 0]))


@pytest.mark.fast
def test_objects_are_drawn_by_the_weight_of_their_class(make_picture):
    index = ObjectIndex(Pictures(make_picture))
    assert index.counts.tolist() == [4, 1, 0, 0]  # neither boxes without a mask nor ignore regions
    np.random.seed(0)
    drawn = [index.draw(np.array([1.0, 3.0, 5.0, 5.0])) for _ in range(2000)]
    assert sum(place == (2, 1) for place in drawn) / 2000 == pytest.approx(0.75, abs=0.04)
    assert {place for place in drawn if place != (2, 1)} == {(picture, 0) for picture in range(4)}


class Infos:
    """Pictures of 100 x 80 px with an object each, all of one class."""

    metainfo = {'classes': CLASSES}

    def __init__(self, boxes):
        self.infos = [
            {'width': 100, 'height': 80, 'instances': [{'bbox': box, 'bbox_label': 0, 'mask': [], 'ignore_flag': 0}]}
            for box in boxes
        ]

    def __len__(self) -> int:
        return len(self.infos)

    def get_data_info(self, index: int) -> dict:
        return self.infos[index]


INSIDE, CUT = [1, 1, 99, 79], [30, 0.5, 50, 20]


@pytest.mark.fast
@pytest.mark.parametrize(
    ('boxes', 'drawn'),
    [
        pytest.param([INSIDE, CUT], [0], id='half of them whole'),
        pytest.param([INSIDE, CUT, CUT], [0, 1, 2], id='too few whole ones'),
        pytest.param([INSIDE] * 20 + [CUT] * 40, range(20), id='twenty whole ones'),
        pytest.param([CUT], [0], id='none whole'),
        pytest.param([[0, 5, 9, 9], [5, 5, 100, 9], [5, 5, 9, 79.5], INSIDE, INSIDE, INSIDE], [3, 4, 5], id='borders'),
    ],
)
def test_objects_cut_by_a_border_are_pasted_only_where_others_are_few(boxes, drawn):
    index = ObjectIndex(Infos(boxes))
    assert index.places[0].tolist() == [[picture, 0] for picture in drawn]
    assert index.counts.tolist() == [len(boxes), 0, 0, 0]  # the weights of the classes are not touched


@pytest.mark.fast
def test_rare_classes_are_pasted_more_often_than_they_come(make_picture):
    dataset, paste = Pictures(make_picture), TrashCopyPaste(prob=1.0, num_objects=(1, 1))
    np.random.seed(0)
    labels = [paste_onto(make_picture(()), paste, dataset)[0]['gt_bboxes_labels'][0] for _ in range(400)]
    assert np.mean(labels) == pytest.approx(2 / 3, abs=0.08)  # weights 1/2 and 1; it comes once in five


@pytest.mark.fast
def test_pasted_pictures_fit_together(make_picture, assert_aligned):
    dataset, paste = Pictures(make_picture), TrashCopyPaste(prob=1.0, num_objects=(1, 4), scale=(0.3, 1.5))
    counts = set()
    for seed in range(25):
        np.random.seed(seed)
        results, origins = paste_onto(make_picture(), paste, dataset)
        assert_aligned(results)
        assert len(origins) == len(results['gt_bboxes'])
        assert {origin for origin in origins if origin} <= {(0, 0), (1, 100), (2, 200), (3, 300), (2, 201)}
        counts.add(sum(origin is not None for origin in origins))
    assert counts >= {1, 2, 3}


@pytest.mark.fast
def test_objects_of_larger_pictures_shrink_with_them(make_picture):
    from custom_modules.transforms.ground_truth import resize_picture

    dataset, paste = Pictures(make_picture, ((0,),)), TrashCopyPaste(prob=1.0, num_objects=(1, 1), scale=(1, 1))
    large = {**dataset.pictures[0], **resize_picture(dataset.pictures[0], 240, 300)}
    dataset.pictures[0] = large
    results, _ = paste_onto(make_picture(()), paste, dataset)
    np.testing.assert_allclose(results['gt_bboxes'].widths, [40], atol=1)


@pytest.mark.fast
def test_shared_factors_change_what_is_drawn(make_picture):
    dataset, paste = Pictures(make_picture), TrashCopyPaste(prob=1.0, num_objects=(1, 1))
    factors = torch.ones(4, dtype=torch.float64).share_memory_()
    paste.share_factors(factors)
    factors[0] = 0
    assert all(paste.get_indexes(dataset) == [2] for _ in range(20))
    factors[:] = 0
    with pytest.raises(UserError, match='has the weight 0'):
        paste.get_indexes(dataset)


@pytest.mark.fast
def test_nothing_to_paste(make_picture):
    with pytest.raises(UserError, match='no object of the training data has a mask'):
        TrashCopyPaste().get_indexes(Pictures(make_picture, ((2,), (3,))))
    paste, picture = TrashCopyPaste(prob=0.0), make_picture()
    assert paste.get_indexes(Pictures(make_picture)) == []
    assert paste({**picture, 'mix_results': []})['img'] is picture['img']


@pytest.mark.fast
@pytest.mark.parametrize(
    'options', [{'num_objects': (3, 1)}, {'scale': (0, 1)}, {'scale': (2, 1)}, {'class_weights': 'often'}], ids=str
)
def test_mistakes_are_told_when_it_is_built(options):
    with pytest.raises(ValueError, match=next(iter(options))):
        TrashCopyPaste(**options)
