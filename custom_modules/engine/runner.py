"""mmengine's Runner, with training state that survives anything and logs that can be read."""

import logging
import os
import reprlib
import signal
import time
from functools import partial
from pathlib import Path
from typing import Any

import torch
import torch.distributed as torch_dist
from mmengine.dist import get_world_size, is_main_process
from mmengine.hooks import EMAHook
from mmengine.logging import HistoryBuffer, MMLogger
from mmengine.model import is_model_wrapper, revert_sync_batchnorm
from mmengine.registry import DATASETS, RUNNERS
from mmengine.runner import BaseLoop, Runner, set_random_seed
from mmengine.visualization import Visualizer
from torch.utils.data import DataLoader

from ..utils import UserError
from .batch import count_in_updates
from .checkpoint import read_checkpoint, require_training_state, write_checkpoint
from .config_mistakes import config_mistakes
from .fitting import load_weights
from .lone_picture import leave_out_lone_picture
from .seeding import SeededDataset, random_state, restore_random_state
from .watched_scores import check_watched_scores

FORMAT_VERSION = 2
KEPT_LOG_VALUES = 1000  # more than any smoothing window; the whole history is in scalars.csv


@RUNNERS.register_module()
class TrashRunner(Runner):
    """Runner whose samples, checkpoints and restarts are reproducible.

    Differences to upstream: samples draw their random numbers from (seed,
    epoch, index, repeat); a checkpoint holds plain values only, the random
    state of every rank, and is written in one piece; resuming reads no code.
    """

    @staticmethod
    def build_dataloader(
        dataloader: DataLoader | dict, seed: int | None = None, diff_rank_seed: bool = False
    ) -> DataLoader:
        """Build a loader whose draws do not depend on workers, ranks or restarts."""
        if isinstance(dataloader, DataLoader):
            return dataloader
        options = dict(dataloader)
        dataset = DATASETS.build(options['dataset'])
        dataset.full_init()
        options['dataset'] = SeededDataset(dataset, seed=seed or 0)
        options['worker_init_fn'] = {'type': quiet_worker}
        if not options.get('num_workers'):
            options['persistent_workers'] = False
        loader = Runner.build_dataloader(options, seed=seed, diff_rank_seed=diff_rank_seed)
        # Without a generator of its own the loader draws from the global one, at a different point after a restart.
        loader.generator = torch.Generator().manual_seed(seed or 0)
        return loader

    def train(self) -> torch.nn.Module:
        """Train; hooks with a method ``on_leave`` hear of the end, however it comes."""
        try:
            return super().train()
        finally:
            self.call_hook('on_leave')

    def build_training(self) -> None:
        """Build what upstream leaves to :meth:`train`, so that a mistake in any of it comes before the training.

        Raises:
            UserError: A part of the config is wrong; names the part.
        """
        if (self.auto_scale_lr or {}).get('enable'):
            raise UserError(f'{self.cfg.filename}: auto_scale_lr is not used here, total_batch_size fixes the batch')
        loader = partial(self.build_dataloader, seed=self.seed)
        for part, attribute, build in (
            ('train_dataloader', '_train_dataloader', loader),
            ('train_cfg', '_train_loop', self.build_train_loop),
            ('optim_wrapper', 'optim_wrapper', self.build_optim_wrapper),
            ('param_scheduler', 'param_schedulers', self.build_param_scheduler),
            ('val_dataloader', '_val_dataloader', loader),
            ('val_evaluator', '_val_evaluator', self.build_evaluator),
            ('val_cfg', '_val_loop', self.build_val_loop),
        ):
            if getattr(self, attribute) is not None:
                with config_mistakes(f'{self.cfg.filename}: {part}'):
                    setattr(self, attribute, build(getattr(self, attribute)))
            if part == 'train_dataloader':
                leave_out_lone_picture(self._train_dataloader, self.plain_model, self.logger)
        check_watched_scores(self)

    def build_param_scheduler(self, scheduler: Any) -> Any:
        """Build the schedules; the numbers of those by iteration mean updates, whatever the accumulation."""
        steps = self._accumulation
        if isinstance(scheduler, dict):
            scheduler = [scheduler]
        scheduler = [count_in_updates(one, steps) if isinstance(one, dict) else one for one in scheduler]
        return super().build_param_scheduler(scheduler)

    def set_randomness(self, seed: int | None, diff_rank_seed: bool = False, deterministic: bool = False) -> None:
        """Seed the run; the order of the samples is common, what the model draws differs from rank to rank."""
        if deterministic:
            os.environ.setdefault('CUBLAS_WORKSPACE_CONFIG', ':4096:8')  # read when the first matrices are multiplied
        super().set_randomness(seed, diff_rank_seed=False, deterministic=deterministic)
        set_random_seed(self.seed, deterministic=deterministic, diff_rank_seed=True)
        if deterministic:  # upstream raises at the first operator without such a form, cross entropy of pixels for one
            torch.use_deterministic_algorithms(True, warn_only=True)

    def dump_config(self) -> None:
        """Write the resolved config to ``config.py`` in the run's folder (training only)."""
        if self._train_dataloader is not None and is_main_process():
            self.cfg.dump(str(Path(self.work_dir) / 'config.py'))

    def _log_env(self, env_cfg: dict) -> None:
        """Log the seed and the device; ``tools/doctor.py`` tells the rest."""
        device = (
            torch.cuda.get_device_name() if torch.cuda.is_available() else f'CPU, {torch.get_num_threads()} threads'
        )
        self.logger.info(f'torch {torch.__version__} on {device}, {get_world_size()} process(es), seed {self.seed}')

    def wrap_model(self, model_wrapper_cfg: dict | None, model: torch.nn.Module) -> torch.nn.Module:
        """Wrap the model as upstream does; without a card batch norms count the pictures of their own process."""
        if not torch.cuda.is_available() and not is_model_wrapper(model):
            model = revert_sync_batchnorm(model)  # torch's SyncBN refuses to train on the CPU among several processes
        return super().wrap_model(model_wrapper_cfg, model)

    def build_logger(self, *args: Any, **kwargs: Any) -> MMLogger:
        """Build upstream's logger, its terminal spared what only the log file needs."""
        logger = super().build_logger(*args, **kwargs)
        for handler in logger.handlers:
            if not isinstance(handler, logging.FileHandler):
                handler.addFilter(_is_for_people)
        return logger

    def build_visualizer(self, visualizer: Any = None) -> Visualizer:
        """Build a visualizer of this run's own; upstream hands out that of an earlier run in the same process."""
        for kind in (Visualizer, *Visualizer.__subclasses__()):
            kind._instance_dict.clear()
        return super().build_visualizer(visualizer)

    @property
    def has_trained(self) -> bool:
        """Whether a training iteration is complete; unlike ``iter`` it builds no loop to tell."""
        return isinstance(self._train_loop, BaseLoop) and self._train_loop.iter > 0

    @property
    def plain_model(self) -> torch.nn.Module:
        """The model without its distributed wrapper."""
        return self.model.module if is_model_wrapper(self.model) else self.model

    def load_checkpoint(self, filename: str, map_location: Any = 'cpu', **kwargs) -> dict:
        """Load weights for evaluation or as a start.

        While training (``load_from``) what fits is taken; everywhere else all of it must fit.
        """
        content = read_checkpoint(filename, map_location)
        partial = self._train_dataloader is not None
        fit = load_weights(self.plain_model, content, filename, partial=partial)
        for line in fit.report():
            self.logger.info(line)
        for line in fit.warnings():
            self.logger.warning(line)
        self._has_loaded = True
        return content

    def save_state(self, path: str | Path, *, epoch: int, iteration: int, validation_due: bool) -> None:
        """Write everything that a restart needs; to be called on every rank.

        Args:
            path: File to write.
            epoch: Complete passes so far.
            iteration: Complete iterations so far.
            validation_due: Whether a validation belongs here and is still to come.

        Raises:
            UserError: The weights are not finite, or the file cannot be written.
        """
        began = time.monotonic()
        states = _gather(random_state())
        if not is_main_process():
            return
        content = self._weights(epoch, iteration)
        content['meta'].update(validation_due=validation_due, world_size=get_world_size())
        content['optimizer'] = self.optim_wrapper.state_dict()
        content['param_schedulers'] = [scheduler.state_dict() for scheduler in self.param_schedulers or []]
        content['message_hub'] = _plain_message_hub(self.message_hub)
        content['random_states'] = states
        self.call_hook('before_save_checkpoint', checkpoint=content)
        write_checkpoint(content, path)
        self.seconds_to_save = time.monotonic() - began

    def save_weights(self, path: str | Path, *, epoch: int, iteration: int) -> None:
        """Write the weights alone, fit for testing and predicting; to be called on the main rank."""
        content = self._weights(epoch, iteration)
        self.call_hook('before_save_checkpoint', checkpoint=content)
        write_checkpoint({'meta': content['meta'], 'state_dict': content['state_dict']}, path)

    def _weights(self, epoch: int, iteration: int) -> dict[str, Any]:
        state_dict = {key: value.detach().cpu() for key, value in self.plain_model.state_dict().items()}
        broken = [key for key, value in state_dict.items() if value.is_floating_point() and not value.isfinite().all()]
        if broken:
            raise UserError(
                f'the weights are no longer finite after iteration {iteration} ({broken[0]} and {len(broken) - 1} '
                f'more), nothing was saved; lower optim_wrapper.optimizer.lr or train without --amp'
            )
        metainfo = self.train_dataloader.dataset.metainfo
        meta = {
            'format_version': FORMAT_VERSION,
            'epoch': epoch,
            'iter': iteration,
            'seed': self.seed,
            'experiment_name': self.experiment_name,
            'classes': list(metainfo['classes']),
            'cat_ids': [int(cat_id) for cat_id in metainfo['cat_ids']],
            **self._layout(),
        }
        if 'palette' in metainfo:  # other data sets than ours may have none
            meta['palette'] = [list(color) for color in metainfo['palette']]
        return {'meta': meta, 'state_dict': state_dict}

    @property
    def _accumulation(self) -> int:
        return getattr(self.optim_wrapper, '_accumulative_counts', 1)

    def _layout(self) -> dict[str, int | str]:
        loader = self.train_dataloader
        return {
            'num_images': len(loader.dataset),
            'total_batch_size': loader.batch_size * get_world_size() * self._accumulation,
            'accumulation': self._accumulation,
            'iters_per_epoch': len(loader),
            'sampler': repr(loader.sampler),
            'optimizer': type(self.optim_wrapper.optimizer).__name__,
        }

    def resume(self, filename: str, **kwargs) -> None:
        """Continue from what :meth:`save_state` wrote.

        The number of ranks may be another one.  So may the accumulation, from
        the end of an epoch on: the schedules by iteration are then entered at
        the same epoch.

        Raises:
            UserError: The file is damaged, of another model, data set or
                batch, or holds weights only.
        """
        content = read_checkpoint(filename)
        require_training_state(content, filename)
        meta = content['meta']
        self._check_same_training(meta, filename)
        if 'ema_state_dict' in content and not any(isinstance(hook, EMAHook) for hook in self.hooks):
            raise UserError(f'{filename}: holds averaged weights (EMA); resume with the config it was trained with')
        # First the hooks: the averaged weights stand in the place of the trained ones, and EMAHook changes them back.
        self.call_hook('after_load_checkpoint', checkpoint=content)
        load_weights(self.plain_model, content, filename)
        same_layout = meta['iters_per_epoch'] == len(self.train_dataloader)
        iteration = meta['iter'] if same_layout else meta['epoch'] * len(self.train_dataloader)
        self._resume_optimizer(content, filename, enter_at=None if same_layout else iteration)
        self.train_loop._epoch, self.train_loop._iter = meta['epoch'], iteration
        self.train_loop.validation_due = meta['validation_due']
        _restore_message_hub(self.message_hub, content['message_hub'])
        states = content['random_states']
        rank = torch_dist.get_rank() if torch_dist.is_initialized() else 0
        if rank < len(states):
            restore_random_state(states[rank])
        self._has_loaded = True
        self.logger.info(f'resumed {filename} after epoch {self.epoch}, iteration {self.iter}')

    def _check_same_training(self, meta: dict[str, Any], filename: str) -> None:
        if meta.get('format_version') != FORMAT_VERSION:
            raise UserError(f'{filename}: written by another version, cannot be resumed; start from it by --load-from')
        if meta['seed'] != self.seed:
            raise UserError(f'{filename}: was trained with seed {meta["seed"]}; resume with --seed {meta["seed"]}')
        metainfo = self.train_dataloader.dataset.metainfo
        here = {**self._layout(), 'classes': list(metainfo['classes']), 'cat_ids': list(metainfo['cat_ids'])}
        for name in ('classes', 'cat_ids', 'num_images', 'total_batch_size', 'sampler', 'optimizer'):
            if meta.get(name, here[name]) != here[name]:  # what a checkpoint lacks is younger than it
                raise UserError(
                    f'{filename}: was trained with {name} {_shown(meta[name])}, here it is {_shown(here[name])}; '
                    f'resume with the same data, sampler, batch and optimizer, or start from it by --load-from'
                )
        iters = meta['iters_per_epoch']
        if iters != here['iters_per_epoch'] and meta['iter'] != meta['epoch'] * iters:
            raise UserError(
                f'{filename}: ends inside an epoch of {iters} iterations ({meta["accumulation"]} accumulation step(s)) '
                f'and cannot go on in one of {here["iters_per_epoch"]}; resume with '
                f'--cfg-options optim_wrapper.accumulative_counts={meta["accumulation"]}'
            )

    def _resume_optimizer(self, content: dict[str, Any], filename: str, *, enter_at: int | None) -> None:
        kept = []
        try:
            self.optim_wrapper.load_state_dict(content['optimizer'])
            for scheduler, state in zip(self.param_schedulers or [], content['param_schedulers'], strict=True):
                if enter_at is None or scheduler.by_epoch:
                    kept += _differences(scheduler, state)
                    scheduler.load_state_dict(state)
                else:
                    _enter(scheduler, enter_at)
        except (ValueError, KeyError) as error:
            raise UserError(
                f"{filename}: its optimizer or schedule is not the config's ({' '.join(str(error).split())}); "
                f'resume with the config it was trained with, or start from it by --load-from'
            ) from None
        if kept:
            self.logger.warning(
                f'the schedule goes on as it was saved, not as the config is now: {"; ".join(kept)}; '
                f'to change it, start a new run by --load-from {filename}'
            )


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else reprlib.repr(value)


