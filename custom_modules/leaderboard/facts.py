"""What a run is and costs: worked out once from its config, kept in a file, summed up for fusions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from .entries import Entry


@dataclass(frozen=True)
class RunFacts:
    """What is known of the model of an entry.

    Attributes:
        base: The config it is compared with, relative to the repository; empty where it is not known.
        differences: What it has otherwise, ``key=value`` each.
        parameters: Number of parameters; None where they were not counted.
        flops: Multiply-adds for a picture.
    """

    base: str = ''
    differences: tuple[str, ...] = ()
    parameters: int | None = None
    flops: float | None = None


def add_costs(entries: Sequence[Entry], of_runs: Mapping[Path, RunFacts]) -> dict[Path, RunFacts]:
    """Give each entry its facts: views of TTA multiply the work, members of a fusion add up.

    Args:
        entries: All entries, members of fusions among them.
        of_runs: Facts by folder of a run.

    Returns:
        Facts by file of the entry.
    """
    by_file: dict[Path, RunFacts] = {}
    entry_of = {entry.file: entry for entry in entries}
    for entry in entries:
        known = of_runs.get(entry.run, RunFacts()) if entry.run else RunFacts()
        if known.flops is not None:
            known = RunFacts(known.base, known.differences, known.parameters, known.flops * entry.views)
        by_file[entry.file] = known
    for entry in entries:
        if entry.members:
            parts = _models_of(entry, entry_of, set())
            by_file[entry.file] = _sum([by_file[part.file] if part else RunFacts() for part in parts])
    return by_file


def _models_of(entry: Entry, entry_of: Mapping[Path, Entry], seen: set[Path]) -> list[Entry | None]:
    """List the entries that predictions are made of, those of fused fusions, too; None for one that is not known."""
    models: list[Entry | None] = []
    for file in entry.members:
        member = entry_of.get(file)
        if member is None:
            models.append(None)
        elif file not in seen:
            seen.add(file)
            models += _models_of(member, entry_of, seen) if member.members else [member]
    return models


def _sum(parts: Sequence[RunFacts]) -> RunFacts:
    parameters, flops = [part.parameters for part in parts], [part.flops for part in parts]
    if None in parameters or None in flops:
        return RunFacts()
    return RunFacts(parameters=sum(parameters), flops=sum(flops))
