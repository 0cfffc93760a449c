"""What the checks of a data set found: kinds, counts and examples."""

import itertools
import shlex
from collections.abc import Iterable
from dataclasses import dataclass, field

MAX_EXAMPLES = 20
"""Examples kept per kind; the count goes on."""


@dataclass(frozen=True)
class Kind:
    """One kind of finding.

    Attributes:
        text: What is wrong and, for a warning, how it was repaired.
        is_error: An error stops; a warning is repaired in memory.
        remedy: What the user can do about it; empty where ``text`` says it all.
    """

    text: str
    is_error: bool = True
    remedy: str = ''


UNREADABLE_FILE = Kind('file that cannot be read', remedy='give the path of a COCO json file')
NOT_JSON = Kind('not valid json (cut off?)', remedy='copy or export the file again')
WRONG_LAYOUT = Kind('not a COCO file', remedy='a COCO file holds the lists images, annotations and categories')
MISSING_KEY = Kind('missing key')
WRONG_TYPE = Kind('wrong value')
DUPLICATE_ID = Kind('duplicate id')
DUPLICATE_NAME = Kind('duplicate name')
BAD_PATH = Kind('path outside the data folder', remedy='file names are relative to the data folder and stay inside it')
LINK_OUT = Kind(
    'link that leads out of the data folder',
    remedy='only the data folder itself may be a link: name the linked folder as the data folder, or copy the pictures',
)
MISSING_IMAGE = Kind('missing image', remedy='file names are relative to the data folder')
UNREADABLE_IMAGE = Kind('unreadable image', remedy='copy the picture again or take it out of the json')
IMAGE_SIZE = Kind(
    'image size unlike the json', remedy='correct width and height, or use the pictures the boxes were drawn on'
)
IMAGE_TURNED = Kind(
    'EXIF orientation unlike the json (loading turns a picture by its tag, the boxes were drawn on the unturned one)',
    remedy='turn the pixels and remove the EXIF tag, or redraw the boxes on the turned picture',
)
ORPHAN = Kind('annotation without image')
UNKNOWN_CATEGORY = Kind('unknown category')
BAD_BOX = Kind('box that is no list of four numbers x, y, width, height')
NAN_BOX = Kind('box with NaN or infinity')
NEGATIVE_BOX = Kind('box with negative width or height')
MISSING_LABELS = Kind('missing label picture', remedy='label files are relative to the data folder')
UNREADABLE_LABELS = Kind('unreadable label picture', remedy='copy it again; PNG, BMP, TIFF and PGM keep all values')
LABEL_CHANNELS = Kind(
    'label picture of several channels or more than 8 bits',
    remedy='a label picture holds one number for each pixel, or positions in a palette; a coloured copy is none',
)
LABEL_SIZE = Kind('label picture of another size than its photograph')
LABEL_VALUE = Kind('value that is neither a class nor void', remedy='add it to a class or to void in the class file')
DUPLICATE_VALUE = Kind('label value of two classes')
TOO_MANY_CLASSES = Kind('more classes than a label map holds')
TWO_TRUTHS = Kind('annotations and label pictures in one file', remedy='take one of them out')
NO_ANNOTATIONS = Kind('no annotations', remedy='training and scoring need them')
OTHER_CATEGORIES = Kind('categories unlike those of the training file')
OTHER_TRUTH = Kind('label pictures in one file and objects in the other')

CLIPPED_BOX = Kind('box over the edge (clipped)', is_error=False)
TINY_BOX = Kind('box with a side below 1 px (left out of training, kept for scoring)', is_error=False)
DUPLICATE_BOX = Kind('duplicate box (one removed)', is_error=False)
CONFLICTING_BOXES = Kind('same box with two classes (both kept)', is_error=False)
COMPUTED_BOX = Kind('missing box (computed from the mask)', is_error=False)
COMPUTED_AREA = Kind('missing or unusable area (computed)', is_error=False)
MISSING_ISCROWD = Kind('missing iscrowd (0 assumed)', is_error=False)
BAD_MASK = Kind('unusable mask (left out, its box kept)', is_error=False)
BAD_MASK_PART = Kind('unusable part of a polygon mask (left out)', is_error=False)
UNSURE_ORIENTATION = Kind(
    'EXIF orientation that the json can neither confirm nor deny (loading turns the picture; draw the boxes to see)',
    is_error=False,
)
SHARED_PICTURE = Kind('picture in both files (its score flatters)', is_error=False)


