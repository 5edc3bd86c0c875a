"""What a resident of the 公众号 reads: modes, formats, length, and characters that would break out."""

import json
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from payloads import (
    AES_KEY,
    APP_ID,
    NOW,
    OLD_AES_KEY,
    TOKEN,
    mp,
    plain_query,
    post,
    seal,
    sealed_query,
    xml_text,
)
from wechatpy import parse_message
from wechatpy.crypto import WeChatCrypto

from bot.channel import Heard
from bot.channels.wechat_mp import WechatMp
from bot.channels.wording import cut, with_link
from handlers.message import Choice, Turn

JSON_TEXT = json.dumps(
    {
        "ToUserName": "gh_1",
        "FromUserName": "oUser1",
        "CreateTime": 1760234400,
        "MsgType": "text",
        "Content": "你好",
        "MsgId": 6054768590064713728,
    },
    ensure_ascii=False,
).encode()


def hear_plain(channel: WechatMp, body: bytes = b"") -> Heard:
    return channel.parse(post(body or xml_text(), plain_query()))


def content_of(answer: bytes) -> str:
    """Read by another parser than ours; also proves that it is well formed and has one Content and MsgType."""
    root = ET.fromstring(answer.decode("utf-8"))
    assert [child.tag for child in root] == [
        "ToUserName",
        "FromUserName",
        "CreateTime",
        "MsgType",
        "Content",
    ]
    assert root.findtext("MsgType") == "text"
    return root.findtext("Content") or ""


def test_a_plain_question_gets_a_plain_answer() -> None:
    channel = mp()
    heard = hear_plain(channel)
    answer = channel.render(Turn(("已登记",)), heard)
    root = ET.fromstring(answer.decode())
    assert (root.findtext("ToUserName"), root.findtext("FromUserName")) == ("oUser1", "gh_1")
    assert root.findtext("CreateTime") == str(int(NOW.timestamp()))
    assert content_of(answer) == "已登记"
    assert channel.media_type(heard).startswith("text/xml")


def test_a_json_question_gets_a_json_answer() -> None:
    channel = mp()
    heard = hear_plain(channel, JSON_TEXT)
    assert heard.message.id == "msgid:6054768590064713728"
    answer = channel.render(Turn(("已登记 😀",)), heard)
    assert json.loads(answer) == {
        "ToUserName": "oUser1",
        "FromUserName": "gh_1",
        "CreateTime": int(NOW.timestamp()),
        "MsgType": "text",
        "Content": "已登记 😀",
    }
    assert "😀".encode() in answer  # never \\uXXXX
    assert channel.media_type(heard).startswith("application/json")


@pytest.mark.parametrize("key", [AES_KEY, OLD_AES_KEY], ids=["current key", "previous key"])
def test_a_sealed_question_is_answered_with_the_key_that_opened_it(key: str) -> None:
    """wechatpy is the platform here: it seals the question and opens the answer."""
    peer = WeChatCrypto(TOKEN, key, APP_ID)
    stamp, nonce = str(int(NOW.timestamp())), "42"
    envelope = peer.encrypt_message(xml_text("路灯坏了").decode(), nonce, stamp)
    sealed = envelope.partition("<Encrypt><![CDATA[")[2].partition("]]>")[0]
    body = f"<xml><ToUserName>gh_1</ToUserName><Encrypt>{sealed}</Encrypt></xml>".encode()
    channel = mp()
    heard = channel.parse(post(body, sealed_query(sealed, stamp, nonce)))
    assert heard.message.text == "路灯坏了"

    answer = ET.fromstring(channel.render(Turn(("在哪里？",)), heard).decode())
    reply = peer.decrypt_message(
        {"Encrypt": answer.findtext("Encrypt")},
        answer.findtext("MsgSignature"),
        answer.findtext("TimeStamp"),
        answer.findtext("Nonce"),
    )
    assert content_of(reply.encode()) == "在哪里？"
    assert parse_message(reply).content == "在哪里？"


def test_a_sealed_json_question_gets_a_sealed_json_answer() -> None:
    sealed = seal(JSON_TEXT)
    body = json.dumps({"ToUserName": "gh_1", "Encrypt": sealed}).encode()
    channel = mp()
    heard = channel.parse(post(body, sealed_query(sealed)))
    answer = json.loads(channel.render(Turn(("好",)), heard))
    assert sorted(answer) == ["Encrypt", "MsgSignature", "Nonce", "TimeStamp"]
    peer = WeChatCrypto(TOKEN, AES_KEY, APP_ID)
    reply = peer.decrypt_message(answer, answer["MsgSignature"], str(answer["TimeStamp"]), answer["Nonce"])
    assert json.loads(reply)["Content"] == "好"