def _differences(scheduler: Any, state: dict[str, Any]) -> list[str]:
    now = scheduler.state_dict()
    name = type(scheduler).__name__
    position = ('last_step', '_global_step', '_last_value', 'best', 'num_bad_epochs', 'cooldown_counter')
    return [
        f'{name}.{key} {reprlib.repr(value)} (config: {reprlib.repr(now.get(key))})'
        for key, value in state.items()
        if key not in position and value != now.get(key)
    ]


def _enter(scheduler: Any, step: int) -> None:
    """Enter a schedule at a step; its value goes on from the optimizer's."""
    scheduler._global_step = step
    scheduler.last_step = max(min(step, scheduler.end - 1) - scheduler.begin, -1)


def _is_for_people(record: logging.LogRecord) -> bool:
    """Tell progress and results from the hundreds of lines about hooks and parameter groups."""
    noise = (
        'paramwise_options',
        'Exp name:',
        'Hooks will be executed',
        'Distributed training is not used',
        'Resumed iteration number is not divisible',  # the loop counts accumulation by epoch
        'Gradient accumulative may slightly',  # would come every epoch
        'No pre-trained weights for',  # also said when a whole detector is about to be loaded
    )
    message = record.getMessage()
    # A parameter that two parts of a model share, as RTMDet's heads do, is meant to be in one group.
    return not (message.startswith(noise) or ' is duplicate. It is skipped since bypass_duplicate=' in message)