def shown(value: object, limit: int = 80) -> str:
    """Give a value from a file as one printable line.

    Args:
        value: Anything; text is shown without quotes.
        limit: Characters at most.

    Returns:
        The text with control characters and lone surrogates escaped.
    """
    text = repr(value)[1:-1] if isinstance(value, str) else _safe_repr(value)
    return text if len(text) <= limit else f'{text[:limit]}...'


def _safe_repr(value: object) -> str:
    try:
        return repr(value)
    except ValueError:  # an int of more than 4,300 digits
        return 'a huge number'


@dataclass
class Findings:
    """The findings of one file, by kind in the order they were first met.

    Attributes:
        source: The file they are about, as shown to the user.
        root: The folder its file names start from, where that is not the file's own.
        counts: How often each kind was found.
        examples: The first ``MAX_EXAMPLES`` of each kind.
    """

    source: str
    root: str = ''
    counts: dict[Kind, int] = field(default_factory=dict)
    examples: dict[Kind, list[str]] = field(default_factory=dict)

    def add(self, kind: Kind, example: str) -> None:
        """Count one finding.

        Args:
            kind: Its kind.
            example: Which record, and its offending value.
        """
        self.counts[kind] = self.counts.get(kind, 0) + 1
        examples = self.examples.setdefault(kind, [])
        if len(examples) < MAX_EXAMPLES:
            examples.append(example)

    @property
    def command(self) -> str:
        """The command that reports all findings."""
        root = f' --data-root {shlex.quote(self.root)}' if self.root else ''
        return f'python tools/check_data.py {shlex.quote(self.source)}{root}'

    @property
    def num_errors(self) -> int:
        """The number of errors."""
        return sum(count for kind, count in self.counts.items() if kind.is_error)

    @property
    def num_warnings(self) -> int:
        """The number of warnings."""
        return sum(self.counts.values()) - self.num_errors

    def lines(self, *, errors: bool, max_examples: int = 3) -> list[str]:
        """Describe the findings, one line per kind.

        Args:
            errors: Describe the errors; otherwise the warnings.
            max_examples: Examples shown per kind.

        Returns:
            Lines of the form ``kind: count (examples); remedy``.
        """
        return [
            f'{kind.text}: {count} ({_some(self.examples[kind], count, max_examples)})'
            + (f'; {kind.remedy}' if kind.remedy else '')
            for kind, count in self.counts.items()
            if kind.is_error is errors
        ]

    def report(self, *, errors: bool) -> list[str]:
        """Describe the findings, a line per kind and one per example.

        Args:
            errors: Describe the errors; otherwise the warnings.
        """
        lines = []
        for kind, count in self.counts.items():
            if kind.is_error is errors:
                lines.append(f'{kind.text}: {count}' + (f' ({kind.remedy})' if kind.remedy else ''))
                lines += [f'  {example}' for example in self.examples[kind]]
                if count > len(self.examples[kind]):
                    lines.append(f'  ... and {count - len(self.examples[kind])} more')
        return lines

    def warning_line(self) -> str:
        """Describe all warnings in one line with their counts; empty without any."""
        parts = [f'{kind.text}: {count}' for kind, count in self.counts.items() if not kind.is_error]
        return f'{self.source}: {"; ".join(parts)}' if parts else ''


def error_message(all_findings: Iterable[Findings]) -> str:
    """Describe the errors of one or more files.

    One kind in one file makes one line; otherwise each file has a head line,
    then one line per kind.

    Args:
        all_findings: The findings of each file; those without errors are skipped.

    Returns:
        The message; empty without errors.
    """
    with_errors = [findings for findings in all_findings if findings.num_errors]
    blocks = [_block(findings) for findings in with_errors]
    return '\n'.join(itertools.chain.from_iterable(blocks))


def _block(findings: Findings) -> list[str]:
    lines = findings.lines(errors=True)
    if len(lines) == 1:
        count = findings.num_errors
        return [f'{findings.source}: {lines[0]}' + (f'; all of them: {findings.command}' if count > 1 else '')]
    head = f'{findings.source}: {findings.num_errors} errors (full report: {findings.command})'
    return [head, *(f'  {line}' for line in lines)]


def _some(examples: list[str], count: int, max_examples: int) -> str:
    text = '; '.join(examples[:max_examples])
    return f'{text}; ...' if count > min(max_examples, len(examples)) else text
