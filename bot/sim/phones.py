"""What stands on the screens: chat bubbles by account and person."""

from collections import deque
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from itertools import count
from typing import Any

from bot.sim.bus import Bus
from bot.sim.clock import SimClock

ME = "me"  # what the person sent
BOT = "bot"  # what the account sent
SYSTEM = "system"  # grey lines in the middle: follow, unfollow, fault
KEPT = 300  # bubbles a phone keeps


@dataclass(slots=True)
class Bubble:
    """One bubble. `via` is "reply" for a passive answer, "push" for one the service sent by itself, else "".

    `at` is the platform's clock in seconds. `more` holds what its `kind` needs (media_id, rows, buttons …).
    """

    id: int
    account: str
    user: str
    side: str
    kind: str
    text: str
    at: float
    via: str = ""
    more: dict[str, Any] = field(default_factory=dict)

    def public(self) -> dict[str, Any]:
        return asdict(self)


class Phones:
    """All screens; every new bubble is told to the open pages."""

    def __init__(self, bus: Bus, clock: SimClock) -> None:
        self._bus = bus
        self._clock = clock
        self._numbers = count(1)
        self._screens: dict[tuple[str, str], deque[Bubble]] = {}

    def show(
        self, account: str, user: str, side: str, kind: str, text: str, *, via: str = "", **more: Any
    ) -> Bubble:
        bubble = Bubble(next(self._numbers), account, user, side, kind, text, self._clock.now(), via, more)
        self._screens.setdefault((account, user), deque(maxlen=KEPT)).append(bubble)
        self._bus.publish("bubble", bubble.public())
        return bubble

    def changed(self, bubble: Bubble) -> None:
        """A bubble that stands already looks different now (a card whose button was pressed)."""
        self._bus.publish("bubble", bubble.public())

    def __iter__(self) -> Iterator[Bubble]:
        """Every bubble, oldest first."""
        everything = [bubble for screen in self._screens.values() for bubble in screen]
        return iter(sorted(everything, key=lambda bubble: bubble.id))

    def pushes(self, *, user: str = "", account: str = "", after: int = 0) -> list[Bubble]:
        """What the service sent by itself."""
        return [
            bubble
            for bubble in self
            if bubble.via == "push"
            and (not user or bubble.user == user)
            and (not account or bubble.account == account)
            and bubble.id > after
        ]

    def card(self, response_code: str) -> Bubble | None:
        return next((one for one in self if one.more.get("response_code") == response_code), None)

    def clear(self) -> None:
        """Empty screens; the numbers go on, so that nobody takes a new bubble for an old one."""
        self._screens.clear()
