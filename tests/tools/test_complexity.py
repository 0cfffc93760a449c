"""The command line of the complexity count."""

import pytest

from custom_modules.utils import UserError
from tools.complexity import main


@pytest.mark.fast
def test_prints_parts_and_sum(htc, capsys):
    assert main([htc, '--size', '100', '64', '--classes', '3']) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].endswith('htc_swin.py: 128 x 64 px, 3 classes, 100 proposals, 50 detections')
    parts = {line.split()[0]: [float(line.split()[index]) for index in (1, 3)] for line in lines[1:]}
    assert list(parts) == ['backbone', 'neck', 'rpn_head', 'roi_head', 'all']
    *rest, everything = parts.values()
    assert [round(sum(column), 1) for column in zip(*rest, strict=True)] == pytest.approx(everything, abs=0.2)


@pytest.mark.parametrize(
    'options, message',
    [
        (['no_such.py'], 'no such config'),
        (['configs/demo/htc_swin.py', '--size', '0', '64'], 'whole numbers'),
        (['configs/demo/htc_swin.py', '--classes', '0'], 'whole numbers'),
    ],
    ids=['config', 'size', 'classes'],
)
def test_mistakes(options, message):
    with pytest.raises(UserError, match=message):
        main(options)


def test_help(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(['--help'])
    assert stopped.value.code == 0 and 'GFLOPs' in capsys.readouterr().out
