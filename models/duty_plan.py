"""Who answers for a grid at one moment, worked out from its posts: ranks, shifts, absences, and nobody there (G3)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from models.roles import DISPATCHER, LEAD, WORKER
from models.shifts import on_shift


@dataclass(frozen=True, slots=True)
class Post:
    """One duty of somebody who can be called. `height` counts the steps from the grid up to where the duty stands.

    `away` says that he is absent now, `stand_in` whom he named for it ("" when nobody).
    """

    userid: str
    role: str
    rank: str = "A"
    shift: str = ""
    height: int = 0
    away: bool = False
    stand_in: str = ""


@dataclass(frozen=True, slots=True)
class Answering:
    """企业微信 accounts, "" where nobody is left; `off` have a post as worker here but do not answer at present."""

    worker: str
    backup: str
    lead: str
    dispatchers: tuple[str, ...]
    off: tuple[str, ...]
    manned: bool


def answering(posts: Sequence[Post], away: frozenset[str], now: datetime) -> Answering:
    """Posts in the order of their making; `away` are all accounts that are absent now.

    A worker of rank A who is on shift and there answers. Is he absent: whom he named, else B. Is none on shift: B.
    Then the lead, and before silence whoever has the post, on shift or not. Without any A the lead comes before B
    (G3). `manned` is whether the grid has an A at all.
    """

    def there(userid: str) -> bool:
        return bool(userid) and userid not in away

    def on(post: Post) -> bool:
        return on_shift(post.shift, now)

    workers = [post for post in posts if post.role == WORKER and post.height == 0]
    firsts = [post for post in workers if post.rank == "A"]
    seconds = [post for post in workers if post.rank != "A"]
    lead = _lead(posts, away, now)
    named = [post.stand_in for post in firsts if post.away and on(post) and there(post.stand_in)]
    backups = [post.userid for post in seconds if there(post.userid) and on(post)]
    present = [post.userid for post in firsts if there(post.userid) and on(post)]
    near = lead if there(lead) else ""
    if firsts:
        order = [*present, *named, *backups, near, *(p.userid for p in firsts if there(p.userid))]
    else:
        order = [near, *backups]
    order += [post.userid for post in (*seconds, *firsts) if there(post.userid)]
    order += [*(post.userid for post in (*firsts, *seconds)), lead]  # all are away: better him than nobody
    worker = next((userid for userid in order if userid), "")
    backup = next((userid for userid in (*backups, *named) if userid != worker), "")
    off = tuple(dict.fromkeys(p.userid for p in workers if p.userid not in (worker, backup)))
    return Answering(worker, backup, lead, _dispatchers(posts, away, now), off, bool(firsts))


def _lead(posts: Sequence[Post], away: frozenset[str], now: datetime) -> str:
    """The nearest lead who is there and on shift, else whom one named, else the nearest at all."""
    leads = sorted((post for post in posts if post.role == LEAD), key=lambda post: (post.height, post.rank))
    for post in leads:
        if post.userid not in away and on_shift(post.shift, now):
            return post.userid
        if post.away and post.stand_in and post.stand_in not in away:
            return post.stand_in
    there = [post.userid for post in leads if post.userid not in away]
    return next(iter(there), leads[0].userid if leads else "")


def _dispatchers(posts: Sequence[Post], away: frozenset[str], now: datetime) -> tuple[str, ...]:
    """All of them when none is there: the desk is never empty."""
    desk = [post for post in posts if post.role == DISPATCHER]
    there = [post for post in desk if post.userid not in away and on_shift(post.shift, now)]
    return tuple(dict.fromkeys(post.userid for post in there or desk))
