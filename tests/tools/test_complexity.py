"""The command line of the complexity count."""

import pytest

from custom_modules.utils import UserError
from tools.complexity import line, main

UNITS = {'k': 1e-3, 'M': 1, 'MFLOPs': 1e-3, 'GFLOPs': 1}


@pytest.mark.fast
def test_prints_parts_and_sum(htc, capsys):
    assert main([htc, '--size', '100', '64', '--classes', '3']) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].endswith('htc_swin.py: 128 x 64 px, 3 classes, 100 proposals, 50 detections')
    words = {line.split()[0]: line.split()[1:] for line in lines[1:]}
    parts = {name: [float(word[i]) * UNITS[word[i + 1]] for i in (0, 2)] for name, word in words.items()}
    assert list(parts) == ['backbone', 'neck', 'rpn_head', 'roi_head', 'all']
    *rest, everything = parts.values()
    assert [round(sum(column), 1) for column in zip(*rest, strict=True)] == pytest.approx(everything, abs=0.2)


@pytest.mark.fast
@pytest.mark.parametrize(
    ('parameters', 'flops', 'said'),
    [
        pytest.param(199_000_000, 1_234_560_000_000, ['head', '199.00', 'M', '1234.6', 'GFLOPs'], id='large'),
        pytest.param(3_855, 21_600_000, ['head', '3.85', 'k', '21.6', 'MFLOPs'], id='small'),
        pytest.param(100_000, 100_000_000, ['head', '0.10', 'M', '0.1', 'GFLOPs'], id='between'),
        pytest.param(99_999, 99_999_999, ['head', '100.00', 'k', '100.0', 'MFLOPs'], id='just below'),
    ],
)
def test_small_parts_are_not_nothing(parameters, flops, said):
    assert line('head', parameters, flops).split() == said


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
