"""Trouble on request: a path that fails with an errcode, an HTTP status or a delay, so many times."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(slots=True)
class Fault:
    """`errcode` 0 with `status` 0 and a `delay` only slows down. `left` counts down to nothing.

    A path below /callback/ loses the service's answer on the way back: the platform then delivers again.
    """

    path: str
    errcode: int = 0
    status: int = 0
    delay: float = 0.0
    left: int = 1

    def public(self) -> dict[str, Any]:
        return asdict(self)


class Faults:
    """The troubles that wait; `used` is called after one of them has struck."""

    def __init__(self, used: Callable[[], None]) -> None:
        self._used = used
        self._faults: list[Fault] = []

    def add(self, fault: Fault) -> None:
        self._faults.append(fault)

    def take(self, path: str) -> Fault | None:
        """The next trouble for this path, used up by this call."""
        for fault in self._faults:
            if fault.path == path and fault.left > 0:
                fault.left -= 1
                self._faults = [one for one in self._faults if one.left > 0]
                self._used()
                return fault
        return None

    def waiting(self) -> list[Fault]:
        return list(self._faults)

    def clear(self) -> None:
        self._faults = []
