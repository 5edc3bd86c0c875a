"""The platforms' two notations, XML and JSON: a message written, an answer read."""

import json
import re
from collections.abc import Mapping
from typing import Any, NoReturn
from xml.etree import ElementTree

Fields = dict[str, Any]

_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


class Unreadable(Exception):
    """The answer is in neither notation."""


def _element(name: str, value: Any) -> str:
    if isinstance(value, Mapping):
        return f"<{name}>{''.join(_element(key, item) for key, item in value.items())}</{name}>"
    if isinstance(value, list):
        return f"<{name}>{''.join(_element('item', item) for item in value)}</{name}>"
    if isinstance(value, (int, float)):
        return f"<{name}>{value}</{name}>"
    # The platform itself never lets a CDATA section be closed early.
    text = _FORBIDDEN.sub("", str(value)).replace("]]>", "]]]]><![CDATA[>")
    return f"<{name}><![CDATA[{text}]]></{name}>"


def to_xml(fields: Fields) -> str:
    return "<xml>" + "".join(_element(name, value) for name, value in fields.items()) + "</xml>"


def to_json(fields: Fields) -> str:
    """JSON as the platform sends it: MsgId as a string, since it does not fit into a JavaScript number."""
    written = {name: str(value) if name == "MsgId" else value for name, value in fields.items()}
    return json.dumps(written, ensure_ascii=False)


def write(fields: Fields, notation: str) -> str:
    return to_json(fields) if notation == "json" else to_xml(fields)


def _value(node: ElementTree.Element) -> Any:
    children = list(node)
    if not children:
        return node.text or ""
    if all(child.tag == "item" for child in children):
        return [_value(child) for child in children]
    return {child.tag: _value(child) for child in children}


class _Builder(ElementTree.TreeBuilder):
    """Refuses a document type, which alone can bring entities; the word inside a text is a word like any other."""

    def doctype(self, *_: object) -> NoReturn:
        raise Unreadable("回复里有 DOCTYPE")


def read_xml(text: str) -> Fields:
    """The fields of an `<xml>` answer; an element that stands twice is refused, as the platform's reader would be
    free to take either.

    Raises:
        Unreadable: not well-formed, another root, a DOCTYPE, a field twice.
    """
    try:
        root = ElementTree.fromstring(text, ElementTree.XMLParser(target=_Builder()))
    except ElementTree.ParseError as error:
        raise Unreadable(f"不是正确的 XML（{error}）") from error
    if root.tag != "xml":
        raise Unreadable(f"XML 的根元素是 <{root.tag}>，应为 <xml>")
    names = [child.tag for child in root]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise Unreadable(f"XML 里 {'、'.join(sorted(twice))} 出现了两次")
    return {child.tag: _value(child) for child in root}


def read_json(text: str) -> Fields:
    """The fields of a JSON answer.

    Raises:
        Unreadable: not JSON, not an object.
    """
    try:
        found = json.loads(text)
    except ValueError as error:
        raise Unreadable("不是正确的 JSON") from error
    if not isinstance(found, dict):
        raise Unreadable("JSON 不是一个对象")
    return found


def read(text: str, notation: str) -> Fields:
    """An answer to a push in `notation`: XML is always welcome, JSON only where JSON was pushed.

    Raises:
        Unreadable: see `read_xml` and `read_json`.
    """
    stripped = text.strip()
    if notation == "json" and stripped.startswith("{"):
        return read_json(stripped)
    return read_xml(stripped)