def test_compatible_mode_believes_the_sealed_part_only() -> None:
    sealed = seal(xml_text("真话"))
    forged = xml_text("假话", FromUserName="oOther")
    body = forged.replace(b"</xml>", f"<Encrypt>{sealed}</Encrypt></xml>".encode())
    message = mp().parse(post(body, sealed_query(sealed))).message
    assert (message.text, message.person) == ("真话", "mp:oUser1")


def test_silence_is_success_and_never_sealed() -> None:
    channel = mp()
    sealed = seal(xml_text())
    body = f"<xml><Encrypt>{sealed}</Encrypt></xml>".encode()
    heard = channel.parse(post(body, sealed_query(sealed)))
    for turn in (Turn(), Turn(("",)), Turn((" \n",)), Turn(("\x00",))):
        assert channel.render(turn, heard) == b"success"


def test_texts_are_apart_and_choices_are_numbered() -> None:
    channel = mp()
    turn = Turn(("收到。", "您是想？"), choices=(Choice("报事", "报事"), Choice("查进度", "查进度")))
    assert content_of(channel.render(turn, hear_plain(channel))) == "收到。\n\n您是想？\n1 报事\n2 查进度"
    alone = Turn(choices=(Choice("报事", "报事"),))
    assert content_of(channel.render(alone, hear_plain(channel))) == "1 报事"


INJECTION = "]]></Content><MsgType><![CDATA[news]]></MsgType><Content><![CDATA["


@pytest.mark.parametrize("words", [INJECTION, "a]]>b", "]]>", "]]]]>>", "<b>&amp;</b>", "]]\x00>"])
def test_words_cannot_break_out(words: str) -> None:
    channel = mp()
    heard = hear_plain(channel)
    assert content_of(channel.render(Turn((words,)), heard)) == words.replace("\x00", "")


def test_what_xml_has_no_place_for_is_left_out() -> None:
    channel = mp()
    words = "一\x00\x08\x0b\x0c\x1f二\ud800\udfff三\ufffe\uffff四\t五\n六😀\x85"
    assert content_of(channel.render(Turn((words,)), hear_plain(channel))) == "一二三四\t五\n六😀\x85"


@given(st.lists(st.text(st.characters(codec=None)), max_size=4), st.lists(st.text(), max_size=4))
def test_any_answer_is_one_well_formed_text(texts: list[str], labels: list[str]) -> None:
    channel = mp()
    turn = Turn(tuple(texts), choices=tuple(Choice(label, label) for label in labels))
    for body in (xml_text(), JSON_TEXT):
        heard = mp().parse(post(body, plain_query()))
        answer = channel.render(turn, heard)
        if answer == b"success":
            continue
        words = json.loads(answer)["Content"] if body is JSON_TEXT else content_of(answer)
        assert len(words.encode()) <= 2048


@pytest.mark.parametrize("unit", ["汉", "😀", "a", "é", "👩‍👩‍👧 "])
def test_a_long_answer_is_cut_on_a_character(unit: str) -> None:
    channel = mp()
    words = content_of(channel.render(Turn((unit * 2100,)), hear_plain(channel)))
    assert 2048 - 8 - len(unit.encode()) <= len(words.encode()) <= 2048
    assert words.endswith("…")
    assert (unit * 2100).startswith(words[:-1])


def test_what_fits_exactly_is_not_cut() -> None:
    assert cut("汉" * 682 + "ab", 2048) == "汉" * 682 + "ab"
    assert cut("汉" * 682 + "abc", 2048).endswith("…")
    assert cut("a" * 2048, 2048) == "a" * 2048


def test_a_long_list_is_cut_between_lines() -> None:
    lines = [f"{number} 2026年10月 公共收益支出 保洁费 1234.50 元" for number in range(80)]
    words = cut("\n".join(lines), 2048)
    kept = words.split("\n")
    assert kept[-1] == "…"
    assert kept[:-1] == lines[: len(kept) - 1]
    assert len(kept) > 20


def test_choices_outlive_a_long_text() -> None:
    channel = mp()
    turn = Turn(("汉" * 2000,), choices=(Choice("确认", "确认"), Choice("取消", "取消")))
    words = content_of(channel.render(turn, hear_plain(channel)))
    assert words.endswith("…\n1 确认\n2 取消")
    assert len(words.encode()) <= 2048


def test_an_address_is_never_cut() -> None:
    words = with_link("汉" * 2000, "https://linli.example.org/r/1", 2048)
    assert words.endswith("…\nhttps://linli.example.org/r/1")
    assert len(words.encode()) <= 2048
    assert with_link("", "https://a.example", 2048) == "https://a.example"
    assert with_link("到了", "", 2048) == "到了"
