"""What requirements.txt pins, read with nothing but Python's own library."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
REQUIREMENTS = ROOT / 'requirements.txt'


def read_pins(path: Path = REQUIREMENTS) -> dict[str, str]:
    """Return the version of each direct requirement by its normalised name (lower case, dashes)."""
    found = re.findall(r'^([A-Za-z0-9._-]+)==(\S+)', path.read_text(encoding='utf-8'), re.MULTILINE)
    return {normalise(name): version for name, version in found}


def normalise(name: str) -> str:
    """Return a package's name as installers compare it, so that ``Pillow`` and ``pillow`` are one."""
    return re.sub(r'[-_.]+', '-', name).lower()
