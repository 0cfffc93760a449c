"""What happens to a batch before the model sees it."""

from .trash_batch_resize import TrashBatchResize

__all__ = ['TrashBatchResize']
