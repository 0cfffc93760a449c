"""Trained detectors applied to data sets and to loose pictures."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config, ConfigDict
from mmengine.dataset import Compose, pseudo_collate
from mmengine.registry import MODELS, DefaultScope
from torch.utils.data import DataLoader, Dataset

from ..utils import UserError, atomic_write, find_file
from .checkpoint import load_weights, read_checkpoint
from .data import use_classes, use_ground_truth
from .distributed import on_main_rank, start_distributed
from .runner import TrashRunner
from .training import build_runner
from .work_dir import run_folder


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
    classes = content.get('meta', {}).get('classes')
    if not classes:
        raise UserError(f'{checkpoint}: does not say which classes it knows; take one that tools/train.py wrote')
    has_masks = any('mask_head' in key for key in content['state_dict'])
    use_classes(cfg, len(classes), has_masks=has_masks)
    cfg.model.backbone.init_cfg = None
    return content


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
    start_distributed(cfg)
    content = fit_to_checkpoint(cfg, checkpoint)
    facts = on_main_rank(_check_test_data, data_root or cfg.data_root, ann, content['meta'], str(checkpoint))
    if out is None:
        beside = find_file(checkpoint).resolve().parent
        run = beside if (beside / 'run.json').is_file() else run_folder(cfg.filename)
        out = str(run / 'predictions' / Path(facts['ann']).name)
    cfg.work_dir = str(Path(out).resolve().parent)  # of the log
    cfg.test_dataloader.dataset.update(data_root=facts['data_root'], ann_file=facts['ann'])
    use_ground_truth(cfg.test_evaluator, facts['ann'], facts['data_root'], out)
    for key in ('train_dataloader', 'train_cfg', 'optim_wrapper', 'param_scheduler'):
        cfg[key] = None
    cfg.val_dataloader = cfg.val_cfg = cfg.val_evaluator = None
    # None takes the hooks away that mmengine adds by itself.
    hooks = {'param_scheduler': None, 'checkpoint': None, 'sampler_seed': None}
    cfg.default_hooks = ConfigDict(hooks, logger=cfg.default_hooks.get('logger', {'type': 'LoggerHook'}))
    runner = build_runner(cfg)
    runner.logger.info('loaded ' + load_weights(runner.plain_model, content, str(checkpoint)))
    scores = runner.test()
    return {'scores': scores, 'out': out, 'results': _details(runner)}


def _details(runner: TrashRunner) -> list[Any]:
    metrics = runner.test_loop.evaluator.metrics
    found = [getattr(metric, name, None) for metric in metrics for name in ('last_result', 'last_segm_result')]
    return [result for result in found if result is not None]


def _check_test_data(data_root: str, ann: str, meta: dict[str, Any], checkpoint: str) -> dict[str, str]:
    from ..datasets import load_coco, resolve_ann, resolve_data_root

    root = resolve_data_root(data_root)
    path = resolve_ann(root, ann)
    data = load_coco(path, root)
    if list(data.classes) != list(meta['classes']):
        raise UserError(
            f'{path} has the classes {", ".join(data.classes)}, {checkpoint} was trained on '
            f'{", ".join(meta["classes"])}; test on the data set it was trained on'
        )
    return {'data_root': str(root.resolve()), 'ann': str(path.resolve())}


class Detector:
    """A trained detector for pictures outside a data set.

    Args:
        cfg: Config it was trained with.
        checkpoint: Its weights.
        device: Where to compute; None for the GPU, if there is one.
    """

    def __init__(self, cfg: Config, checkpoint: str | Path, *, device: str | None = None) -> None:
        content = fit_to_checkpoint(cfg, checkpoint)
        self.classes: list[str] = content['meta']['classes']
        self.cat_ids: list[int] = content['meta']['cat_ids']
        DefaultScope.get_instance('predict', scope_name='mmdet')
        model = MODELS.build(cfg.model)
        load_weights(model, content, str(checkpoint))
        self.model = model.to(device or ('cuda' if torch.cuda.is_available() else 'cpu')).eval()
        self.pipeline = cfg.test_dataloader.dataset.pipeline

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
            num_workers=min(num_workers, len(pictures)),
            collate_fn=list,
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
        UserError: An argument matches nothing, or the json does not know a picture.
    """
    paths = sorted({path for argument in arguments for path in _expand(argument)})
    if ann is None:
        return [Picture(number, path, str(path)) for number, path in enumerate(paths, start=1)]
    images = json.loads(Path(ann).read_text(encoding='utf-8'))['images'] if Path(ann).is_file() else None
    if images is None:
        raise UserError(f'{ann}: no such json')
    ids = {image['file_name']: image['id'] for image in images}
    return [_known_picture(path, ids, str(ann)) for path in paths]


def _known_picture(path: Path, ids: dict[str, int], ann: str) -> Picture:
    parts = path.parts
    for start in range(len(parts)):  # the longest ending of the path that the json knows
        name = '/'.join(parts[start:])
        if name in ids:
            return Picture(ids[name], path, name)
    raise UserError(f'{ann} does not know {path}; leave --ann out to number the pictures')


_SUFFIXES = {'.jpg', '.jpeg', '.png', '.bmp', '.webp', '.tif', '.tiff'}


def _expand(argument: str) -> list[Path]:
    path = Path(argument)
    if path.is_file():
        return [path]
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
