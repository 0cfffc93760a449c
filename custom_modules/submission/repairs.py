"""What was put right while a file of detections was read."""

from collections.abc import Mapping


class Repairs:
    """Counts of repairs by kind, in the order they were first met.

    Args:
        counts: Counts to begin with.
    """

    def __init__(self, counts: Mapping[str, int] | None = None) -> None:
        self.counts: dict[str, int] = dict(counts or {})

    def add(self, kind: str, count: int = 1) -> None:
        """Count repairs of one kind; none is nothing to tell."""
        if count:
            self.counts[kind] = self.counts.get(kind, 0) + int(count)

    def __len__(self) -> int:
        return len(self.counts)

    def __str__(self) -> str:
        """Describe all in one line, empty without any."""
        return '; '.join(f'{kind}: {count}' for kind, count in self.counts.items())