def quiet_worker(worker_id: int, **kwargs) -> None:
    """Leave ctrl-C to the main process: a worker that dies of it takes the checkpoint with it.

    To be given to a loader as ``worker_init_fn``.
    """
    os.setpgid(0, 0)  # torchrun passes a signal on to the whole process group of a rank
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # SIGTERM is torch's: a worker leaves in silence when its parent sends it.
    torch.set_num_threads(1)


def _gather(value: Any) -> list[Any]:
    if not torch_dist.is_initialized():
        return [value]
    values = [None] * torch_dist.get_world_size()
    torch_dist.all_gather_object(values, value)
    return values


def _plain_message_hub(hub: Any) -> dict[str, Any]:
    scalars = {}
    for name, buffer in hub.log_scalars.items():
        values, counts = buffer.data
        scalars[name] = [values[-KEPT_LOG_VALUES:].tolist(), counts[-KEPT_LOG_VALUES:].tolist()]
    info = {name: value for name, value in hub.runtime_info.items() if isinstance(value, (bool, int, float, str))}
    return {'log_scalars': scalars, 'runtime_info': info}


def _restore_message_hub(hub: Any, state: dict[str, Any]) -> None:
    for name, (values, counts) in state['log_scalars'].items():
        hub.log_scalars[name] = HistoryBuffer(values, counts)
    hub.runtime_info.update(state['runtime_info'])
