"""One line for each event: an event name and fields, never what a resident wrote nor who they are.

    log = logging.getLogger(__name__)
    log.info("ticket_filed", extra={"code": code, "grid": grid})
    2026-11-21T10:41:20.123+08:00 INFO ticket_filed code=241120-001 grid=W01 message_id=7301 logger=bot.engine

`LINLI_LOG_JSON=1` writes the same as one JSON object a line, for log collectors.
"""

import hashlib
import json
import logging
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from functools import lru_cache
from itertools import islice
from typing import Any, TextIO
from zoneinfo import ZoneInfo

CHINA = ZoneInfo("Asia/Shanghai")

message_id: ContextVar[str] = ContextVar("message_id", default="")

# What a LogRecord has of its own; everything beyond came through `extra`.
_OWN = frozenset(vars(logging.LogRecord("", 0, "", 0, "", (), None))) | {"message", "asctime", "taskName"}

_OWN_FIRST = len(vars(logging.LogRecord("", 0, "", 0, "", (), None)))

_ROWS = "linli_rows"

# Fields that would carry words or identities: only their length, or a hash, reaches the log.
_WORDS = frozenset({"text", "texts", "body", "content", "answer", "reply"})
_AWKWARD = frozenset(' "=')
_PEOPLE = frozenset({"person", "chat", "openid", "phone", "userid"})
_GUARDED = _WORDS | _PEOPLE


@lru_cache(maxsize=4096)
def mask(person_key: str) -> str:
    """Enough to follow one person through the log, not enough to know who it is: 8 hex digits of SHA-256."""
    return hashlib.sha256(person_key.encode()).hexdigest()[:8]


@contextmanager
def bound(message: str) -> Iterator[None]:
    """Every line written inside carries this message id."""
    token = message_id.set(message)
    try:
        yield
    finally:
        message_id.reset(token)


def set_up(level: str = "INFO", *, as_json: bool | None = None, stream: TextIO | None = None) -> None:
    """Send all logging to `stream` (stderr by default) in our form; calling it again replaces the handler.

    `as_json` None means: as the environment's LINLI_LOG_JSON says.
    """
    if as_json is None:
        as_json = os.environ.get("LINLI_LOG_JSON", "") not in ("", "0")
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines() if as_json else PlainLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    # What no line of ours shows need not be found out for each record: thread, process, task, and (the documented
    # switch for it) file and line of the caller.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging._srcfile = None
    for noisy in (
        "alembic",
        "apscheduler",
        "httpx2",
        "httpcore2",
        "httpx",
        "httpcore",
        "jieba",
        "uvicorn.access",
    ):
        logging.getLogger(noisy).setLevel(max(logging.WARNING, root.level))


def info_many(logger: logging.Logger, event: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """One line for each row of fields, handed to the stream at once: a third of what as many calls cost."""
    if rows and logger.isEnabledFor(logging.INFO):
        logger.info(event, extra={_ROWS: rows})


class PlainLines(logging.Formatter):
    """`time level event key=value …`, a traceback on the lines after it."""

    def format(self, record: logging.LogRecord) -> str:
        head = f"{_moment(record)} {record.levelname} {_one_line(record.getMessage())}"
        lines = "\n".join(
            [
                f"{head} {' '.join([f'{name}={_plain(value)}' for name, value in fields.items()])}"
                for fields in _lines(record)
            ]
        )
        trace = _trace(self, record)
        return f"{lines}\n{trace}" if trace else lines


class JsonLines(logging.Formatter):
    """The same as one JSON object."""

    def format(self, record: logging.LogRecord) -> str:
        head = {"time": _moment(record), "level": record.levelname, "event": record.getMessage()}
        trace = _trace(self, record)
        foot = {"trace": trace} if trace else {}
        return "\n".join(
            [
                json.dumps({**head, **fields, **foot}, ensure_ascii=False, default=str)
                for fields in _lines(record)
            ]
        )


def _lines(record: logging.LogRecord) -> list[dict[str, Any]]:
    """The fields of each line that a record makes: one, or one for each row of `info_many`."""
    # What `extra` brought stands behind the record's own.
    given = {
        name: value
        for name, value in islice(vars(record).items(), _OWN_FIRST, None)
        if name not in _OWN and name != _ROWS
    }
    bound_id = message_id.get()
    last = ({"message_id": bound_id} if bound_id else {}) | {"logger": record.name}
    rows: Sequence[Mapping[str, Any]] = vars(record).get(_ROWS) or (given,)
    return [
        {
            **{name: _safe(name, value) if name in _GUARDED else value for name, value in row.items()},
            **{name: value for name, value in last.items() if name not in row},
        }
        for row in rows
    ]


def _safe(name: str, value: Any) -> Any:
    """A slip of the programmer must not become a leak of somebody's words."""
    if name in _WORDS:
        return f"<{len(str(value))} chars>"
    if name in _PEOPLE and value:
        return mask(str(value))
    return value


def _plain(value: Any) -> str:
    return _quoted(str(value))


@lru_cache(maxsize=4096)
def _quoted(text: str) -> str:
    """Most values come again and again: an account, a kind, an intent."""
    if text.isidentifier() or (text and text.isprintable() and _AWKWARD.isdisjoint(text)):
        return text
    return json.dumps(text, ensure_ascii=False)


def _one_line(text: str) -> str:
    return text.replace("\r", "\\r").replace("\n", "\\n")


def _moment(record: logging.LogRecord) -> str:
    second = int(record.created)
    head, zone = _second(second)
    return f"{head}.{int((record.created - second) * 1000):03d}{zone}"


@lru_cache(maxsize=4)
def _second(second: int) -> tuple[str, str]:
    """A second as it is written, around its fraction; the lines of a busy second share it."""
    whole = datetime.fromtimestamp(second, CHINA).isoformat()
    return whole[:19], whole[19:]


def _trace(formatter: logging.Formatter, record: logging.LogRecord) -> str:
    if record.exc_info and not record.exc_text:
        record.exc_text = formatter.formatException(record.exc_info)
    return record.exc_text or ""
