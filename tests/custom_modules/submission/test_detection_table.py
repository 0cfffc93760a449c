import pytest

from custom_modules.submission.detection_table import normal_name


@pytest.mark.parametrize(
    ('written', 'name'),
    [
        ('test/0001.jpg', 'test/0001.jpg'),
        (' 0001.jpg ', '0001.jpg'),
        ('./test/0001.jpg', 'test/0001.jpg'),
        ('././0001.jpg', '0001.jpg'),
        ('test//0001.jpg', 'test/0001.jpg'),
        ('test/./0001.jpg', 'test/0001.jpg'),
        ('test\\0001.jpg', 'test/0001.jpg'),
        ('.\\test\\0001.jpg', 'test/0001.jpg'),
        ('/data/0001.jpg', '/data/0001.jpg'),
        ('../0001.jpg', '../0001.jpg'),
        ('a./b.jpg', 'a./b.jpg'),
        ('.hidden.jpg', '.hidden.jpg'),
    ],
)
def test_names(written, name):
    assert normal_name(written) == name
