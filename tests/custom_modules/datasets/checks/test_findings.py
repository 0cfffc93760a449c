import pytest

from custom_modules.datasets.checks.findings import Findings, Kind, error_message, shown

ERROR = Kind('bad thing', remedy='mend it')
OTHER = Kind('worse thing')
WARNING = Kind('odd thing (mended)', is_error=False)


def found(source, *kinds, root=''):
    """Make findings of some kinds, with numbered examples."""
    findings = Findings(source, root)
    for number, kind in enumerate(kinds):
        findings.add(kind, f'record {number}')
    return findings


def test_one_error_is_one_line_without_a_command():
    assert error_message([found('a.json', ERROR)]) == 'a.json: bad thing: 1 (record 0); mend it'


def test_several_errors_of_one_kind_name_the_command():
    message = error_message([found('a.json', *[ERROR] * 5, root='data')])
    assert message == (
        'a.json: bad thing: 5 (record 0; record 1; record 2; ...); mend it; '
        'all of them: python tools/check_data.py a.json --data-root data'
    )


def test_several_kinds_in_two_files_make_two_blocks():
    message = error_message([found('a.json', ERROR, OTHER), found('b.json', WARNING), found('c d.json', ERROR)])
    assert message.split('\n') == [
        'a.json: 2 errors (full report: python tools/check_data.py a.json)',
        '  bad thing: 1 (record 0); mend it',
        '  worse thing: 1 (record 1)',
        'c d.json: bad thing: 1 (record 0); mend it',
    ]


def test_warnings_are_one_line_of_counts():
    findings = found('a.json', WARNING, ERROR, WARNING)
    assert findings.warning_line() == 'a.json: odd thing (mended): 2'
    assert (findings.num_errors, findings.num_warnings) == (1, 2)
    assert found('a.json').warning_line() == ''


def test_examples_are_limited_and_counting_goes_on():
    findings = found('a.json', *[WARNING] * 1000)
    assert findings.counts[WARNING] == 1000
    assert len(findings.examples[WARNING]) == 20


@pytest.mark.parametrize(
    ('value', 'expected'),
    [
        ('plain', 'plain'),
        ('사진', '사진'),
        ('a\nb', 'a\\nb'),
        ('\ud800', '\\ud800'),
        (1.5, '1.5'),
        (None, 'None'),
        ('a' * 100, 'a' * 80 + '...'),
        (10**5000, 'a huge number'),
    ],
    ids=lambda value: ascii(value)[:12] if not isinstance(value, int) else 'huge',
)
def test_shown_is_one_printable_line(value, expected):
    assert shown(value) == expected


def test_report_has_a_line_per_kind_and_example():
    findings = Findings('train.json')
    for number in range(22):
        findings.add(ERROR, f'image {number}')
    findings.add(WARNING, 'annotation 1')
    report = findings.report(errors=True)
    assert report[:2] == ['bad thing: 22 (mend it)', '  image 0']
    assert report[-2:] == ['  image 19', '  ... and 2 more'] and len(report) == 22
    assert findings.report(errors=False) == ['odd thing (mended): 1', '  annotation 1']
