"""When an official account may write first: 5 messages in 48 hours, or 3 in a minute, after the person did something.

Source: the platform's rules for 客服消息 (a message opens 48 h / 5; menu click, follow and scan open 1 min / 3).
"""

from dataclasses import dataclass

from bot.sim.clock import SimClock

MESSAGE = (48 * 3600.0, 5)
TOUCH = (60.0, 3)
WECOM_PER_MINUTE = 30


@dataclass(slots=True)
class Window:
    ends: float
    left: int


class Windows:
    def __init__(self, clock: SimClock) -> None:
        self._clock = clock
        self._open: dict[tuple[str, str], dict[str, Window]] = {}
        self._last_message: dict[tuple[str, str], float] = {}
        self._wecom: dict[tuple[str, str], list[float]] = {}

    def message(self, account: str, user: str) -> None:
        now = self._clock.now()
        self._last_message[account, user] = now
        self._open.setdefault((account, user), {})["message"] = Window(now + MESSAGE[0], MESSAGE[1])

    def touch(self, account: str, user: str) -> None:
        """A menu click, a follow, a scanned code."""
        now = self._clock.now()
        self._open.setdefault((account, user), {})["touch"] = Window(now + TOUCH[0], TOUCH[1])

    def spend(self, account: str, user: str) -> int:
        """Take one message from the window that ends first: 0, or the errcode 45015 or 45047."""
        now = self._clock.now()
        standing = [window for window in self._open.get((account, user), {}).values() if window.ends > now]
        if not standing:
            return 45015
        usable = sorted((window for window in standing if window.left > 0), key=lambda window: window.ends)
        if not usable:
            return 45047
        usable[0].left -= 1
        return 0

    def close(self, account: str, user: str) -> None:
        """The person unfollowed."""
        self._open.pop((account, user), None)

    def spend_wecom(self, account: str, user: str) -> bool:
        """Whether a member still takes a message: above 30 in a minute they vanish without an error."""
        now = self._clock.now()
        sent = [at for at in self._wecom.get((account, user), []) if at > now - 60]
        taken = len(sent) < WECOM_PER_MINUTE
        self._wecom[account, user] = [*sent, now] if taken else sent
        return taken

    def last_message(self, account: str, user: str) -> float | None:
        return self._last_message.get((account, user))

    def clear(self) -> None:
        self._open.clear()
        self._last_message.clear()
        self._wecom.clear()
