"""A loss or gradient that is no number ends the run and says what is left."""

from types import SimpleNamespace

import pytest
import torch
from mmengine.logging import HistoryBuffer

from custom_modules.engine.hooks import FiniteLossHook
from custom_modules.utils import UserError

pytestmark = pytest.mark.fast
NAN = float('nan')


def after_iteration(folder, losses, *, norm=1.0, wrapper=None, pictures=1) -> None:
    hub = SimpleNamespace(log_scalars={'train/grad_norm': HistoryBuffer([norm], [1])})
    runner = SimpleNamespace(work_dir=str(folder), iter=6, message_hub=hub, optim_wrapper=wrapper or object())
    samples = [SimpleNamespace(metainfo={'img_path': f'{index}.jpg'}) for index in range(pictures)]
    FiniteLossHook().after_train_iter(runner, 0, {'data_samples': samples}, losses)


@pytest.mark.parametrize(
    ('losses', 'norm', 'pictures', 'said'),
    [
        pytest.param({'loss': torch.tensor(NAN), 'acc': 1.0}, 1.0, 1, 'loss not finite at iteration 7', id='tensor'),
        pytest.param({f'l{i}': NAN for i in range(12)}, 1.0, 1, 'l0, l1, l2 and 9 more not finite', id='many'),
        pytest.param({'loss': 1.0}, float('inf'), 1, 'grad_norm not finite', id='gradient'),
        pytest.param({'loss': NAN}, 1.0, 5, '0.jpg, 1.jpg, 2.jpg and 2 more', id='pictures'),
    ],
)
def test_what_is_not_finite_is_named(tmp_path, losses, norm, pictures, said):
    with pytest.raises(UserError) as error:
        after_iteration(tmp_path, losses, norm=norm, pictures=pictures)
    assert said in str(error.value)
    assert 'last.pth' not in str(error.value)


def test_a_checkpoint_is_named_where_there_is_one(tmp_path):
    (tmp_path / 'last.pth').touch()
    with pytest.raises(UserError, match=r'last\.pth are good'):
        after_iteration(tmp_path, {'loss': NAN})


def test_loss_scaling_may_overflow_a_gradient(tmp_path):
    after_iteration(tmp_path, {'loss': 1.0}, norm=float('inf'), wrapper=SimpleNamespace(loss_scaler=object()))
