"""Trained detectors applied to data sets and to loose pictures."""

import copy
import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config, ConfigDict
from mmengine.dataset import Compose, pseudo_collate
from mmengine.registry import MODELS, DefaultScope
from torch.utils.data import DataLoader, Dataset

from ..utils import UserError, atomic_write, did_you_mean, find_file, similar_paths
from .checkpoint import read_checkpoint
from .data import find_data, use_classes, use_ground_truth
from .distributed import on_each_machine, on_main_rank, start_distributed
from .fitting import load_weights
from .runner import TrashRunner, config_mistakes, quiet_worker
from .start_weights import check_fit
from .training import build_runner
from .work_dir import run_folder
from .workers import limit_workers, usable_cores


@dataclass(frozen=True)
class Picture:
    """A picture to predict on.

    Attributes:
        image_id: Its id in the predictions.
        path: Its file.
        name: What to call it: ``file_name`` of the json, or the path given.
    """

    image_id: int
    path: Path
    name: str


def fit_to_checkpoint(cfg: Config, checkpoint: str | Path) -> dict[str, Any]:
    """Give a config the classes and branches of a trained checkpoint, and drop its start weights.

    Args:
        cfg: Config the checkpoint was trained with.
        checkpoint: File written by training.

    Returns:
        The checkpoint's content; ``meta`` has ``classes`` and ``cat_ids``.

    Raises:
        UserError: The file is damaged or says nothing about its classes.
    """
    content = read_checkpoint(checkpoint)
    meta = content.get('meta', {})
    classes, cat_ids = meta.get('classes'), meta.get('cat_ids')
    if not _are(classes, str) or not _are(cat_ids, int) or len(classes) != len(cat_ids):
        raise UserError(f'{checkpoint}: does not say which classes it knows; take one that tools/train.py wrote')
    boxes_only = _has_mask_branch(cfg.model) and not any('mask_head' in key for key in content['state_dict'])
    use_classes(cfg, len(classes), has_masks=not boxes_only)
    cfg.load_from = None  # a runner would load it over the checkpoint
    return content


def _has_mask_branch(model: ConfigDict) -> bool:
    """Whether a set with boxes only would leave something out; one-stage and query detectors have nothing to leave."""
    from ..models.config_walk import walk_dicts

    return any(node.get('mask_head') is not None for _, node in walk_dicts(model))


def _test_dataset(cfg: Config) -> ConfigDict:
    dataset = (cfg.get('test_dataloader') or {}).get('dataset') or {}
    if 'pipeline' not in dataset or not isinstance(cfg.get('test_evaluator'), dict):
        raise UserError(
            f'{cfg.filename}: test_dataloader.dataset.pipeline or test_evaluator is missing; '
            f'inherit _base_/datasets/detection.py'
        )
    return dataset


def _are(values: Any, kind: type) -> bool:
    return isinstance(values, list) and bool(values) and all(isinstance(value, kind) for value in values)


def check_output(path: str | Path) -> None:
    """Refuse a name that predictions cannot be written to, before the work is done.

    Raises:
        UserError: It is not a json, a folder, or where nothing can be written.
    """
    path = Path(path)
    if path.suffix != '.json':
        raise UserError(f'--out {path}: predictions are written as COCO json; give a name that ends in .json')
    check_folder(path.absolute().parent, '--out')
    if path.is_dir():
        raise UserError(f'--out {path}: is a folder; give a name that does not exist yet')


def check_folder(folder: str | Path, option: str) -> None:
    """Refuse a folder that cannot be written to or made; nothing is made yet.

    Args:
        folder: The folder.
        option: The option that names it.

    Raises:
        UserError: The folder, or the nearest one above that exists, takes no files.
    """
    folder = Path(folder).absolute()
    above = next(part for part in (folder, *folder.parents) if os.path.exists(part))  # noqa: PTH110 - never raises
    if not above.is_dir() or not os.access(above, os.W_OK | os.X_OK):
        raise UserError(f'{option}: nothing can be written to {folder} ({above} does not take it); choose another')


def choose_device(name: str | None) -> torch.device:
    """Return the device to compute on.

    Args:
        name: What the user wrote, such as ``cuda:1``; None for the GPU, if there is one.

    Raises:
        UserError: There is no such device here.
    """
    name = name or ('cuda' if torch.cuda.is_available() else 'cpu')
    try:
        device = torch.device(name)
        torch.zeros(1, device=device).item()  # 'meta' fails here
    except (RuntimeError, AssertionError, NotImplementedError):
        cards = torch.cuda.device_count()
        found = f'cpu{", cuda:0" if cards else ""}{f" to cuda:{cards - 1}" if cards > 1 else ""}'
        raise UserError(f'--device {name}: no such device here; there is {found}') from None
    return device


