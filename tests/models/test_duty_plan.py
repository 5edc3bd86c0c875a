"""Who answers: ranks, shifts and absences; nobody silent as long as somebody has a post (G3)."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.duty_plan import Post, answering
from models.ledger_cells import BadCell
from models.roles import DISPATCHER, LEAD, WORKER
from models.shifts import on_shift, shift_of, shift_words
from tests.conftest import NOW

A, B, L = Post("a", WORKER), Post("b", WORKER, "B"), Post("l", LEAD, height=1)
D = Post("d", DISPATCHER, height=2)


def who(*posts: Post, away: str = "") -> tuple[str, str, str]:
    said = answering(
        [Post(p.userid, p.role, p.rank, p.shift, p.height, p.userid in away, p.stand_in) for p in posts],
        frozenset(away),
        NOW,
    )
    return said.worker, said.backup, said.lead


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (who(A, B, L, D), ("a", "b", "l")),
        (who(A, B, L, away="a"), ("b", "", "l")),
        (who(Post("a", WORKER, stand_in="z"), B, L, away="a"), ("z", "b", "l")),
        (who(Post("a", WORKER, stand_in="z"), B, L, away="az"), ("b", "", "l")),
        (who(A, B, L, away="ab"), ("l", "", "l")),
        (who(A, B, L, away="abl"), ("a", "", "l")),
        (who(B, L), ("l", "b", "l")),  # G3: no A, so the lead before B
        (who(B), ("b", "", "")),
        (who(L), ("l", "", "l")),
        (who(L, Post("m", LEAD, height=0)), ("m", "", "m")),  # the nearer lead
        (who(L, Post("m", LEAD, height=0), away="m"), ("l", "", "l")),
        (who(), ("", "", "")),
        (who(Post("n", WORKER, shift="1234567 20:00-08:00"), A), ("a", "", "")),  # it is 10:00
        (who(Post("n", WORKER, shift="1234567 20:00-08:00"), B), ("b", "", "")),
        (who(Post("n", WORKER, shift="1234567 20:00-08:00"), L), ("l", "", "l")),
        (who(Post("n", WORKER, shift="1234567 20:00-08:00")), ("n", "", "")),
    ],
)
def test_who_answers(said: tuple[str, str, str], expected: tuple[str, str, str]) -> None:
    assert said == expected


posts = st.lists(
    st.builds(
        Post,
        userid=st.sampled_from("abcdef"),
        role=st.sampled_from([WORKER, LEAD, DISPATCHER]),
        rank=st.sampled_from("AB"),
        shift=st.sampled_from(["", "12345 08:00-12:00", "67 00:00-24:00", "1234567 22:00-06:00"]),
        height=st.integers(0, 2),
        stand_in=st.sampled_from(["", "x", "a"]),
    ),
    max_size=8,
)


@given(posts, st.frozensets(st.sampled_from("abcdefx")), st.integers(0, 24 * 7))
def test_whoever_is_there_answers_before_whoever_is_away(
    held: list[Post], away: frozenset[str], hours: int
) -> None:
    now = NOW + timedelta(hours=hours)
    held = [Post(p.userid, p.role, p.rank, p.shift, p.height, p.userid in away, p.stand_in) for p in held]
    said = answering(held, away, now)
    workers = [p for p in held if p.role == WORKER and p.height == 0]
    leads = [p for p in held if p.role == LEAD]
    assert bool(said.worker) == bool(workers or leads)
    assert said.manned == any(p.rank == "A" for p in workers)
    if any(p.userid not in away for p in (*workers, *leads)):
        assert said.worker not in away
    if any(p.userid not in away and on_shift(p.shift, now) for p in workers if p.rank == "A"):
        assert said.worker in {p.userid for p in workers if p.rank == "A" and on_shift(p.shift, now)}
    if not said.manned and any(p.userid not in away for p in leads):
        assert said.worker == said.lead
    assert said.backup == "" or (said.backup != said.worker and said.backup not in away)
    assert bool(said.dispatchers) == any(p.role == DISPATCHER for p in held)
    assert not {said.worker, said.backup} & set(said.off)


@pytest.mark.parametrize(
    ("words", "shift"),
    [
        ("", ""),
        ("全天", ""),
        ("08:00-20:00", "1234567 08:00-20:00"),
        ("周一至周五 8:00-20:00", "12345 08:00-20:00"),
        ("星期六、星期天 09：00—17：00", "67 09:00-17:00"),
        ("周五到周一 20:00-08:00", "1567 20:00-08:00"),
        ("工作日 09:00-17:30", "12345 09:00-17:30"),
        ("周末 00:00-24:00", "67 00:00-24:00"),
    ],
)
def test_a_shift_as_admins_write_it(words: str, shift: str) -> None:
    assert shift_of(words) == shift
    assert shift_of(shift_words(shift)) == shift
    assert shift_of(shift) == shift


@pytest.mark.parametrize("words", ["白班", "8点到20点", "25:00-26:00", "08:00-08:00", "周八 08:00-20:00"])
def test_what_is_no_shift_is_refused_with_a_way_to_write_it(words: str) -> None:
    with pytest.raises(BadCell, match="08:00-20:00"):
        shift_of(words)


def test_a_night_shift_belongs_to_the_day_it_begins_on() -> None:
    friday_night = datetime(2026, 10, 16, 15, 0, tzinfo=UTC)  # Friday, 23:00 in Chengdu
    shift = "5 22:00-06:00"
    assert on_shift(shift, friday_night)
    assert on_shift(shift, friday_night + timedelta(hours=6, minutes=59))
    assert not on_shift(shift, friday_night + timedelta(hours=7))
    assert not on_shift(shift, friday_night - timedelta(days=1))
