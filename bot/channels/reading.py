"""Reads what a platform posted, XML or JSON, as if an enemy had written it."""

import json
import re
from collections.abc import Mapping
from typing import NoReturn
from xml.parsers.expat import ExpatError, ParserCreate

from bot.channel import BadDelivery
from bot.channels.wording import clean

MAX_BODY = 1024 * 1024
MAX_DEPTH = 8
MAX_FIELDS = 2000

# One field as the platforms write nearly all of them: nothing escaped, nothing nested, nothing that expat would change.
_PLAIN_FIELD = re.compile(
    "[ \t\r\n]*<([A-Za-z][A-Za-z0-9_]{0,31})>"
    "(?:<!\\[CDATA\\[([^\\]\x00-\x08\x0b-\x1f\ufffe\uffff]*)\\]\\]>|([A-Za-z0-9_.:-]*))</\\1>"
)
_PLAIN_FIELDS = 64

# A field is text, or nested: a mapping, or a list where an inner name stands several times.
Fields = Mapping[str, object]


def read(body: bytes) -> tuple[Fields, bool]:
    """The fields, and whether they came as JSON. All scalars are text, numbers as they were written.

    Raises:
        BadDelivery: 413 too big; 400 not UTF-8, not well formed, a DOCTYPE, a field twice, nested too deep.
    """
    if len(body) > MAX_BODY:
        raise BadDelivery("too_big", 413)
    if body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{":
        return _read_json(body), True
    return _read_plain_xml(body) or _read_xml(body), False


def text(fields: Fields, name: str) -> str:
    """A field exactly as it came, "" when it is missing.

    Raises:
        BadDelivery: 400, the field is not text.
    """
    value = fields.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise BadDelivery(f"bad_field:{name}", 400)
    return value


def nested(fields: Fields, name: str) -> Fields:
    """A field that holds fields; empty when it is missing or something else."""
    value = fields.get(name)
    return value if isinstance(value, dict) else {}


def _read_plain_xml(body: bytes) -> Fields | None:
    """What expat would read (4 µs sooner), or None: then expat must look, and say what is wrong if anything is."""
    if not body.startswith(b"<xml>"):
        return None
    try:
        document = body.decode("utf-8")
    except UnicodeDecodeError:
        return None
    fields: dict[str, object] = {}
    at = 5
    while (found := _PLAIN_FIELD.match(document, at)) is not None:
        name, words, word = found.groups()
        if name in fields or len(fields) >= _PLAIN_FIELDS:
            return None
        fields[name] = words or word or ""
        at = found.end()
    return fields if document[at:].strip(" \t\r\n") == "</xml>" else None


def _refuse_doctype(*_: object) -> NoReturn:
    raise BadDelivery("doctype", 400)


def _read_xml(body: bytes) -> Fields:
    document: dict[str, object] = {}
    stack: list[dict[str, object]] = [document]
    pieces: list[str] = []
    count = 0

    def start(name: str, _attributes: dict[str, str]) -> None:
        nonlocal count
        count += 1
        if len(stack) > MAX_DEPTH or count > MAX_FIELDS:
            raise BadDelivery("too_deep", 400)
        stack.append({})
        pieces.clear()

    def end(name: str) -> None:
        value: object = stack.pop() or "".join(pieces)
        pieces.clear()
        parent = stack[-1]
        if name not in parent:
            parent[name] = value
        elif len(stack) <= 2:  # which of the two was signed for? nobody knows
            raise BadDelivery("duplicate_field", 400)
        else:
            before = parent[name]
            if isinstance(before, list):
                before.append(value)
            else:
                parent[name] = [before, value]

    if body[:1] in (b"\xff", b"\xfe"):  # the mark of UTF-16, which expat would follow all the same
        raise BadDelivery("bad_xml", 400)
    parser = ParserCreate("utf-8")  # whatever a declaration claims: the platforms send nothing else
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = pieces.append
    parser.StartDoctypeDeclHandler = _refuse_doctype
    try:
        parser.Parse(body, True)
    except ExpatError:
        raise BadDelivery("bad_xml", 400) from None
    fields = document.get("xml")
    if not isinstance(fields, dict):
        raise BadDelivery("bad_xml", 400)
    return fields


def _only_once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise BadDelivery("duplicate_field", 400)
    return fields


def _refuse_constant(_: str) -> NoReturn:
    raise BadDelivery("bad_json", 400)


_DECODER = json.JSONDecoder(
    object_pairs_hook=_only_once, parse_int=str, parse_float=str, parse_constant=_refuse_constant
)


def _read_json(body: bytes) -> Fields:
    try:
        fields = _DECODER.decode(body.decode("utf-8-sig"))
    except (ValueError, RecursionError):  # UnicodeDecodeError and JSONDecodeError are ValueErrors
        raise BadDelivery("bad_json", 400) from None
    if not isinstance(fields, dict):
        raise BadDelivery("bad_json", 400)
    return {name: _tidy(value, 1) for name, value in fields.items()}


def _tidy(value: object, depth: int) -> object:
    """The value with illegal characters gone; too deep a nesting is refused."""
    if isinstance(value, str):
        return clean(value)
    if depth > MAX_DEPTH:
        raise BadDelivery("too_deep", 400)
    if isinstance(value, dict):
        return {name: _tidy(inner, depth + 1) for name, inner in value.items()}
    if isinstance(value, list):
        return [_tidy(inner, depth + 1) for inner in value]
    return value
