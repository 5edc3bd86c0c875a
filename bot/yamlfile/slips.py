"""The slips that make a YAML file unreadable: which line it was, how to write it, and the line put right."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ruamel.yaml.error import MarkedYAMLError

from bot.yamlfile.lines import closing, column, indent, is_empty, opens_block, quoted, split, without_comment


@dataclass(frozen=True, slots=True)
class Slip:
    """`fixed` is the whole line put right, None when only the admin can know."""

    line: int
    what: str
    fixed: str | None = None


def diagnose(lines: list[str], error: MarkedYAMLError) -> Slip:
    """What the hand did, from where the parser stumbled: that is often a line or two after the slip."""
    stumbled = min(_line(error.problem_mark, len(lines)), len(lines))
    began = min(_line(error.context_mark, stumbled), stumbled)
    context, problem = error.context or "", error.problem or ""
    # A quote left open runs on to the next quote, however far: what follows that one makes no sense.
    if "quoted scalar" in context or re.search(r"<block end>, but found '(<scalar>|[\[{\]},&*!])", problem):
        slip = _first_open_quote(lines, began, stumbled)
        if slip:
            return slip
    if "escape character" in problem:
        return _backslash(lines[stumbled - 1], stumbled)
    for number in _nearby(lines, stumbled, began):
        for look in _LOOKS:
            slip = look(lines[number - 1], number)
            if slip:
                return slip
    if "flow" in context:
        return _bracket(lines[began - 1], began)
    if "found '-'" in problem:
        return Slip(stumbled, "这里不该有「-」：上面几行是「名称: 内容」的写法，不是清单，不能混在一起")
    return (
        _first_open_quote(lines, began, stumbled)
        or _block_text(lines, stumbled)
        or _indentation(lines, stumbled)
        or _no_colon(lines, stumbled)
        or Slip(stumbled, "这一行附近写得不对：请检查冒号（英文冒号加空格）、缩进（每级两个空格）和引号")
    )


def _line(mark: object, default: int) -> int:
    line = getattr(mark, "line", None)
    return default if line is None else int(line) + 1


def _nearby(lines: list[str], stumbled: int, began: int) -> Iterator[int]:
    """The line itself, the one with words before it, and the one where the broken part began."""
    seen = {0}
    before = next((n for n in range(stumbled - 1, 0, -1) if not is_empty(lines[n - 1])), 0)
    for number in (stumbled, before, began):
        if number not in seen and not is_empty(lines[number - 1]):
            seen.add(number)
            yield number


def _full_width_colon(line: str, number: int) -> Slip | None:
    found = re.match(r"^(\s*(?:- +)*)([^\s:：#\"'\[\]{},，。]{1,24})：\s*(.*)$", line)
    if not found or (line.lstrip().startswith("- ") and ": " not in line and not _short(found[2])):
        return None
    head, key, value = found.groups()
    fixed = f"{head}{key}: {value}".rstrip()
    return Slip(number, f"「{key}」后面用了中文冒号，请改成英文冒号加一个空格：{fixed.strip()}", fixed)


def _short(key: str) -> bool:
    return len(key) <= 6


def _colon_without_space(line: str, number: int) -> Slip | None:
    found = re.match(r"^(\s*(?:- +)*)([^\s:：#\"'\[\]{},，。]{1,24}):(?=[^\s/])(.*)$", line)
    if not found or found[2].isdigit():
        return None
    head, key, value = found.groups()
    fixed = f"{head}{key}: {value}"
    return Slip(number, f"冒号后面要空一格：{fixed.strip()}", fixed)


def _dash_without_space(line: str, number: int) -> Slip | None:
    found = re.match(r"^(\s*)-([^\s\-\d].*)$", line)
    if not found:
        return None
    fixed = f"{found[1]}- {found[2]}"
    return Slip(number, f"「-」后面要空一格：{fixed.strip()}", fixed)


def _open_quote(line: str, number: int) -> Slip | None:
    head, _, value = split(line)
    if value[:1] not in ("'", '"') or closing(value) is not None:
        return None
    text = re.sub(r"\s+#.*$", "", value[1:]).rstrip()
    bare = text.rstrip("”’\"'“‘")
    fixed = head + quoted(bare)
    if bare != text:
        return Slip(
            number, f"开头是英文引号，结尾是中文引号：两头都要用英文引号，例如 {fixed.strip()}", fixed
        )
    return Slip(number, f"引号只有一半：请在这句话末尾补上英文引号，例如 {fixed.strip()}", fixed)


def _first_open_quote(lines: list[str], began: int, stumbled: int) -> Slip | None:
    found = (_open_quote(lines[number - 1], number) for number in range(began, stumbled + 1))
    return next((slip for slip in found if slip), None)


def _words_after_quote(line: str, number: int) -> Slip | None:
    head, _, value = split(line)
    if value[:1] not in ("'", '"'):
        return None
    end = closing(value)
    rest = "" if end is None else without_comment(value)[end + 1 :].strip()
    if not rest:
        return None
    text = value[1:end] + without_comment(value)[(end or 0) + 1 :]
    fixed = head + _single(text)
    return Slip(number, f"引号没有把整句话括起来，请写成 {fixed.strip()}", fixed)


def _words_after_bracket(line: str, number: int) -> Slip | None:
    head, _, value = split(line)
    bare = without_comment(value)
    if bare[:1] not in ("{", "["):
        return None
    ends = bare.endswith("}" if bare[0] == "{" else "]")
    first_end = bare.find("}" if bare[0] == "{" else "]")
    if first_end < 0 or (ends and first_end == len(bare) - 1) or (ends and ":" in bare[:first_end]):
        return None
    fixed = head + quoted(bare)
    return Slip(number, f"以「{bare[0]}」开头的一句话要用英文引号括起来：{fixed.strip()}", fixed)


def _special_letter(line: str, number: int) -> Slip | None:
    head, _, value = split(line)
    bare = without_comment(value)
    if bare[:1] not in ("*", "&", "!", "%", "@", "`", "|", ">", ",", "]", "}", "?") or opens_block(line):
        return None
    fixed = head + quoted(bare)
    what = f"以「{bare[0]}」开头的内容要用英文引号括起来：{fixed.strip()}"
    return Slip(number, what, None if bare[0] in "|>" else fixed)  # else its block would make no sense


def _two_colons(line: str, number: int) -> Slip | None:
    head, key, value = split(line)
    bare = without_comment(value)
    if not key or bare[:1] in ("'", '"', "{", "[") or not re.search(r":(\s|$)", bare):
        return None
    fixed = head + quoted(bare)
    return Slip(
        number,
        f"这一行有两个英文冒号：请把后面那句话用英文引号括起来，或改用中文冒号：{fixed.strip()}",
        fixed,
    )


_LOOKS: tuple[Callable[[str, int], Slip | None], ...] = (
    _dash_without_space,
    _full_width_colon,
    _colon_without_space,
    _words_after_quote,
    _words_after_bracket,
    _special_letter,
    _two_colons,
)


def _backslash(line: str, number: int) -> Slip:
    head, _, value = split(line)
    end = closing(value) if value[:1] == '"' else None
    fixed = None if end is None else head + _single(value[1:end])
    return Slip(number, "英文双引号里不能有「\\」：请删掉它，或把双引号换成单引号 '…'", fixed)


def _bracket(line: str, number: int) -> Slip:
    head, _, value = split(line)
    bare = without_comment(value)
    opening = bare[:1] if bare[:1] in ("[", "{") else "["
    end = {"[": "]", "{": "}"}[opening]
    if re.search(r",\s*,", bare):
        return Slip(number, "中间多了一个逗号，请删掉", head + re.sub(r",(\s*,)+", ",", bare))
    if bare.count(opening) > bare.count(end):
        fixed = head + bare + end
        return Slip(number, f"「{opening}」没有配成一对，请在末尾补上「{end}」：{fixed.strip()}", fixed)
    return Slip(number, f"「{opening} {end}」里面写得不对：各项之间用英文逗号，例如 [甲, 乙]")


def _block_text(lines: list[str], number: int) -> Slip | None:
    """A line of free text (after `回复: |`) that stands too far left."""
    inside = 0
    for above in range(number - 1, 0, -1):
        line = lines[above - 1]
        if is_empty(line):
            continue
        if opens_block(line) and inside:
            if indent(lines[number - 1]) > indent(line):
                break
            return None
        inside = indent(line)
        if inside <= indent(lines[number - 1]):
            return None
    else:
        return None
    fixed = " " * inside + lines[number - 1].lstrip()
    return Slip(number, f"这一行要和上一行对齐，前面应有 {inside} 个空格", fixed)


def _indentation(lines: list[str], number: int) -> Slip | None:
    """Which of the columns open above this line it should have stood in."""
    line = lines[number - 1]
    here, is_dash = indent(line), line.lstrip().startswith("- ")
    columns: dict[int, str] = {}
    ceiling = 10_000
    for above in range(number - 1, 0, -1):
        other = lines[above - 1]
        if is_empty(other):
            continue
        # A key stands under the keys of the item above, an item under the dash above.
        is_item = other.lstrip().startswith("- ")
        offered = [indent(other)] if is_item == is_dash else []
        if is_item and not is_dash and split(other)[1]:
            offered = [column(other)]
        for at in offered:
            if at < ceiling:
                ceiling = at
                columns[at] = other.strip()
        if ceiling == 0:
            break
    if not columns or here in columns:
        return None
    if here == 0:  # only the first line of the file can have set a deeper level
        first = next(at for at, other in enumerate(lines, start=1) if not is_empty(other))
        return Slip(first, "这一行前面不该有空格：请删掉，从最左边写起", lines[first - 1].lstrip(" "))
    right = min(columns, key=lambda at: (abs(at - here), -at))
    name = re.split(r"[:：]", columns[right].lstrip("- "))[0][:12]
    what = f"缩进不齐：这一行前面有 {here} 个空格，若与「{name}」并列，应是 {right} 个"
    return Slip(number, what, " " * right + line.lstrip())


def _no_colon(lines: list[str], number: int) -> Slip | None:
    """A key alone on its line, without its colon: the parser stumbles on it or on the next line."""
    for at in (number, number - 1):
        if at < 1 or is_empty(lines[at - 1]):
            continue
        _, key, value = split(lines[at - 1])
        bare = without_comment(value)
        if not key and bare and lines[at - 1].lstrip()[0] not in "-[{\"'":
            what = f"「{bare[:12]}」后面少了冒号：请写成「{bare[:12]}: 内容」"
            return Slip(at, what, f"{lines[at - 1].rstrip()}:")
    return None


def _single(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
