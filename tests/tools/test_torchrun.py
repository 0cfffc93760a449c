"""What dist_train.sh asks torchrun for."""

import pytest

from tools._torchrun import check_ranks, torchrun_arguments

pytestmark = pytest.mark.fast


def test_one_machine_takes_a_free_port():
    assert torchrun_arguments(4, {}) == ['--nproc-per-node=4', '--standalone']


@pytest.mark.parametrize(('port', 'expected'), [({}, '29500'), ({'PORT': '12345'}, '12345')], ids=['default', 'given'])
def test_several_machines_share_a_port(port, expected):
    environment = {'NNODES': '2', 'NODE_RANK': '1', 'MASTER_ADDR': '10.0.0.1', **port}
    assert torchrun_arguments(8, environment) == [
        '--nproc-per-node=8',
        '--nnodes=2',
        '--node-rank=1',
        '--master-addr=10.0.0.1',
        f'--master-port={expected}',
    ]


def test_several_machines_need_an_address(capsys):
    with pytest.raises(SystemExit) as ended:
        torchrun_arguments(8, {'NNODES': '2', 'NODE_RANK': '0'})
    assert ended.value.code == 2 and 'MASTER_ADDR' in capsys.readouterr().err


@pytest.mark.parametrize(
    ('text', 'cards', 'message'),
    [
        pytest.param('four', 4, "GPUS is 'four'", id='word'),
        pytest.param('0', 4, "GPUS is '0'", id='zero'),
        pytest.param('8', 4, 'this machine has 4 card(s)', id='too-many'),
    ],
)
def test_wrong_numbers_of_cards(text, cards, message, capsys):
    with pytest.raises(SystemExit):
        check_ranks(text, cards)
    assert message in capsys.readouterr().err


def test_without_cards_any_number_of_cpu_ranks_will_do():
    assert check_ranks('3', 0) == 3
