"""access_token as the platforms hand it out: the old way, the stable way, and WeCom's."""

import secrets
from dataclasses import dataclass

from bot.sim.clock import SimClock

LIFE_S = 7200.0
OVERLAP_S = 300.0
PER_DAY = 2000
FORCED_PER_DAY = 20
FORCED_APART_S = 30.0


class TooOften(Exception):
    """A limit of the platform; `errcode` is 45009 or 45011."""

    def __init__(self, errcode: int) -> None:
        super().__init__(errcode)
        self.errcode = errcode


@dataclass(slots=True)
class Issued:
    token: str
    account: str
    ends: float


class Tokens:
    def __init__(self, clock: SimClock) -> None:
        self._clock = clock
        self._issued: dict[str, Issued] = {}
        self._current: dict[tuple[str, str], Issued] = {}  # (account, way)
        self._asked: dict[str, list[float]] = {}
        self._forced: dict[str, list[float]] = {}

    def _issue(self, account: str, way: str) -> Issued:
        now = self._clock.now()
        old = self._current.get((account, way))
        if old:
            old.ends = min(old.ends, now + OVERLAP_S)
        issued = Issued("SIM_" + secrets.token_hex(66), account, now + LIFE_S)
        self._issued = {key: one for key, one in self._issued.items() if one.ends > now - 86400}
        self._issued[issued.token] = issued
        self._current[account, way] = issued
        return issued

    def _left(self, issued: Issued) -> int:
        return round(issued.ends - self._clock.now())

    def plain(self, account: str) -> tuple[str, int]:
        """`/cgi-bin/token`: a new one each time, the old one good for five minutes more.

        Raises:
            TooOften: 2000 in a day are used up.
        """
        now = self._clock.now()
        asked = [at for at in self._asked.get(account, []) if at > now - 86400]
        if len(asked) >= PER_DAY:
            raise TooOften(45009)
        self._asked[account] = [*asked, now]
        issued = self._issue(account, "plain")
        return issued.token, self._left(issued)

    def stable(self, account: str, *, forced: bool) -> tuple[str, int]:
        """`/cgi-bin/stable_token`: the same one while it has more than five minutes; forced: a new one.

        Raises:
            TooOften: forced twice in 30 seconds or 20 times in a day.
        """
        current = self._current.get((account, "stable"))
        if forced:
            now = self._clock.now()
            asked = [at for at in self._forced.get(account, []) if at > now - 86400]
            if len(asked) >= FORCED_PER_DAY:
                raise TooOften(45009)
            if not asked or asked[-1] <= now - FORCED_APART_S:
                self._forced[account] = [*asked, now]
                current = None
            elif current is None:
                raise TooOften(45011)
        if current is None or self._left(current) < OVERLAP_S:
            current = self._issue(account, "stable")
        return current.token, self._left(current)

    def wecom(self, account: str) -> tuple[str, int]:
        """`gettoken`: the same one until it ends."""
        current = self._current.get((account, "wecom"))
        if current is None or self._left(current) <= 0:
            current = self._issue(account, "wecom")
        return current.token, self._left(current)

    def account_of(self, token: str) -> tuple[str, int]:
        """Whose token it is, and the errcode: 0, 40001 (unknown) or 42001 (ended)."""
        issued = self._issued.get(token)
        if issued is None:
            return "", 40001
        return issued.account, (0 if issued.ends > self._clock.now() else 42001)

    def forget(self) -> None:
        """Every token is void at once, as after a changed secret."""
        self._issued.clear()
        self._current.clear()

    def clear_quota(self, account: str) -> None:
        self._asked.pop(account, None)
        self._forced.pop(account, None)
