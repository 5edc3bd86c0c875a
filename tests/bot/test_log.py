"""One line an event, the message id on each, nobody's words and nobody's name."""

import io
import json
import logging
import re
from collections.abc import Iterator

import pytest

from bot.log import bound, info_many, mask, set_up

log = logging.getLogger("bot.sample")


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    written = io.StringIO()
    yield written
    root.handlers[:] = handlers
    root.setLevel(level)


def test_one_line_with_event_and_fields(stream: io.StringIO) -> None:
    set_up("info", as_json=False, stream=stream)
    with bound("7301"):
        log.info("ticket_filed", extra={"code": "241120-001", "grid": "W01", "ms": 3, "why": "a b=c"})
    log.debug("not_shown")
    (line,) = stream.getvalue().splitlines()
    moment, level, event, fields = line.split(" ", 3)
    assert moment.endswith("+08:00") and (level, event) == ("INFO", "ticket_filed")
    assert fields == 'code=241120-001 grid=W01 ms=3 why="a b=c" message_id=7301 logger=bot.sample'


def test_json_lines(stream: io.StringIO) -> None:
    set_up("INFO", as_json=True, stream=stream)
    log.warning("push_refused", extra={"errcode": 48002})
    line = json.loads(stream.getvalue())
    assert (line["level"], line["event"], line["errcode"]) == ("WARNING", "push_refused", 48002)
    assert "message_id" not in line


def test_the_environment_chooses_json(monkeypatch: pytest.MonkeyPatch, stream: io.StringIO) -> None:
    monkeypatch.setenv("LINLI_LOG_JSON", "1")
    set_up("INFO", stream=stream)
    log.info("started")
    assert json.loads(stream.getvalue())["event"] == "started"


@pytest.mark.parametrize("as_json", [True, False])
def test_many_lines_at_once_are_the_same_lines(stream: io.StringIO, as_json: bool) -> None:
    set_up("INFO", as_json=as_json, stream=stream)
    rows = [{"account": "mp", "person": "mp:oABC", "message_id": number} for number in ("1\n2", "3")]
    info_many(log, "message", rows)
    info_many(log, "message", [])
    at_once = stream.getvalue()
    for row in rows:
        log.info("message", extra=row)
    one_by_one = stream.getvalue().removeprefix(at_once)
    assert [timeless(line) for line in at_once.splitlines()] == [
        timeless(line) for line in one_by_one.splitlines()
    ]
    assert len(at_once.splitlines()) == 2 and "oABC" not in at_once


def timeless(line: str) -> str:
    return re.sub(r"T[0-9:.]+\+", "T+", line)


@pytest.mark.parametrize("as_json", [True, False])
def test_words_and_people_never_reach_the_log(stream: io.StringIO, as_json: bool) -> None:
    set_up("INFO", as_json=as_json, stream=stream)
    log.info("heard", extra={"text": "我屋头漏水了", "person": "mp:oABC", "phone": "13900001111"})
    written = stream.getvalue()
    assert "漏水" not in written and "oABC" not in written and "1390000" not in written
    assert "<6 chars>" in written and mask("mp:oABC") in written


def test_nobody_can_forge_a_line(stream: io.StringIO) -> None:
    set_up("INFO", as_json=False, stream=stream)
    log.info("scan\nERROR forged", extra={"origin": "x\n2026 ERROR forged"})
    assert len(stream.getvalue().splitlines()) == 1


def test_a_traceback_follows_its_line(stream: io.StringIO) -> None:
    set_up("INFO", as_json=False, stream=stream)
    try:
        raise ValueError("broken")
    except ValueError:
        log.exception("handler_failed", extra={"handler": "report"})
    first, *rest = stream.getvalue().splitlines()
    assert "ERROR handler_failed handler=report" in first
    assert rest[0].startswith("Traceback") and rest[-1] == "ValueError: broken"


def test_mask() -> None:
    assert mask("mp:oABC") == mask("mp:oABC") != mask("mp:oABD")
    assert len(mask("mp:oABC")) == 8 and set(mask("mp:oABC")) <= set("0123456789abcdef")