def test(cfg: Config, checkpoint: str | Path, *, data_root: str | None, ann: str, out: str | None) -> dict[str, Any]:
    """Predict on one file of a data set, write the predictions, and score them where there are answers.

    Args:
        cfg: Config the checkpoint was trained with.
        checkpoint: Weights.
        data_root: Folder of the data set; None for the config's.
        ann: COCO json, looked up in the data root, then in the working folder.
        out: File for the predictions; None for ``predictions/<ann>`` in the checkpoint's run folder, or in the
            config's when the checkpoint lies elsewhere.

    Returns:
        ``scores`` (empty without answers), ``out``, and ``results``, the detailed ones of the metric.

    Raises:
        UserError: Data, checkpoint and config do not fit together.
    """
    if out is not None:
        check_output(out)
    start_distributed(cfg)
    content = fit_to_checkpoint(cfg, checkpoint)
    data_root = data_root or cfg.get('data_root')
    if not data_root:
        raise UserError(f'{cfg.filename}: names no data_root; give --data-root')
    on_main_rank(_check_test_data, data_root, ann, content['meta'], str(checkpoint))
    check_fit(cfg, content, str(checkpoint))
    root, ann = on_each_machine(find_data, data_root, ann)
    if out is None:
        beside = find_file(checkpoint).resolve().parent
        run = beside if (beside / 'run.json').is_file() else run_folder(cfg.filename)
        out = str(run / 'predictions' / Path(ann).name)
    notes = limit_workers(cfg)
    _test_dataset(cfg).update(data_root=root, ann_file=ann)
    use_ground_truth(cfg.test_evaluator, ann, root, out)
    for key in ('train_dataloader', 'train_cfg', 'optim_wrapper', 'param_scheduler'):
        cfg[key] = None
    cfg.val_dataloader = cfg.val_cfg = cfg.val_evaluator = None
    cfg.custom_hooks, cfg.visualizer = [], None  # they are about training
    # None takes the hooks away that mmengine adds by itself.
    hooks = {'param_scheduler': None, 'checkpoint': None, 'sampler_seed': None}
    cfg.default_hooks = ConfigDict(hooks, logger=cfg.get('default_hooks', {}).get('logger', {'type': 'LoggerHook'}))
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        cfg.work_dir = folder  # upstream's log and copy of the config: all that counts is beside the predictions
        runner = build_runner(cfg)
        for line in (*notes, load_weights(runner.plain_model, content, str(checkpoint)).report()[0]):
            runner.logger.info(line)
        scores = runner.test()
    return {'scores': scores, 'out': out, 'results': _details(runner)}


def _details(runner: TrashRunner) -> list[Any]:
    metrics = runner.test_loop.evaluator.metrics
    found = [getattr(metric, name, None) for metric in metrics for name in ('last_result', 'last_segm_result')]
    return [result for result in found if result is not None]


def _check_test_data(data_root: str, ann: str, meta: dict[str, Any], checkpoint: str) -> None:
    from ..datasets import load_coco, resolve_ann, resolve_data_root

    root = resolve_data_root(data_root)
    path = resolve_ann(root, ann)
    data = load_coco(path, root)
    if list(data.classes) != list(meta['classes']):
        raise UserError(
            f'{path} has the classes {", ".join(data.classes)}, {checkpoint} was trained on '
            f'{", ".join(meta["classes"])}; test on the data set it was trained on'
        )


