"""Judges what tools/doctor.py finds: facts in, plain words and a remedy out; nothing here looks at the machine."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tools._environment import torchvision_for

OK, NOTE, BAD = 'ok', 'note', 'bad'

# The oldest Linux driver for each CUDA generation (NVIDIA, CUDA Compatibility, minor version compatibility).
OLDEST_DRIVERS = {11: '450.80.02', 12: '525.60.13', 13: '580.65.06'}
# Among the releases of torch on the public index: the last one built with CUDA 12, and the last one that holds code
# for cards from Maxwell to Volta (capability 5.0 to 7.0).
LAST_TORCH_CUDA_12 = '2.10.0'
LAST_TORCH_OLD_CARDS = '2.7.1'


@dataclass(frozen=True)
class Verdict:
    """One line of the report.

    Attributes:
        level: 'ok', 'note' (works, but worth knowing) or 'bad'.
        text: What was found, in plain words.
        remedy: What to do about it, or ''.
    """

    level: str
    text: str
    remedy: str = ''


@dataclass(frozen=True)
class Card:
    """One GPU: its name, memory in GB and compute capability, None where unknown."""

    name: str
    memory_gb: float = 0.0
    capability: tuple[int, int] | None = None


@dataclass(frozen=True)
class GpuFacts:
    """What is known about the GPUs.

    Attributes:
        torch: Version of torch.
        torchvision: Version of torchvision, '' without it.
        cuda: CUDA version it was built for, None for a CPU build.
        hip: ROCm version it was built for, None for others.
        available: Whether torch can use a GPU.
        archs: What it holds code for, as in 'sm_90' and 'compute_90'.
        error: What torch said when it tried a GPU.
        cards: The NVIDIA cards that the driver names.
        driver: Version of the NVIDIA driver, '' without a working one.
        on_bus: Number of NVIDIA cards on the machine's bus, seen by the driver or not.
        visible: ``CUDA_VISIBLE_DEVICES``, None when unset.
    """

    torch: str
    torchvision: str = ''
    cuda: str | None = None
    hip: str | None = None
    available: bool = False
    archs: Sequence[str] = ()
    error: str = ''
    cards: Sequence[Card] = field(default_factory=tuple)
    driver: str = ''
    on_bus: int = 0
    visible: str | None = None


def judge_gpu(facts: GpuFacts) -> list[Verdict]:
    """Say whether the GPUs can be used, and if not, why and what to do."""
    if facts.hip:
        state = 'usable' if facts.available else f'but no usable AMD card: {facts.error or "none found"}'
        return [Verdict(OK if facts.available else NOTE, f'torch {facts.torch} for ROCm {facts.hip}, {state}')]
    if not facts.cards:
        return [_judge_no_card(facts)]
    if facts.cuda is None:
        text = f'torch {facts.torch} is a CPU build beside {_names(facts.cards)}: the GPU lies idle'
        remedy = 'see `pip config list` for an index or find-links of CPU wheels, change it, then: make clean install'
        return [Verdict(BAD, text, remedy)]
    if facts.visible is not None and facts.visible.strip() in ('', '-1'):
        text = f'{_names(facts.cards)} hidden by CUDA_VISIBLE_DEVICES={facts.visible}: everything runs on the CPU'
        return [Verdict(NOTE, text, 'unset CUDA_VISIBLE_DEVICES to use it')]
    problems = _judge_driver(facts) + [v for card in facts.cards for v in judge_card(card, facts)]
    if problems:
        return problems
    if not facts.available:
        text = f'torch {facts.torch} cannot use {_names(facts.cards)}: {facts.error or "it does not say why"}'
        return [Verdict(BAD, text, 'restart the machine or the container after a driver update; then see nvidia-smi')]
    verdicts = [_judge_memory(index, card) for index, card in enumerate(facts.cards)]
    if not facts.torchvision:
        text = 'No torchvision beside this CUDA torch: the GPU uses the slower portable operators'
        verdicts.append(Verdict(NOTE, text, f"pip install '{torchvision_for(facts.torch)}'"))
    return verdicts


def judge_card(card: Card, facts: GpuFacts) -> list[Verdict]:
    """Return a problem when torch holds no code for the card's compute capability, else nothing."""
    if card.capability is None or not facts.archs or runs_on(card.capability, facts.archs):
        return []
    major, minor = card.capability
    text = f'torch {facts.torch} holds no code for {card.name} (compute capability {major}.{minor})'
    lowest = min(_number(arch) for arch in facts.archs)
    if card.capability > lowest:
        remedy = 'the card is newer than this torch: make TORCH= install with a newer one'
    elif major >= 5:
        remedy = f'the card is too old for this torch: make TORCH={LAST_TORCH_OLD_CARDS} install'
    else:
        remedy = 'the card is too old for every torch that the stack runs on: CUDA_VISIBLE_DEVICES= uses the CPU'
    return [Verdict(BAD, text, remedy)]


