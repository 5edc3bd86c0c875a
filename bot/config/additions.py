"""Adding a line to `config.yaml` as a careful hand would: everything else, comments included, stays as it is."""

import json
import re

from bot.config.config import Config
from bot.yamlfile import Listing, Path_, Table
from nlp.spec import CHITCHAT

_PLAIN = re.compile(r"[一-鿿A-Za-z0-9][一-鿿A-Za-z0-9，。？！、“”]*")


class NoPlace(Exception):
    """The file is written in a way that we do not add to; the message says what to write by hand."""


def quoted(text: str) -> str:
    """The text as it may stand in a list of YAML."""
    return text if _PLAIN.fullmatch(text) and not text.isdigit() else json.dumps(text, ensure_ascii=False)


def with_phrase(config: Config, ident: str, phrase: str) -> bytes:
    """The file with one more 说法 at the end of an intent's.

    Raises:
        NoPlace: the list cannot be added to.
    """
    at = next(at for at, intent in enumerate(config.nlp.intents) if intent.ident == ident)
    return _added(config, ("意图", at, "说法"), phrase)


def with_chitchat(config: Config, line: str) -> bytes:
    """The file with one more sentence under 词语 ▸ 闲聊; the section is made when it is missing.

    Raises:
        NoPlace: the list cannot be added to.
    """
    words = config.document.at(("词语",))
    if isinstance(words, Table) and CHITCHAT in words.entries:
        return _added(config, ("词语", CHITCHAT), line)
    lines = _lines(config)
    if isinstance(words, Table) and words.entries:
        last = max(words.lines.values())
        indent = _indent(lines[last - 1])
        if not indent:
            raise NoPlace(f"请在「词语」里加一行：  {CHITCHAT}: [{quoted(line)}]")
        last = _end_of_item(lines, last, len(indent))
        lines.insert(last, f"{indent}{CHITCHAT}: [{quoted(line)}]")
    else:
        lines += ["", "词语:", f"  {CHITCHAT}: [{quoted(line)}]"]
    return _bytes(config, lines)


def _added(config: Config, path: Path_, text: str) -> bytes:
    items = config.document.at(path)
    by_hand = f"请在「{config.document.where(path)}」里加上：{quoted(text)}"
    if not isinstance(items, Listing) or not items.items:
        raise NoPlace(by_hand)
    lines = _lines(config)
    last = config.document.line((*path, len(items.items) - 1))
    line = lines[last - 1]
    if (dash := re.match(r"(\s*)- ", line)) is not None:
        lines.insert(last, f"{dash[1]}- {quoted(text)}")
    elif (end := re.match(r"(.*[^\s,])(\s*\]\s*(?:#.*)?)$", line)) is not None:
        lines[last - 1] = f"{end[1]}, {quoted(text)}{end[2]}"
    else:
        raise NoPlace(by_hand)
    return _bytes(config, lines)


def _lines(config: Config) -> list[str]:
    return config.source.decode("utf-8-sig").splitlines()


def _bytes(config: Config, lines: list[str]) -> bytes:
    crlf = b"\r\n" in config.source
    return (("\r\n" if crlf else "\n").join(lines) + ("\r\n" if crlf else "\n")).encode()


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip(" "))]


def _end_of_item(lines: list[str], last: int, indent: int) -> int:
    """The number of lines up to the end of what begins at line `last`."""
    while last < len(lines) and lines[last].strip() and len(_indent(lines[last])) > indent:
        last += 1
    return last
