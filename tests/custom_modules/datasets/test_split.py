import numpy as np
import pytest

from custom_modules.datasets import load_coco
from custom_modules.datasets.split import objects_per_picture, part_sizes, select_images, stratified_parts


@pytest.mark.fast
@pytest.mark.parametrize(
    ('number', 'val', 'test', 'expected'),
    [
        (10, 0.2, 0.0, {'train': 8, 'val': 2, 'test': 0}),
        (10, 0.2, 0.1, {'train': 7, 'val': 2, 'test': 1}),
        (3, 0.01, 0.01, {'train': 1, 'val': 1, 'test': 1}),
        (1, 0.5, 0.0, {'train': 0, 'val': 1, 'test': 0}),
    ],
)
def test_part_sizes(number, val, test, expected):
    assert part_sizes(number, val=val, test=test) == expected


def per_part(objects, parts, num_classes, num_parts):
    """Count the objects of each class in each part, (parts, classes)."""
    counts = np.zeros((num_parts, num_classes), dtype=int)
    for picture, part in zip(objects, parts, strict=True):
        for label, count in picture.items():
            counts[part, label] += count
    return counts


@pytest.mark.fast
def test_a_class_of_five_pictures_gives_one_to_validation():
    objects = [{0: 1}] * 5 + [{1: 1}] * 20
    parts = stratified_parts(objects, [20, 5])
    assert per_part(objects, parts, 2, 2).tolist() == [[4, 16], [1, 4]]


def test_skewed_classes_keep_their_shares():
    generator = np.random.default_rng(0)
    rates = [0.5, 0.4, 0.2, 0.1, 0.05, 0.02]
    counts = generator.poisson(rates, (1000, len(rates)))
    objects = [{label: int(count) for label, count in enumerate(row) if count} for row in counts]
    parts = stratified_parts(objects, [700, 200, 100], seed=1)
    assert np.bincount(parts).tolist() == [700, 200, 100]
    shares = per_part(objects, parts, len(rates), 3) / counts.sum(axis=0)
    np.testing.assert_allclose(shares[1], 0.2, atol=0.03)
    np.testing.assert_allclose(shares[2], 0.1, atol=0.03)


@pytest.mark.fast
@pytest.mark.parametrize('objects', [[{}] * 6, [{0: 3}, {}, {}, {}, {}, {}]], ids=['no objects', 'one object'])
def test_pictures_without_objects_are_dealt_too(objects):
    assert np.bincount(stratified_parts(objects, [4, 2])).tolist() == [4, 2]


def test_the_seed_decides():
    objects = [{0: 1}] * 30
    first = stratified_parts(objects, [20, 10], seed=3)
    assert (stratified_parts(objects, [20, 10], seed=3) == first).all()
    assert (stratified_parts(objects, [20, 10], seed=4) != first).any()


def test_select_images(content):
    part = select_images(content, {11, 12})
    assert [image['id'] for image in part['images']] == [11, 12]
    assert [record['id'] for record in part['annotations']] == [4]
    assert part['info'] == content['info'] and part['categories'] == content['categories']
    assert select_images(content, {11}, with_annotations=False)['annotations'] == []


def test_label_pictures(indexed_minicity):
    data = load_coco(indexed_minicity / 'train_all.json')
    assert objects_per_picture(data)[:2] == [{0: 1, 1: 1, 13: 1}, {0: 1, 2: 1, 18: 1}]
    content = select_images(data.as_json(), {1, 3}, with_annotations=False)
    assert [image['id'] for image in content['images']] == [1, 3]
    assert not any({'label_file', 'labels'} & set(image) for image in content['images'])
    assert 'label_file' in data.images[0]
