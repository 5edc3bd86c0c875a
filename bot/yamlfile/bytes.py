"""From the bytes of a file to its text: size, encoding, and the signs that no text has."""

import codecs
import re

from bot.yamlfile.mistake import ConfigError, Mistake

MAX_BYTES = 500_000

_SAVE_AS = "请用记事本打开，选「文件 ▸ 另存为」，编码选「UTF-8」，再保存"
_UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufeff\u200b\u200c\u200e\u200f\u202a-\u202e\u2060\u2028\u2029\ufffe\uffff]"
)


def decoded(data: bytes, file: str) -> str:
    """The text, with every kind of line end turned into one; a byte order mark is accepted.

    Raises:
        ConfigError: too large, not UTF-8, or with characters that cannot be seen.
    """
    if len(data) > MAX_BYTES:
        raise ConfigError(
            [Mistake(file, 0, "", f"文件太大了，最多 {MAX_BYTES // 1000} KB。是不是选错了文件？")]
        )
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise ConfigError([Mistake(file, 1, "", f"文件是 Unicode（UTF-16）编码。{_SAVE_AS}")])
    data = data.removeprefix(codecs.BOM_UTF8)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as problem:
        line = data.count(b"\n", 0, problem.start) + 1
        raise ConfigError([Mistake(file, line, "", _encoding(data))]) from None
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    unseen = [
        Mistake(
            file,
            number,
            "",
            f"「{line[: found.start()].strip()[-8:]}」后面有一个看不见的字符（多半是复制时带来的），"
            "请删掉这一行重新打一遍",
        )
        for number, line in enumerate(text.split("\n"), start=1)
        if (found := _UNSEEN.search(line))
    ]
    if unseen:
        raise ConfigError(unseen)
    return text


def _encoding(data: bytes) -> str:
    try:
        data.decode("gb18030")
    except UnicodeDecodeError:
        return f"文件不是 UTF-8 编码的文字。{_SAVE_AS}"
    return f"文件是 GBK（ANSI）编码，这一行起读不出来。{_SAVE_AS}"
