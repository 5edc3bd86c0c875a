"""Checks of tickets: the events tell the row, and no row is where the table cannot lead (domain.md §2)."""

from collections.abc import Iterator, Mapping
from itertools import groupby, pairwise
from typing import Any

from models.audit.check import SKEW, Check, Finding, Look, offenders
from models.ticket import STEPS, WORKING, Move, State, Step

_HISTORY = """
SELECT t.number, t.state, t.cycle AS now_cycle, e.seq, e.cycle, e.step, e.from_state, e.to_state, e.at
FROM ticket t LEFT JOIN ticket_event e ON e.ticket_id = t.id ORDER BY t.id, e.seq
"""
# Steps that lead back to where a ticket once was: where that is stands in the event alone.
_BACK = frozenset({Step.UNMERGE})
_MOVES: Mapping[tuple[str, str], Move] = {
    (state, step): move for (state, step), move in STEPS.items()
}  # by the words that stand in the rows, known or not


def _histories(look: Look) -> Iterator[tuple[str, list[Mapping[str, Any]]]]:
    rows = look.rows(_HISTORY, reads=("at",))
    for number, events in groupby(rows, key=lambda row: str(row["number"])):
        yield number, list(events)


def _fold(look: Look) -> Iterator[Finding]:
    for number, events in _histories(look):
        where = f"报事 {number}"
        state, cycle = State.DRAFT.value, 1
        for expected, event in enumerate(events, start=1):
            if event["seq"] != expected:
                yield Finding(where, f"经过里缺了第 {expected} 步")
                break
            if event["from_state"] != state:
                yield Finding(where, f"第 {expected} 步从 {event['from_state']} 出发，上一步却停在 {state}")
                break
            state, cycle = event["to_state"], event["cycle"]
        else:
            if (state, cycle) != (events[-1]["state"], events[-1]["now_cycle"]):
                yield Finding(where, f"写的是 {events[-1]['state']}，按经过应是 {state}")


def _steps(look: Look) -> Iterator[Finding]:
    for number, events in _histories(look):
        for event in events:
            if event["seq"] is None:
                continue
            move = _MOVES.get((event["from_state"], event["step"]))
            if move is None or (move.to != event["to_state"] and event["step"] not in _BACK):
                yield Finding(
                    f"报事 {number}",
                    f"第 {event['seq']} 步 {event['step']} 走到了 {event['to_state']}，表里没有",
                )


def _order(look: Look) -> Iterator[Finding]:
    for number, events in _histories(look):
        for before, after in pairwise(events):
            if after["at"] < before["at"] - SKEW:
                yield Finding(f"报事 {number}", f"第 {after['seq']} 步的时刻早于上一步")


def _sealed_cycles(look: Look) -> Iterator[Finding]:
    for number, events in _histories(look):
        for before, after in pairwise(events):
            if after["cycle"] < before["cycle"] or (
                after["cycle"] > before["cycle"] and after["step"] != Step.REOPEN
            ):
                yield Finding(
                    f"报事 {number}", f"第 {after['seq']} 步写进了第 {after['cycle']} 轮，那一轮不能再改"
                )


def _counters(look: Look) -> Iterator[Finding]:
    last = {
        (row["community_id"], row["day"], row["grid_code"]): row["last"]
        for row in look.rows("SELECT community_id, day, grid_code, last FROM ticket_counter")
    }
    for row in look.rows("SELECT community_id, number FROM ticket"):
        day, _, rest = str(row["number"]).partition("-")
        grid, _, count = rest.rpartition("-")
        given = last.get((row["community_id"], day, grid))
        if given is not None and count.isdigit() and int(count) > given:
            yield Finding(f"报事 {row['number']}", f"编号已经用了，计数器还停在 {given}，下一件会重号")


_STAGES = """
SELECT number FROM ticket WHERE accepted_at < submitted_at OR arrived_at < accepted_at OR reported_at < arrived_at
 OR closed_at < COALESCE(reported_at, arrived_at, accepted_at) OR fed_back_at < closed_at OR rated_at < fed_back_at
"""
_NOBODY = """
SELECT t.number, t.assignee FROM ticket t LEFT JOIN worker w ON w.community_id = t.community_id AND w.userid = t.assignee
WHERE t.state IN :working AND w.id IS NULL
"""
_MERGED = """
SELECT t.number FROM ticket t LEFT JOIN ticket p ON p.id = t.primary_id AND p.community_id = t.community_id
WHERE t.state = 'merged' AND (p.id IS NULL OR p.id = t.id OR p.state = 'merged')
"""
_NUMBERS = "SELECT community_id, number FROM ticket GROUP BY community_id, number HAVING count(*) > 1"
_STATES = "SELECT number, state FROM ticket WHERE state NOT IN :known OR state = 'draft'"
_GRIDS = """
SELECT t.number, t.grid_code FROM ticket t LEFT JOIN grid g ON g.community_id = t.community_id AND g.code = t.grid_code
WHERE (t.grid_code <> '' AND g.id IS NULL) OR (t.grid_code = '') <> (t.grid_path = '')
"""

CHECKS = (
    Check("R1", "从经过推出来的状态就是现在的状态", _fold),
    Check("R2", "一步步的时刻不倒退", _order),
    Check(
        "R2.stages",
        "受理、到场、上报、办结、反馈的时刻按顺序",
        offenders("报事 {number}", "各阶段的时刻前后颠倒", _STAGES),
    ),
    Check("R3", "走过的每一步都在表里", _steps),
    Check(
        "R4",
        "办理中的报事有一位在册的办理人",
        offenders(
            "报事 {number}", "办理人「{assignee}」不在册", _NOBODY, working=[state.value for state in WORKING]
        ),
    ),
    Check(
        "R6",
        "合并的报事指向一件没有合并的主单",
        offenders("报事 {number}", "没有主单，或主单自己也合并了", _MERGED),
    ),
    Check("R7", "编号不重", offenders("报事 {number}", "编号给了两件", _NUMBERS)),
    Check("R7.counter", "计数器不落在已经给出的编号后面", _counters),
    Check(
        "R9",
        "每件报事都在一个认得的状态，总数对得上",
        offenders(
            "报事 {number}", "状态「{state}」没有人认得", _STATES, known=[state.value for state in State]
        ),
    ),
    Check(
        "R9.grids",
        "每件报事的网格都是本社区的，分网格的数加起来等于总数",
        offenders("报事 {number}", "网格「{grid_code}」不在本社区", _GRIDS),
    ),
    Check("R10", "过去的一轮不再改动", _sealed_cycles),
)
