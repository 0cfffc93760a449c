import pytest

from custom_modules.datasets.checks.paths import is_inside


@pytest.mark.fast
@pytest.mark.parametrize(
    ('name', 'expected'),
    [
        ('a.jpg', True),
        ('images/a.jpg', True),
        ('./images//a.jpg', True),
        ('images/with blank.jpg', True),
        ('사진/쓰레기.jpg', True),
        ('..a/b..jpg', True),
        ('../a.jpg', False),
        ('images/../../a.jpg', False),
        ('images/..', False),
        ('images\\..\\..\\a.jpg', False),
        ('/etc/passwd', False),
        ('//server/share', False),
        ('\\\\server\\share', False),
        ('C:\\a.jpg', False),
        ('c:a.jpg', False),
        ('a\0.jpg', False),
        ('a\n.jpg', False),
        ('\ud800.jpg', False),
    ],
    ids=ascii,
)
def test_is_inside(name, expected):
    assert is_inside(name) is expected