def runs_on(capability: tuple[int, int], archs: Sequence[str]) -> bool:
    """Whether code for ``archs`` runs on a card.

    Binary code (sm_XY) runs on its own generation from that minor version on; with the suffix 'a' on that very
    capability only; intermediate code (compute_XY) runs on all later cards.
    """
    for arch in archs:
        number = _number(arch)
        if arch.endswith('a'):
            fits = number == capability
        elif arch.startswith('compute'):
            fits = number <= capability
        else:
            fits = number[0] == capability[0] and number[1] <= capability[1]
        if fits:
            return True
    return False


def judge_packages(pins: Mapping[str, str], installed: Mapping[str, str]) -> list[Verdict]:
    """Compare installed versions with the pinned ones.

    Args:
        pins: Version by normalised name.
        installed: Likewise; a missing package is left out.
    """
    missing = [f'{name} {pin}' for name, pin in pins.items() if name not in installed]
    other = [
        f'{name} {installed[name]} instead of {pin}'
        for name, pin in pins.items()
        if name in installed and installed[name] != pin and installed[name].split('+')[0] != pin
    ]
    right = {name: installed[name] for name in pins if name in installed}
    verdicts = [Verdict(OK, f'Packages: {", ".join(f"{name} {version}" for name, version in right.items())}')]
    if other:
        verdicts.append(Verdict(NOTE, f'Not as pinned: {", ".join(other)}', 'pip install -r requirements.txt'))
    if missing:
        verdicts.append(Verdict(BAD, f'Missing: {", ".join(missing)}', 'make install'))
    return verdicts if right else verdicts[1:]


def judge_opencv(installed: Sequence[tuple[str, str]], version: str, error: str) -> Verdict:
    """Say which OpenCV is in use.

    Args:
        installed: Name and version of each package that brings a ``cv2`` folder.
        version: What ``cv2`` says it is, '' where it does not import.
        error: Why it does not, in words.
    """
    names = ' and '.join(f'{name} {its}' for name, its in installed) or 'none'
    remedy = 'make clean install; elsewhere: pip uninstall every opencv-*, then pip install -r requirements.txt'
    if not version:
        return Verdict(BAD, f'OpenCV does not import (installed: {names}): {error}', remedy)
    if len(installed) > 1:
        return Verdict(BAD, f'{len(installed)} OpenCVs overwrite each other: {names}', remedy)
    if installed and not installed[0][0].endswith('headless'):
        return Verdict(NOTE, f'OpenCV {version} from {names}, which needs libGL; the headless one is enough', remedy)
    return Verdict(OK, f'OpenCV {version}, one and headless')


def judge_ops(found: Mapping, *, gpu: bool) -> Verdict:
    """Say which operators run on the CPU, and on the GPU where there is one.

    Args:
        found: What ``custom_modules.ops.backend()`` tells.
        gpu: Whether torch can use a GPU.
    """
    devices = {'cpu': 'on the CPU', 'cuda': 'on the GPU'} if gpu else {'cpu': 'on the CPU'}
    text = '; '.join(f'{words} {_list_operators(found["operators"], device)}' for device, words in devices.items())
    if found['forced']:
        text += f' (TRASH_OPS={found["name"]})'
    text = (
        f'Operators {text}. compiled: {found["compiled"]}; torchvision: {found["torchvision"]}; numba: {found["numba"]}'
    )
    if not found['numba'][0].isdigit():
        return Verdict(NOTE, text, 'pip install -r requirements.txt: numba makes training on the CPU faster')
    return Verdict(OK, text)


