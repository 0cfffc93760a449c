"""Groups from links and from the user's rules."""

import pytest

from custom_modules.datasets.picture_groups import links_by_rule, merge_groups
from custom_modules.utils import UserError

IMAGES = [
    {'id': 1, 'file_name': 'a/x/1.jpg', 'width': 8, 'height': 8, 'place': 'park'},
    {'id': 2, 'file_name': 'a/y/2.jpg', 'width': 8, 'height': 8, 'place': 'beach'},
    {'id': 3, 'file_name': 'a/x/3.jpg', 'width': 8, 'height': 8, 'place': ['park', 2]},
    {'id': 4, 'file_name': 'b/4.jpg', 'width': 8, 'height': 8},
    {'id': 5, 'file_name': '5.jpg', 'width': 8, 'height': 8, 'place': 'park'},
    {'id': 6, 'file_name': '6.jpg', 'width': 8, 'height': 8, 'place': ['park', 2]},
]


@pytest.mark.fast
@pytest.mark.parametrize(
    ('links', 'expected'),
    [
        pytest.param([], [0, 1, 2, 3, 4], id='all alone'),
        pytest.param([(0, 1)], [0, 0, 1, 2, 3], id='a pair'),
        pytest.param([(3, 4), (1, 3), (4, 1)], [0, 1, 2, 1, 1], id='a chain'),
        pytest.param([(4, 0), (3, 1), (4, 3)], [0, 0, 1, 0, 0], id='two pairs that meet'),
    ],
)
def test_linked_pictures_are_one_group(links, expected):
    assert merge_groups(5, links).tolist() == expected


@pytest.mark.fast
@pytest.mark.parametrize(
    ('rules', 'expected'),
    [
        pytest.param(['prefix:1'], [0, 0, 0, 1, 2, 2], id='first folder; pictures in none are together'),
        pytest.param(['prefix:2'], [0, 1, 0, 2, 3, 3], id='first two folders'),
        pytest.param(['key:place'], [0, 1, 2, 3, 0, 2], id='a key; who lacks it is alone'),
        pytest.param(['prefix:2', 'key:place'], [0, 1, 0, 2, 0, 0], id='both'),
    ],
)
def test_rules(rules, expected):
    links = [link for rule in rules for link in links_by_rule(IMAGES, rule)]
    assert merge_groups(len(IMAGES), links).tolist() == expected


@pytest.mark.fast
@pytest.mark.parametrize(
    ('rule', 'message'),
    [
        pytest.param('prefix:0', 'write prefix:DEPTH', id='no depth'),
        pytest.param('prefix:-1', 'write prefix:DEPTH', id='negative depth'),
        pytest.param('folder:1', 'write prefix:DEPTH', id='unknown rule'),
        pytest.param('key:', 'write prefix:DEPTH', id='no key'),
        pytest.param('key:date', r"no image of the json has 'date'; they have \['place'\]", id='unknown key'),
    ],
)
def test_wrong_rules(rule, message):
    with pytest.raises(UserError, match=message):
        links_by_rule(IMAGES, rule)
