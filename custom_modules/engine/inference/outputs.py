"""What lies beside predictions, finished or not."""

from pathlib import Path


def unreadable_file(out: str | Path) -> Path:
    """Return the file that lists pictures that could not be read: ``val.unreadable.json`` beside ``val.json``."""
    return Path(out).with_suffix('.unreadable.json')


def parts_folder(out: str | Path) -> Path:
    """Return the folder of journals of predictions that are not complete: ``.val.json.parts`` beside ``val.json``."""
    out = Path(out)
    return out.with_name(f'.{out.name}.parts')
