"""The steady clock: it follows the machine's, never runs back, and never stands still."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.clock import BELIEVED, SteadyClock

START = datetime(2026, 10, 12, 2, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


@dataclass
class Machine:
    """A clock on a wall that people move, and the seconds that pass whatever they do."""

    at: datetime = START
    seconds: float = 0.0
    clock: SteadyClock = field(init=False)

    def __post_init__(self) -> None:
        self.clock = SteadyClock(self, lambda: self.seconds)

    def now(self) -> datetime:
        return self.at

    def wait(self, seconds: float) -> datetime:
        self.at += timedelta(seconds=seconds)
        self.seconds += seconds
        return self.clock.now()


def test_it_tells_what_the_machine_tells() -> None:
    machine = Machine()
    assert machine.wait(5) == START + timedelta(seconds=5)
    machine.at += HOUR
    assert machine.wait(1) == START + HOUR + timedelta(seconds=6), "put forward: followed at once"


def test_put_back_it_goes_on_slower_until_the_machine_has_caught_up() -> None:
    machine = Machine()
    machine.at -= HOUR
    assert machine.wait(100) == START + timedelta(seconds=90)
    assert machine.wait(10 * 3600 - 100) == START + 9 * HOUR == machine.at
    assert machine.wait(10) == machine.at, "from there on it follows again"


def test_a_clock_that_was_days_wrong_is_followed(caplog: pytest.LogCaptureFixture) -> None:
    machine = Machine()
    machine.at -= BELIEVED + HOUR
    assert machine.wait(1) == machine.at
    assert "clock_set_back_far" in caplog.text


def test_a_process_goes_on_from_what_was_written_before_it_began(caplog: pytest.LogCaptureFixture) -> None:
    machine = Machine()
    machine.clock.not_before(START - HOUR)
    assert machine.clock.now() == START
    machine.clock.not_before(START + timedelta(days=400))
    assert machine.clock.now() == START and not caplog.records
    machine.clock.not_before(START + HOUR)
    assert machine.wait(10) == START + HOUR + timedelta(seconds=9)
    assert "clock_set_back" in caplog.text


@given(st.lists(st.tuples(st.floats(0, 60), st.floats(-3600, 3600)), max_size=30))
def test_it_never_runs_back_and_never_stands_still(moves: list[tuple[float, float]]) -> None:
    machine = Machine()
    before = machine.clock.now()
    for waited, moved in moves:
        machine.at += timedelta(seconds=moved)
        after = machine.wait(waited)
        assert after - before >= timedelta(seconds=0.9 * waited) - timedelta(milliseconds=1) or (
            before - machine.at > BELIEVED
        )
        before = after
