"""What the crowd of the benchmark says, signed as WeChat signs it, and how to tell a right answer from a wrong one."""

import base64
import hashlib
import random
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from xml.parsers.expat import ExpatError, ParserCreate

from wechatpy.crypto import WeChatCrypto
from wechatpy.exceptions import WeChatException

ACCOUNT = "gh_benchmark"
PATH = "/callback/mp"
TOKEN = "LinliBenchmark"
APP_ID = "wxbenchmark0000001"
AES_KEY = base64.b64encode(hashlib.sha256(b"linli benchmark only").digest()).decode().rstrip("=")


@dataclass(frozen=True, slots=True)
class Line:
    """One message and what linli's answer to it must hold."""

    words: str
    answer: re.Pattern[str]


def _lines(answer: str, *words: str) -> list[tuple[Line, ...]]:
    return [(Line(one, re.compile(answer)),) for one in words]


def _report(words: str) -> tuple[Line, ...]:
    return (
        # Who reported a little while ago is asked whether this belongs to it.
        Line(words, re.compile("请核对[^!]*回复 1 提交|这是要补充到")),
        Line("1", re.compile(r"(?:已登记，编号|已补充到) \d{6}-W\d{2}-\d{4,}[。，]")),
    )


# (share in percent of the conversations begun, the conversations to choose from)
MIX: tuple[tuple[int, list[tuple[Line, ...]]], ...] = (
    (20, _lines("您好", "你好", "您好，请问在吗", "早上好", "在不在")),
    (
        20,
        _lines(
            r"\d\.\d\d 元",
            "微基金还剩好多钱",
            "微基金还有多少钱",
            "微基金的钱用到哪里去了",
            "槐树苑物业费还剩多少钱",
        ),
    ),
    (13, _lines("没有|状态|件事", "查进度", "我的事办到哪了")),
    (14, _lines("报名", "最近有什么活动", "活动清单")),
    (8, _lines("不客气|谢谢", "谢谢", "谢谢你们")),
    (
        20,
        _lines(
            "没听懂|听不懂|还是没|没听明白|这是要补充到|天气我看不到|行情我不懂|说笑唱歌我不在行",
            "今天天气真不错",
            "股票大盘怎么走",
            "哈哈哈哈哈",
            "给我讲个笑话",
        ),
    ),
    (5, [_report(f"{building}栋{unit}单元501厨房灯坏了") for building in range(1, 7) for unit in (1, 2, 3)]),
)
_SHARES = [share for share, _ in MIX]


@dataclass(frozen=True, slots=True)
class Asked:
    """A request on its way: who must be answered, and what was said."""

    user: str
    line: Line


# Says whether a decoded answer's words are right; "" or what is wrong.
Judge = Callable[[Line, str], str]


def linli_says(line: Line, said: str) -> str:
    return "" if line.answer.search(said) else f"「{line.words}」 answered with 「{said[:60]}」"


def echo_says(line: Line, said: str) -> str:
    return "" if said == line.words else f"「{line.words}」 echoed as 「{said[:60]}」"


def anything(line: Line, said: str) -> str:
    return "" if said else "an empty answer"


JUDGES: dict[str, Judge] = {"linli": linli_says, "echo": echo_says, "bare": anything}


class Crowd:
    """Endless signed requests of one connection's residents: a conversation of one at a time, line by line."""

    def __init__(self, name: str, residents: int, *, aes: bool = False) -> None:
        self._chance = random.Random(name)
        self._users = [f"o{name}u{number:04}" for number in range(residents)]
        self._crypto = WeChatCrypto(TOKEN, AES_KEY, APP_ID) if aes else None
        # MsgIds of two runs must not meet: the second one would be taken for a retry.
        self._number = int.from_bytes(hashlib.sha256(f"{name}{time.time_ns()}".encode()).digest()[:7], "big")

    def requests(self) -> Iterator[tuple[bytes, Asked]]:
        while True:
            (conversations,) = self._chance.choices([group for _, group in MIX], _SHARES)
            user = self._chance.choice(self._users)
            for line in self._chance.choice(conversations):
                yield self.request(user, line), Asked(user, line)

    def request(self, user: str, line: Line) -> bytes:
        """The whole HTTP request, head and body."""
        self._number += 1
        moment, nonce = str(int(time.time())), str(self._number)
        body = (
            f"<xml><ToUserName><![CDATA[{ACCOUNT}]]></ToUserName>\n"
            f"<FromUserName><![CDATA[{user}]]></FromUserName>\n<CreateTime>{moment}</CreateTime>\n"
            f"<MsgType><![CDATA[text]]></MsgType>\n<Content><![CDATA[{line.words}]]></Content>\n"
            f"<MsgId>{self._number}</MsgId>\n</xml>"
        )
        query = f"signature={_sign(TOKEN, moment, nonce)}&timestamp={moment}&nonce={nonce}&openid={user}"
        if self._crypto is not None:
            sealed = _field(self._crypto.encrypt_message(body, nonce, moment).encode(), "Encrypt")
            body = (
                f"<xml><ToUserName><![CDATA[{ACCOUNT}]]></ToUserName>"
                f"<Encrypt><![CDATA[{sealed}]]></Encrypt></xml>"
            )
            query += f"&encrypt_type=aes&msg_signature={_sign(TOKEN, moment, nonce, sealed)}"
        content = body.encode()
        return (
            f"POST {PATH}?{query} HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: Mozilla/4.0\r\nAccept: */*\r\n"
            f"Content-Type: text/xml\r\nContent-Length: {len(content)}\r\n\r\n"
        ).encode() + content


def _sign(*parts: str) -> str:
    return hashlib.sha1("".join(sorted(parts)).encode()).hexdigest()


class Checker:
    """Finds what is wrong with an answer."""

    def __init__(self, judge: Judge, *, aes: bool = False) -> None:
        self._judge = judge
        self._crypto = WeChatCrypto(TOKEN, AES_KEY, APP_ID) if aes else None

    def fault(self, asked: Asked, status: int, body: bytes) -> str:
        """ "" for a right answer, else one line that says what is wrong with it."""
        if status != 200:
            return f"status {status}"
        try:
            fields = read_xml(body)
            if self._crypto is not None:
                sealed = [fields.get(name, "") for name in ("MsgSignature", "TimeStamp", "Nonce")]
                fields = read_xml(self._crypto.decrypt_message(body, *sealed))
        except ExpatError as problem:
            return f"not well-formed ({problem}): {body[:60]!r}"
        except (WeChatException, ValueError, KeyError) as problem:
            return f"cannot be opened: {problem!r}"
        if fields.get("ToUserName") != asked.user or fields.get("FromUserName") != ACCOUNT:
            return f"for {fields.get('ToUserName')!r} instead of {asked.user!r}"
        if fields.get("MsgType") != "text" or not fields.get("CreateTime", "").isdigit():
            return f"no text message: {body[:60]!r}"
        return self._judge(asked.line, fields.get("Content", ""))


def read_xml(body: bytes | str) -> dict[str, str]:
    """The fields of a flat WeChat XML.

    Raises:
        ExpatError: not well-formed.
    """
    fields: dict[str, str] = {}
    names: list[str] = []

    def start(name: str, _: dict[str, str]) -> None:
        names.append(name)

    def data(text: str) -> None:
        if len(names) == 2:
            fields[names[1]] = fields.get(names[1], "") + text

    parser = ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = lambda _: names.pop()
    parser.CharacterDataHandler = data
    parser.Parse(body, True)
    return fields


def _field(body: bytes, name: str) -> str:
    return read_xml(body)[name]
