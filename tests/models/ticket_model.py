"""A plain model of the ticket's state machine, written from domain.md §2 and not from `STEPS`, to compare with the Desk."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from models.ticket import Actor, State, Step

S, A = State, Actor
OPEN = "submitted accepted dispatched onsite reported"
WORKING = "dispatched onsite reported"
ANSWERED = "fed_back rated archived"
ABOVE = "lead dispatcher"
SAME = ""
HOUR, DAY = timedelta(hours=1), timedelta(days=7) / 7

# step: [(from, who, to)]; "" as `to` stays where it is.
TABLE: dict[str, list[tuple[str, str, str]]] = {
    "submit": [],
    "accept": [("submitted", "assignee worker lead dispatcher system", "accepted")],
    "reject": [("submitted", "dispatcher", "rejected")],
    "appeal": [("rejected", "reporter", "submitted")],
    "dispatch": [("accepted", "lead dispatcher system", "dispatched")],
    "reassign": [("submitted " + WORKING, "assignee lead dispatcher system", SAME)],
    "transfer": [(OPEN, "lead dispatcher system", SAME)],
    "refer": [("accepted " + WORKING, ABOVE, "accepted")],
    "decline": [("dispatched", "assignee", "accepted")],
    "arrive": [("dispatched", "assignee", "onsite")],
    "report": [("onsite", "assignee", "reported")],
    "ask_hold": [(WORKING, "assignee", SAME)],
    "hold": [(WORKING, "assignee lead dispatcher", SAME)],
    "resume": [(WORKING, "assignee lead dispatcher system", SAME)],
    "ask_extend": [(WORKING, "assignee", SAME)],
    "extend": [(WORKING, ABOVE, SAME)],
    "deny": [(WORKING, ABOVE, SAME)],
    "close": [("accepted", "assignee worker lead dispatcher", "closed"), ("reported", "assignee", "closed")],
    "feedback": [("closed", "assignee lead dispatcher system", "fed_back")],
    "rate": [("fed_back rated", "reporter follower", "rated")],
    "archive": [("fed_back", "system", "archived")],
    "reopen": [(ANSWERED, "reporter lead", "dispatched")],
    "call_back": [(ANSWERED, "assignee lead dispatcher", SAME)],
    "merge": [(OPEN, "dispatcher", "merged")],
    "unmerge": [("merged", "dispatcher", "back")],
    "split": [(OPEN, ABOVE, SAME)],
    "convert": [(OPEN, "dispatcher", "fed_back")],
    "follow": [(OPEN, "resident", SAME)],
    "unfollow": [(f"{OPEN} closed {ANSWERED}", "follower", SAME)],
    "urge": [(OPEN, "reporter follower", SAME)],
    "supplement": [(OPEN, "reporter follower assignee lead dispatcher", SAME)],
    "ask_cancel": [(OPEN, "reporter", SAME)],
    "cancel": [
        ("submitted accepted dispatched", "reporter assignee lead", "cancelled"),
        ("onsite reported", "assignee lead", "cancelled"),
    ],
    "escalate": [(OPEN, "assignee lead dispatcher system", SAME), (ANSWERED, "reporter lead", SAME)],
}
GRIDS = {"W01": ("a", "b", "l"), "W02": ("c", "", "m")}
DESK = ("d",)
WORKERS = ("a", "b", "c", "d", "l", "m")


@dataclass
class Hold:
    reason: str
    until: datetime
    since: datetime | None = None
    ended: datetime | None = None
    by_merge: bool = False


@dataclass
class Plain:
    """One ticket as a person with a pencil would keep it."""

    key: int
    reporter: str
    building: str
    shared: bool = True
    grid: str = "W01"
    state: str = "submitted"
    assignee: str = "a"
    cycle: int = 1
    type: str = "field"
    joined: "Plain | None" = None
    merged_at: datetime | None = None
    before: str = ""
    rows: set[str] = field(default_factory=set)  # who follows of his own will
    holds: list[Hold] = field(default_factory=list)
    asked: timedelta | None = None
    granted: int = 0
    declines: int = 0
    reopens: int = 0
    urges: int = 0
    urged_at: datetime | None = None
    level: int = 0
    appealed: bool = False
    cancel_asked: bool = False
    fed_back_at: datetime | None = None
    rated: set[str] = field(default_factory=set)
    call_backs: list[str] = field(default_factory=list)

    @property
    def root(self) -> "Plain":
        return self if self.joined is None else self.joined.root

    @property
    def hold(self) -> Hold | None:
        return next((h for h in self.holds if h.since and not h.ended), None)

    @property
    def wanted_hold(self) -> Hold | None:
        return next((h for h in self.holds if not h.since and not h.ended), None)

    def role(self, who: str) -> str:
        a, b, lead = GRIDS[self.grid]
        if who == "system":
            return "system"
        if ":" not in who:
            if who == self.assignee:
                return "assignee"
            return (
                "worker" if who in (a, b) else "lead" if who == lead else "dispatcher" if who in DESK else ""
            )
        return "reporter" if who == self.reporter else "follower" if who in self.followers() else "resident"

    everything: "list[Plain]" = field(default_factory=list, repr=False)

    def followers(self) -> set[str]:
        here = set(self.rows)
        for other in self.everything:
            if other is not self and other.root is self:
                here |= other.rows | {other.reporter}
        return here - {self.reporter}

    def lands(self, step: str, role: str) -> str | None:
        """Where the table leads; None when it does not let him."""
        for states, who, to in TABLE[step]:
            if self.state in states.split() and role in who.split():
                return self.before if to == "back" else to or self.state
        return None


def allowed(
    t: Plain, step: str, who: str, role: str, p: dict[str, Any], proof: bool, now: datetime, late: bool
) -> bool:
    """Whether the page lets this step happen; `late`: the clock of the work has passed its end or does not run."""
    if t.lands(step, role) is None:
        return False
    text = str(p.get("text", ""))
    fresh = t.fed_back_at is not None and now - t.fed_back_at <= 7 * DAY
    until = datetime.fromisoformat(p["until"]) if p.get("until") else None
    into: Plain | None = p.get("_into")
    lead = GRIDS[t.grid][2]
    match step:
        case "reject":
            return bool(p.get("reason")) and len(text) >= 4
        case "appeal":
            return not t.appealed and len(text) >= 2
        case "dispatch" | "reassign":
            return p.get("to") in WORKERS
        case "transfer":
            return p.get("grid") in GRIDS and p["grid"] != t.grid
        case "refer":
            return len(str(p.get("to", ""))) >= 2
        case "decline":
            return bool(text) and t.declines < 2
        case "arrive":
            return proof
        case "report":
            return bool(text)
        case "hold" | "ask_hold":
            if not p.get("reason") or until is None or t.hold or late is None:
                return False
            if not timedelta(0) < until - now <= 72 * HOUR:
                return False
            gone = sum((h.ended - h.since for h in t.holds if h.since and h.ended), timedelta(0))
            if gone + (until - now) > 7 * DAY or (role == "assignee" and t.wanted_hold):
                return False
            again = any(h.since for h in t.holds)
            return not (step == "hold" and role == "assignee" and (again or until - now > 8 * HOUR))
        case "resume":
            return t.hold is not None
        case "ask_extend":
            span = timedelta(seconds=p.get("by_s", 0))
            good = timedelta(0) < span <= 7 * DAY and len(text) >= 2
            return good and t.granted < 2 and not late and t.asked is None
        case "extend":
            mine = who != lead or t.assignee not in (lead, *DESK)
            return t.asked is not None and mine and t.granted < 2 and not late
        case "deny":
            mine = who != lead or t.assignee not in (lead, *DESK)
            return (t.asked is not None or t.wanted_hold is not None) and mine
        case "close":
            return len(text) >= 5 and (proof or t.type != "field")
        case "rate":
            return fresh and who not in t.rated
        case "reopen":
            return fresh and t.reopens < 2
        case "call_back":
            mine = role != "assignee" or who in t.call_backs
            return bool(t.call_backs) and len(text) >= 2 and mine
        case "merge":
            if into is None or into.root is t or into.root.state not in OPEN.split():
                return False
            return into.root.building == t.building
        case "unmerge":
            assert t.merged_at is not None
            return now - t.merged_at <= 24 * HOUR
        case "split":
            return bool(p.get("new"))
        case "convert":
            return len(text) >= 2
        case "follow":
            return t.shared
        case "unfollow":
            return who in t.rows
        case "urge":
            return t.urged_at is None or now - t.urged_at >= 4 * HOUR
        case "cancel":
            return not t.followers() if role == "reporter" else t.cancel_asked
    return True


def apply(t: Plain, step: str, who: str, role: str, p: dict[str, Any], now: datetime) -> None:
    """What an allowed step does, with what the system does at once because of it."""
    to = t.lands(step, role)
    assert to is not None
    _time(t, step, role, p, now)
    match step:
        case "accept":
            t.assignee = ""
        case "dispatch" | "reassign":
            t.assignee = p["to"]
        case "transfer":
            t.grid = p["grid"]
            if t.state != "accepted":
                t.assignee = GRIDS[t.grid][0]
        case "refer":
            t.type, t.assignee = "referral", who
        case "decline":
            t.declines, t.assignee = t.declines + 1, ""
        case "appeal":
            t.appealed = True
        case "rate":
            t.rated.add(who)
            if p["solved"] is False or (p["stars"] or 5) <= 2:
                others = [w for w in (GRIDS[t.grid][2], *DESK) if w and w != t.assignee]
                t.call_backs.append(others[0])
        case "call_back":
            t.call_backs.clear()
        case "reopen":
            t.cycle, t.reopens = t.cycle + 1, t.reopens + 1
            t.declines, t.cancel_asked, t.fed_back_at = 0, False, None
            t.holds, t.asked, t.granted, t.rated = [], None, 0, set()
            t.assignee = t.assignee or GRIDS[t.grid][0]
        case "merge":
            t.before, t.joined, t.merged_at = t.state, p["_into"].root, now
        case "unmerge":
            t.joined = t.merged_at = None
        case "follow":
            t.rows.add(who)
        case "unfollow":
            t.rows.discard(who)
        case "urge":
            t.urges, t.urged_at = t.urges + 1, now
            if t.urges == 3:
                t.level = min(t.level + 1, 3)
        case "ask_cancel":
            t.cancel_asked = True
        case "escalate":
            t.level = min(t.level + 1, 3)
    t.state = to
    if to == "fed_back":
        t.fed_back_at = now


def _time(t: Plain, step: str, role: str, p: dict[str, Any], now: datetime) -> None:
    hold, wanted = t.hold, t.wanted_hold
    if step == "ask_hold":
        t.holds.append(Hold(p["reason"], datetime.fromisoformat(p["until"])))
    elif step == "hold":
        new = wanted or Hold("", now)
        new.reason, new.until, new.since = p["reason"], datetime.fromisoformat(p["until"]), now
        if wanted is None:
            t.holds.append(new)
    elif step == "ask_extend":
        t.asked = timedelta(seconds=p["by_s"])
    elif step == "extend":
        t.asked, t.granted = None, t.granted + 1
    elif step == "deny":
        t.asked = None
        if wanted:
            wanted.ended = now
    over = step in ("resume", "arrive", "report", "close", "cancel", "convert", "refer", "decline", "merge")
    over = over or (step == "supplement" and role in ("reporter", "follower"))
    if hold and over and (step != "supplement" or hold.reason in ("等居民", "居民另约")):
        hold.ended, hold.by_merge = min(now, hold.until), step == "merge" and hold.until >= now
    if step in ("close", "cancel", "convert", "refer", "decline", "merge"):
        t.asked = None
        if wanted:
            wanted.ended = now
    if step == "unmerge":
        last = next((h for h in reversed(t.holds) if h.by_merge), None)
        if last and last.ended == t.merged_at and last.until > now:
            last.ended, last.by_merge = None, False


def steps() -> list[str]:
    assert set(TABLE) == {step.value for step in Step}
    return sorted(TABLE)
