"""One spelling for what people type: width, case, traditional characters, numerals, WeChat's noise."""

import re
import unicodedata
from functools import cache
from pathlib import Path

_DATA = Path(__file__).parent / "data"
MAX_CHARS = 500  # what comes after it never changed an intent; keeps five thousand characters within budget

_FACES = re.compile(r"\[[一-鿿A-Za-z]{1,8}\]")
_MENTION = re.compile(r"@[^\s@,，。:：]{1,24}[\s\u2005]+|@(?:所有人|全体成员)")
_CONTROL = re.compile(
    r"[\u0000-\u0008\u000b-\u001f\u007f\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufe00-\ufe0f\ufeff]"
)
_GAP = re.compile(r"(?<=[^\x00-\x7f])\s+|\s+(?=[^\x00-\x7f])")
_SPACES = re.compile(r"\s+")
_REPEAT = re.compile(r"([^\d\W_a-z])\1{2,}|([!?。,…~])\2+")
_LINK = re.compile(r"https?://[\x21-\x7e]+")

_DIGIT = {**{c: i for i, c in enumerate("零一二三四五六七八九")}, "〇": 0, "两": 2, "俩": 2, "幺": 1, "壹": 1}
_TEN = {"十": 10, "百": 100, "千": 1000}
_NUM = "零〇一二两三四五六七八九十百千万幺"
# Numerals are written as digits only before one of these (or between them), so that 一直, 万一, 三角梅 stay words.
_UNITS = (
    r"栋|幢|号楼|单元|号|楼|层|室|户|座|弄|期|区|组|院|个|位|名|人|口|家|元|块|毛|角|分|点|时|刻|月|日|天|年|周|星期|"
    r"礼拜|小时|分钟|次|张|斤|袋|桶|份|岁|楼道|米|平|度|季度|回|遍|辆|条|只|盏"
)
_COUNTED = re.compile(rf"(?<![第每某初{_NUM}])(第?)([{_NUM}]+)(?=(?:{_UNITS}))")
_ROOM = re.compile(r"(?<=[0-9栋幢元楼号座-])([零〇一二三四五六七八九幺]{3,4})(?![一-鿿]*[十百千])")
_WEEKDAY = re.compile(r"(周|星期|礼拜)([一二三四五六日天])")
_MONTH_DAY = re.compile(rf"(?<=[0-9]月)([{_NUM}]+)(?![一-鿿]?[栋幢])")
_HALF = re.compile(r"(?<=[0-9]点)([一二三四五]?十[一二三四五六七八九]?|[一二三]刻)")
# 一下, 一个, 一户一票 … : 「one」 that counts nothing.
_IDIOMS = re.compile(
    r"一户一票|一家人|一家老小|(?<![十晚夜晨午早上二三])一点(?!钟|半|[一二三四五]?十|一刻|三刻)|(?:二月二|三月三|六月六|九月九|五月五)(?![十号日])|七月半|一天到晚|一个人都|一次性|一块儿?|一起|万一|一家三口|一家[四五六]口|三个和尚|七上八下|"
    r"一条龙|乱七八糟|一时|一日三餐|五个一|十万火急|一楼道|一个劲|一度|一位难求|百家宴|千万|百日|一期一会|"
    r"八月十五(?![号日])|三只手|两口子|三口之家|四季|三八|五一|六一|十一国庆|九九|二十四节气|一号难求"
)


@cache
def _simple() -> dict[int, int | str | None]:
    pairs = (_DATA / "traditional.txt").read_text(encoding="utf-8").splitlines()[1:]
    table: dict[int, int | str | None] = {ord(pair[0]): pair[1] for line in pairs for pair in line.split()}
    return table


def numeral(words: str) -> int | None:
    """A Chinese numeral as a number: 「二十三」→23, 「五零一」→501, 「一千二」→1200; None when it is none."""
    if not words or any(c not in _DIGIT and c not in _TEN and c != "万" for c in words):
        return None
    if all(c in _DIGIT for c in words):
        return int("".join(str(_DIGIT[c]) for c in words))
    if "万" in words:
        high, _, low = words.partition("万")
        left, right = (numeral(high) if high else 1), (numeral(low) if low else 0)
        if left is None or right is None:
            return None
        if len(low) == 1 and low in _DIGIT:
            right *= 1000
        return left * 10000 + right
    total, digit, last = 0, None, 10
    for c in words:
        if c in _DIGIT:
            digit = _DIGIT[c]
            if digit == 0:
                last = 10
        else:
            total += (1 if digit is None else digit) * _TEN[c]
            last, digit = _TEN[c], None
    if digit is not None:
        total += digit * (last // 10 if last > 10 and words[-2] in _TEN else 1)
    return total


def digits(text: str) -> str:
    """Counted numerals as digits: 「三栋二单元五零一」→「3栋2单元501」; idioms (一直, 万一, 一户一票) stay."""
    if not any(c in text for c in _NUM):
        return text
    kept: list[str] = []

    def hide(found: re.Match[str]) -> str:
        kept.append(found[0])
        return f"\x01{chr(0xE000 + len(kept) - 1)}"

    text = _IDIOMS.sub(hide, text)
    text = _COUNTED.sub(_counted, text)
    text = _ROOM.sub(lambda found: str(numeral(found[1])).zfill(len(found[1])), text)
    text = _HALF.sub(_minutes, text)
    text = _MONTH_DAY.sub(lambda found: _as_digits(found[1]), text)
    if kept:
        text = re.sub("\x01(.)", lambda found: kept[ord(found[1]) - 0xE000], text)
    return text


def _as_digits(words: str) -> str:
    value = numeral(words)
    return words if value is None else str(value)


def _counted(found: re.Match[str]) -> str:
    return found[1] + _as_digits(found[2])


def _minutes(found: re.Match[str]) -> str:
    words = found[1]
    return str(15 * _DIGIT[words[0]]) if words.endswith("刻") else _as_digits(words)


def clean(text: str) -> str:
    """NFKC, lower case, simplified characters, without faces, mentions, links and control characters."""
    text = text[: MAX_CHARS * 2]
    if not text.isascii():
        text = _FACES.sub(" ", text)
    text = unicodedata.normalize("NFKC", text).lower().translate(_simple())
    text = _LINK.sub(" ", text)
    text = _MENTION.sub(" ", text)
    text = _CONTROL.sub("", text)
    text = _GAP.sub("", _SPACES.sub(" ", text))
    text = _REPEAT.sub(lambda found: (found[1] * 2) if found[1] else found[2], text)
    return text.strip()[:MAX_CHARS]


def normalise(text: str) -> str:
    """`clean`, then counted numerals as digits: what slots and the classifier read."""
    return digits(clean(text))
