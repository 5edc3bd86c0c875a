"""Looking at single lines of YAML the way an eye does: indentation, key, value, comment."""

import re

_ODD_SPACE = re.compile(r"^[ \t\u3000\xa0]*[\t\u3000\xa0]")
_BLOCK = re.compile(r"(?::|^\s*-)\s+[|>][+-]?\d?[+-]?\s*(#.*)?$")
_KEY = re.compile(
    r"^(?P<head>\s*(?:- +)*)(?P<key>[^\s:：#\"'\[{&*!|>%@`-][^:：#\"']*?)\s*:(?:\s+|$)(?P<value>.*)$"
)
_ITEM = re.compile(r"^(?P<head>\s*(?:- +)+)(?P<value>.*)$")
_SHOWN = 5


def straightened(lines: list[str]) -> tuple[list[str], list[tuple[int, str]]]:
    """Tabs and wide blanks in the indentation become spaces, and each such line is told; other tabs are harmless."""
    fixed: list[str] = []
    slips: list[tuple[int, str]] = []
    block: int | None = None  # indentation of the key whose block of free text we are in
    for number, line in enumerate(lines, start=1):
        found = _ODD_SPACE.match(line)
        if found and line.strip():
            blank = found[0]
            line = blank.replace("\t", "  ").replace("\u3000", "  ").replace("\xa0", " ") + line[len(blank) :]
            if block is None or indent(line) <= block:
                kind = "Tab" if "\t" in blank else "中文（全角）空格"
                slips.append((number, f"行首用了 {kind}：请删掉，改成英文空格，每级两个"))
        if line.strip():
            if block is not None and indent(line) <= block:
                block = None
            if block is None and _BLOCK.search(line):
                block = indent(line)
        fixed.append(line.replace("\t", " "))
    if len(slips) > _SHOWN:
        more = len(slips) - _SHOWN
        number, what = slips[_SHOWN - 1]
        slips = [*slips[: _SHOWN - 1], (number, f"{what}（后面还有 {more} 行也是这样）")]
    return fixed, slips


def indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def column(line: str) -> int:
    """Where the words of a line begin, after its dashes: a list item's keys stand in this column."""
    item = _ITEM.match(line)
    return len(item["head"]) if item else indent(line)


def is_empty(line: str) -> bool:
    return not line.strip() or line.lstrip().startswith("#")


def opens_block(line: str) -> bool:
    """Whether free text follows on the next lines: `回复: |`."""
    return bool(_BLOCK.search(line))


def split(line: str) -> tuple[str, str, str]:
    """`(everything before the value, key, value)`; key is "" for a bare list item."""
    found = _KEY.match(line)
    if found:
        return line[: found.start("value")], found["key"], found["value"]
    item = _ITEM.match(line)
    if item:
        return item["head"], "", item["value"]
    return line[: indent(line)], "", line.strip()


def without_comment(value: str) -> str:
    """The value before ` #`; inside quotes a # is a letter."""
    quote = value[:1] if value[:1] in ("'", '"') else ""
    start = 0
    if quote:
        end = closing(value)
        if end is None:
            return value.rstrip()
        start = end + 1
    found = re.search(r"(?:^|\s)#", value[start:])
    return value[: start + found.start()].rstrip() if found else value.rstrip()


def closing(value: str) -> int | None:
    """Where the quote that opens a value closes; None when it does not on this line."""
    quote, position = value[0], 1
    while position < len(value):
        letter = value[position]
        if quote == '"' and letter == "\\":
            position += 2
            continue
        if letter == quote:
            if quote == "'" and value[position + 1 : position + 2] == "'":
                position += 2
                continue
            return position
        position += 1
    return None


def quoted(text: str) -> str:
    """The text in English quotes, as it may stand in a file."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