def judge_python(version: tuple[int, int, int], prefix: str, *, in_venv: bool) -> Verdict:
    """Say which Python and which environment runs this."""
    words = '.'.join(map(str, version))
    where = '.venv of this repository' if in_venv else prefix
    if not (3, 11) <= version[:2] <= (3, 13):
        return Verdict(BAD, f'Python {words} ({where}): 3.11, 3.12 or 3.13 is needed', 'make install')
    return Verdict(OK, f'Python {words}, {where}')


def judge_machine(cores: int, memory_gb: float, disk_gb: float, shm_gb: float | None) -> list[Verdict]:
    """Say whether processors, memory, disk and the loaders' shared memory (None: not a Linux) are enough."""
    text = f'{cores} processor core(s), {memory_gb:.0f} GB of memory'
    few = memory_gb and memory_gb < 8
    verdicts = [
        Verdict(NOTE, text, 'enough for configs/demo; Swin-L needs 16 GB and more') if few else Verdict(OK, text)
    ]
    level = BAD if disk_gb < 1 else NOTE if disk_gb < 10 else OK
    remedy = '' if level == OK else 'a checkpoint of HTC Swin-L with its optimizer takes 3 GB: make room or --work-dir'
    verdicts.append(Verdict(level, f'{disk_gb:.0f} GB free on the disk', remedy))
    if shm_gb is not None and shm_gb < 1:
        remedy = 'in Docker: --shm-size=8g or --ipc=host; or --cfg-options train_dataloader.num_workers=0'
        verdicts.append(Verdict(NOTE, f'/dev/shm holds {shm_gb * 1000:.0f} MB: loader workers may die', remedy))
    elif shm_gb is not None:
        verdicts.append(Verdict(OK, f'/dev/shm holds {shm_gb:.0f} GB for loader workers'))
    return verdicts


def _judge_no_card(facts: GpuFacts) -> Verdict:
    if facts.on_bus:
        text = f'{facts.on_bus} NVIDIA card(s) in this machine without a working driver: everything runs on the CPU'
        return Verdict(NOTE, text, 'install the NVIDIA driver until nvidia-smi lists the card (Docker: --gpus all)')
    return Verdict(OK, f'No GPU: torch {facts.torch} runs everything on the CPU')


def _judge_driver(facts: GpuFacts) -> list[Verdict]:
    oldest = OLDEST_DRIVERS.get(int(facts.cuda.split('.')[0]), '')
    if not oldest or not facts.driver or _version(facts.driver) >= _version(oldest):
        return []
    text = f'The NVIDIA driver {facts.driver} is too old for torch {facts.torch} (CUDA {facts.cuda} needs {oldest})'
    remedy = f'update the driver to {oldest} or newer'
    if int(facts.cuda.split('.')[0]) > 12 and _version(facts.driver) >= _version(OLDEST_DRIVERS[12]):
        remedy += f', or take a torch for CUDA 12: make TORCH={LAST_TORCH_CUDA_12} install'
    return [Verdict(BAD, text, remedy)]


def _judge_memory(index: int, card: Card) -> Verdict:
    capability = f', compute capability {card.capability[0]}.{card.capability[1]}' if card.capability else ''
    text = f'GPU {index}: {card.name}, {card.memory_gb:.0f} GB{capability}, usable'
    if card.memory_gb < 24:
        return Verdict(OK, text, 'large models: add --amp --low-memory to tools/train.py')
    return Verdict(OK, text)


def _list_operators(operators: Mapping[str, Mapping[str, str]], device: str) -> str:
    families: dict[str, list[str]] = {}
    for family, backends in operators.items():
        families.setdefault(backends[device], []).append(family)
    if len(families) == 1:
        return next(iter(families))
    return ', '.join(f'{backend} ({", ".join(names)})' for backend, names in families.items())


def _names(cards: Sequence[Card]) -> str:
    return ', '.join(card.name for card in cards)


def _number(arch: str) -> tuple[int, int]:
    digits = re.search(r'\d+', arch)[0]
    return int(digits[:-1]), int(digits[-1])


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r'\d+', text))
