"""Running models: configs, training, checkpoints, restarts, several processes."""

from . import amp, hooks, optimizers, schedulers
from .checkpoint import read_checkpoint, trust_checkpoints, use_safe_loaders, write_checkpoint
from .class_aware_sampler import ResumableClassAwareSampler
from .config import load_config
from .distributed import num_ranks, on_each_machine, on_main_rank, start_distributed, stop_distributed
from .fitting import load_weights
from .loops import ResumableEpochLoop
from .published import fetch_weights, weights_folder
from .real_share_sampler import ResumableRealShareSampler
from .repeat_factor_sampler import ResumableRepeatFactorSampler
from .runner import TrashRunner
from .sampler import ResumableSampler
from .training import TrainOptions, build_runner, train

use_safe_loaders()

__all__ = [
    'ResumableClassAwareSampler',
    'ResumableEpochLoop',
    'ResumableRealShareSampler',
    'ResumableRepeatFactorSampler',
    'ResumableSampler',
    'TrainOptions',
    'TrashRunner',
    'amp',
    'build_runner',
    'fetch_weights',
    'hooks',
    'load_config',
    'load_weights',
    'num_ranks',
    'on_each_machine',
    'on_main_rank',
    'optimizers',
    'read_checkpoint',
    'schedulers',
    'start_distributed',
    'stop_distributed',
    'train',
    'trust_checkpoints',
    'use_safe_loaders',
    'weights_folder',
    'write_checkpoint',
]
