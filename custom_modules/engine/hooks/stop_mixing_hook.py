"""Train the last epochs on pictures as they are."""

from collections.abc import Sequence

from mmengine.hooks import Hook
from mmengine.registry import HOOKS

from ...utils import UserError


@HOOKS.register_module()
class StopMixingHook(Hook):
    """Leave transforms such as Mosaic out of the last epochs; YOLOX (Ge et al., 2021, section 2.1) then adds L1.

    The epoch alone decides, so that a resumed run switches where an uninterrupted one does.  (Upstream's hooks count
    one epoch more, or replace the pipeline of an outer wrapper, which changes nothing here.)

    Args:
        num_last_epochs: How many epochs to leave them out of.
        transforms: Their names, as the pipeline of the ``MultiImageMixDataset`` spells them.
    """

    def __init__(self, *, num_last_epochs: int, transforms: Sequence[str]) -> None:
        self.num_last_epochs = num_last_epochs
        self.transforms = list(transforms)
        self._has_stopped = False

    def before_train(self, runner) -> None:
        """Check that there is something to leave out.

        Raises:
            UserError: The training pipeline has no such transform.
        """
        there = getattr(runner.train_dataloader.dataset, 'pipeline_types', [])
        missing = [name for name in self.transforms if name not in there]
        if missing:
            raise UserError(
                f'StopMixingHook leaves out {", ".join(missing)}, which train_dataloader.dataset.pipeline has not '
                f'(it must be a MultiImageMixDataset and has {", ".join(there) or "none"})'
            )

    def before_train_epoch(self, runner) -> None:
        """Stop mixing when the last epochs begin."""
        if self._has_stopped or runner.epoch < runner.max_epochs - self.num_last_epochs:
            return
        self._has_stopped = True
        loader = runner.train_dataloader
        loader.dataset.update_skip_type_keys(self.transforms)
        loader._iterator = None  # persistent workers hold the data set as it was
        head = getattr(runner.plain_model, 'bbox_head', None)
        if hasattr(head, 'use_l1'):
            head.use_l1 = True
        runner.logger.info(f'the last {self.num_last_epochs} epochs: without {", ".join(self.transforms)}')