class Detector:
    """A trained detector for pictures outside a data set.

    Args:
        cfg: Config it was trained with.
        checkpoint: Its weights.
        device: Where to compute; None for the GPU, if there is one.
    """

    def __init__(self, cfg: Config, checkpoint: str | Path, *, device: str | torch.device | None = None) -> None:
        device = device if isinstance(device, torch.device) else choose_device(device)
        self.pipeline = _test_dataset(cfg).pipeline
        content = fit_to_checkpoint(cfg, checkpoint)
        self.classes: list[str] = content['meta']['classes']
        self.cat_ids: list[int] = content['meta']['cat_ids']
        DefaultScope.get_instance('predict', scope_name='mmdet')
        with config_mistakes(str(cfg.filename)):
            model = MODELS.build(copy.deepcopy(cfg.model))  # query detectors write into what they are given
        load_weights(model, content, str(checkpoint))
        self.model = model.to(device).eval()

    @torch.inference_mode()
    def predict(
        self, pictures: Sequence[Picture], *, batch_size: int = 1, num_workers: int = 2
    ) -> Iterator[tuple[Picture, Any]]:
        """Predict on pictures, loading ahead.

        Args:
            pictures: What to predict on.
            batch_size: Pictures at a time.
            num_workers: Processes that load.

        Yields:
            Each picture, in order, with its ``pred_instances`` (boxes xyxy in pixels of the
            file), or with the text of what is wrong with the file.
        """
        loader = DataLoader(
            _Pictures(pictures, self.pipeline),
            batch_size=batch_size,
            num_workers=min(num_workers, len(pictures), usable_cores()),
            collate_fn=list,
            worker_init_fn=quiet_worker,
        )
        for batch in loader:
            good = [sample for _, sample in batch if not isinstance(sample, str)]
            results = iter(self.model.test_step(pseudo_collate(good)) if good else [])
            for index, sample in batch:
                outcome = sample if isinstance(sample, str) else next(results).pred_instances
                yield pictures[index], outcome


class _Pictures(Dataset):
    """Loose pictures through the test pipeline; an unreadable one gives the reason as text."""

    def __init__(self, pictures: Sequence[Picture], pipeline: list) -> None:
        self.pictures = pictures
        self.pipeline = Compose(pipeline)

    def __len__(self) -> int:
        return len(self.pictures)

    def __getitem__(self, index: int) -> tuple[int, Any]:
        picture = self.pictures[index]
        try:
            return index, self.pipeline({'img_path': str(picture.path), 'img_id': picture.image_id})
        except Exception as error:  # whatever a decoder raises, it concerns this file alone
            return index, ' '.join(str(error).split())[:200] or type(error).__name__


def find_pictures(arguments: Sequence[str], ann: str | Path | None = None) -> list[Picture]:
    """Collect pictures from files, folders and patterns.

    Args:
        arguments: Files, folders (searched below, too) and glob patterns.
        ann: COCO json whose ids the pictures keep; without it ids are 1 to n in sorted path order.

    Returns:
        The pictures, each once.

    Raises:
        UserError: An argument names or matches nothing, or the json is damaged or does not know a picture.
    """
    paths = sorted({path for argument in arguments for path in _expand(argument)})
    if ann is None:
        return [Picture(number, path, str(path)) for number, path in enumerate(paths, start=1)]
    from ..datasets import load_coco

    ids = {image['file_name']: image['id'] for image in load_coco(ann, check_images=False).images}
    return [_known_picture(path, ids, str(ann)) for path in paths]


def _known_picture(path: Path, ids: dict[str, int], ann: str) -> Picture:
    parts = path.parts
    for start in range(len(parts)):  # the longest ending of the path that the json knows
        name = '/'.join(parts[start:])
        if name in ids:
            return Picture(ids[name], path, name)
    raise UserError(f'{ann} does not know {path}; leave --ann out to number the pictures')


_SUFFIXES = {'.jpg', '.jpeg', '.png', '.bmp', '.webp', '.tif', '.tiff'}
_MAGIC = set('*?[')


def _expand(argument: str) -> list[Path]:
    path = Path(argument)
    if path.is_file():
        return [path]
    if not path.exists() and not _MAGIC & set(argument):
        hint = did_you_mean([*similar_paths(path), *similar_paths(path, folders=True)])
        raise UserError(f'{argument}: there is no such picture or folder{hint}')
    if path.is_dir():
        found = [file for file in path.rglob('*') if file.suffix.lower() in _SUFFIXES]
    else:
        found = [file for file in _glob(path) if file.suffix.lower() in _SUFFIXES]
    if not found:
        raise UserError(f'{argument}: no picture there ({", ".join(sorted(_SUFFIXES))})')
    return found


def _glob(pattern: Path) -> list[Path]:
    anchor = Path(pattern.anchor)
    return list(anchor.glob(str(pattern.relative_to(anchor))))


def write_picture_list(pictures: Sequence[Picture], path: str | Path) -> None:
    """Write which id each loose picture got, as the ``images`` of a COCO json."""
    with atomic_write(path) as file:
        json.dump({'images': [{'id': p.image_id, 'file_name': p.name} for p in pictures]}, file, indent=1)
