"""Facts: what happened in the database and somebody may have to hear of. Each noun adds its own beside its tables."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that has happened inside the open transaction."""
