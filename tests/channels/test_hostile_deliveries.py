"""Whatever is posted, the channel gives a message or BadDelivery with a 4xx; never anything else, never an effect."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from payloads import (
    ENTRIES,
    NOW,
    STAMP,
    account_of,
    body_of,
    mp,
    plain_query,
    post,
    seal,
    sealed_query,
    wecom,
    xml_text,
)

from bot.channel import Account, BadDelivery, Delivery, Heard
from bot.channels.reading import MAX_BODY, _read_plain_xml, _read_xml, read
from bot.channels.replay import MAX_REMEMBERED, ReplayGuard
from handlers.message import Turn

BODIES = [body_of(entry) for entry in ENTRIES if entry["request"]["body_file"]]


def status(channel: Any, delivery: Delivery) -> int:
    """200 when it was heard (and can be answered), else the refusal's."""
    try:
        heard = channel.parse(delivery)
    except BadDelivery as refused:
        assert 400 <= refused.status < 500
        assert refused.reason
        return refused.status
    assert isinstance(heard, Heard)
    assert channel.render(Turn(("好",)), heard)
    heard.message.id.encode()
    heard.message.text.encode()
    return 200


def plain(body: bytes) -> int:
    return status(mp(), post(body, plain_query()))


def sealed(body: bytes) -> int:
    """The same bytes signed and sealed for real: the second line of defence."""
    inner = seal(body)
    outer = f"<xml><Encrypt>{inner}</Encrypt></xml>".encode()
    return status(mp(), post(outer, sealed_query(inner)))


BOMB = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>' + xml_text().replace(
    "你好".encode(), b"]]>&b;<![CDATA["
)
XXE = b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>' + xml_text().replace(
    "你好".encode(), b"]]>&a;<![CDATA["
)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"\x00",
        b"hello",
        b"<xml/>",
        b"<xml></xml>",
        b"<xml>",
        b"<xml><xml/></xml>",
        b"<html><body>hi</body></html>",
        b"{}",
        b"{",
        b"[]",
        b"null",
        b'"text"',
        b"{" * 100_000,
        b'{"a":' * 100_000,
        b'{"a":' + b"[" * 100_000,
        b"<a>" * 100_000,
        b"<xml>" + b"<a>" * 20 + b"</a>" * 20 + b"</xml>",
        b"<xml>" + b"<a/>" * 100_000 + b"</xml>",
        BOMB,
        XXE,
        b"<!DOCTYPE xml>" + xml_text(),
        xml_text().replace("你好".encode(), b"]]>&nbsp;<![CDATA["),
        xml_text().replace("你好".encode(), "你好".encode("gbk")),
        b'<?xml version="1.0" encoding="GBK"?>' + xml_text().replace("你好".encode(), "你好".encode("gbk")),
        xml_text().decode().encode("utf-16"),
        xml_text().replace("你好".encode(), b"\xed\xa0\x80"),
        xml_text().replace("你好".encode(), b"\x00"),
        xml_text() + xml_text(),
        xml_text()[:-1],
        json.dumps({"FromUserName": {"a": 1}}).encode(),
        b'{"MsgType":NaN}',
        b'{"MsgType":"text","MsgType":"event"}',
        b'{"MsgType":' + b"9" * 10_000 + b"}",
        b'{"MsgType":"text","CreateTime":1e400}',
        '{"MsgType":"文字"}'.encode("gbk"),
        b'{"a":' * 20 + b"1" + b"}" * 20,
    ],
    ids=range(38),
)
def test_unreadable_bodies_are_refused(body: bytes) -> None:
    assert plain(body) == 400
    if len(body) < 700_000:
        assert sealed(body) == 400


def test_a_body_of_more_than_a_mebibyte_is_refused_unread() -> None:
    huge = xml_text("x" * MAX_BODY)
    assert plain(huge) == 413
    assert status(wecom(), post(huge, {})) == 413
    assert status(mp(), post(huge, sealed_query("x"))) == 413
    assert plain(xml_text("x" * (MAX_BODY - 1000))) == 200


def json_message(**fields: Any) -> bytes:
    values = {"ToUserName": "gh_1", "FromUserName": "oUser1", "CreateTime": 1760234400, "MsgType": "text"}
    return json.dumps(values | {"Content": "好", "MsgId": "7"} | fields).encode()


@pytest.mark.parametrize("name", ["ToUserName", "FromUserName", "CreateTime", "MsgType", "Content", "MsgId"])
@pytest.mark.parametrize("value", [[], ["x"], {}, {"a": "b"}, True, False], ids=repr)
def test_a_field_of_a_wrong_type_is_refused(name: str, value: Any) -> None:
    assert plain(json_message(**{name: value})) == 400


def test_what_only_looks_odd_is_heard() -> None:
    assert plain(json_message(List=[{"a": [1, None, {"b": 2.5}]}], Extra=None)) == 200
    assert plain(json_message(Content=None)) == 200
    assert plain(b"\xef\xbb\xbf" + json_message()) == 200
    assert plain(b"\xef\xbb\xbf" + xml_text()) == 200
    assert plain(b'<?xml version="1.0"?>\n' + xml_text() + b"\n<!-- end -->") == 200


def test_words_from_json_can_be_stored() -> None:
    body = json_message(Content="a\x00b\ud800c\u0007😀\n")
    message = mp().parse(post(body, plain_query())).message
    assert message.text == "abc😀\n"


@pytest.mark.parametrize(
    "change",
    [
        {"signature": ""},
        {"signature": "0" * 40},
        {"signature": "汉\ud800"},
        {"nonce": "1"},
        {"timestamp": str(int(STAMP) + 1)},
        {"timestamp": "汉"},
    ],
    ids=repr,
)
def test_a_wrong_signature_is_refused(change: dict[str, str]) -> None:
    channel = mp()
    assert status(channel, post(xml_text(), plain_query() | change)) == 403
    assert status(channel, post(xml_text(), {})) == 403
    with pytest.raises(BadDelivery):
        channel.verify(Delivery("mp", "GET", plain_query() | {"echostr": "1"} | change, {}, b"", NOW))


@pytest.mark.parametrize("echo", ["", "汉", "a\nb", "x" * 1025, "<\x00"], ids=range(5))
def test_an_echo_that_wechat_never_sends_is_not_given_back(echo: str) -> None:
    with pytest.raises(BadDelivery) as refused:
        mp().verify(Delivery("mp", "GET", plain_query() | {"echostr": echo}, {}, b"", NOW))
    assert refused.value.status == 400


@pytest.mark.parametrize(("age_s", "expected"), [(0, 200), (299, 200), (301, 403), (-299, 200), (-301, 403)])
def test_plain_mode_hears_only_what_is_fresh(age_s: int, expected: int) -> None:
    query = plain_query(stamp=str(int(STAMP) - age_s))
    assert status(mp(), post(xml_text(), query)) == expected
    assert status(mp(freshness_s=0), post(xml_text(), query)) == 200


def test_a_signed_timestamp_that_is_no_number_is_refused() -> None:
    for stamp in ("", "soon", "१२", "-5", "1" * 40):
        assert status(mp(), post(xml_text(), plain_query(stamp=stamp))) == 403


def test_a_retry_passes_and_another_body_under_the_same_signature_does_not() -> None:
    channel = mp()
    assert status(channel, post(xml_text("一"), plain_query())) == 200
    assert status(channel, post(xml_text("一"), plain_query())) == 200
    assert status(channel, post(xml_text("二", "2"), plain_query())) == 403
    assert status(channel, post(xml_text("一"), plain_query())) == 200
    assert status(channel, post(xml_text("二", "2"), plain_query(nonce="other"))) == 200


def test_the_window_off_does_not_switch_the_memory_off() -> None:
    channel = mp(freshness_s=0)
    assert status(channel, post(xml_text("一"), plain_query("1"))) == 200
    assert status(channel, post(xml_text("二", "2"), plain_query("1"))) == 403


@pytest.mark.parametrize("freshness_s", [0, 300])
def test_the_memory_is_bounded(freshness_s: float) -> None:
    guard = ReplayGuard(freshness_s)
    for number in range(MAX_REMEMBERED + 50):
        guard.check_body(post(b"x", {"signature": str(number)}), NOW)
    assert len(guard._bodies) == MAX_REMEMBERED
    with pytest.raises(BadDelivery, match="replay"):
        guard.check_body(post(b"y", {"signature": str(MAX_REMEMBERED + 49)}), NOW)


def test_the_memory_forgets_what_freshness_refuses_anyway() -> None:
    guard = ReplayGuard(300)
    for number in range(1000):
        guard.check_body(post(b"x", {"signature": str(number)}), NOW)
    for number in range(1000):
        guard.check_body(post(b"x", {"signature": f"later {number}"}), NOW + timedelta(seconds=601))
    assert len(guard._bodies) == 1000


def test_sealed_mode_checks_msg_signature_and_nothing_less() -> None:
    inner = seal(xml_text())
    body = f"<xml><Encrypt>{inner}</Encrypt></xml>".encode()
    good = sealed_query(inner)
    assert status(mp(), post(body, good)) == 200
    # The plain signature is right in all of these.
    assert status(mp(), post(body, good | {"msg_signature": good["signature"]})) == 403
    assert status(mp(), post(body, {name: good[name] for name in good if name != "msg_signature"})) == 403
    assert status(mp(), post(body, plain_query())) == 403
    assert status(mp(), post(body, good | {"encrypt_type": "raw"})) == 403
    other = seal(xml_text("别的"))
    assert status(mp(), post(body.replace(inner.encode(), other.encode()), good)) == 403
    assert status(mp(), post(xml_text(), good)) == 400


def test_sealed_mode_needs_a_key_of_ours() -> None:
    inner = seal(xml_text())
    body = f"<xml><Encrypt>{inner}</Encrypt></xml>".encode()
    keyless = replace(mp().account, aes_key="", aes_key_old="")
    assert status(mp(keyless), post(body, sealed_query(inner))) == 403
    assert status(mp(replace(mp().account, app_id="")), post(body, sealed_query(inner))) == 403
    assert status(mp(Account("mp", "公众号", can_push=False)), post(xml_text(), plain_query(token=""))) == 403


def test_wecom_hears_nothing_plain() -> None:
    assert status(wecom(), post(xml_text(), plain_query())) == 400
    inner = seal(xml_text())
    body = f"<xml><Encrypt>{inner}</Encrypt></xml>".encode()
    assert status(wecom(), post(body, plain_query())) == 403
    assert status(wecom(), post(body, sealed_query(inner))) == 200
    foreign = seal(xml_text(), receive_id="wwother")
    assert status(wecom(), post(body.replace(inner.encode(), foreign.encode()), sealed_query(foreign))) == 403


def test_wecom_opens_an_echo_whose_plus_became_a_space() -> None:
    echo = next(sealed for sealed in (seal(str(n).encode()) for n in range(100)) if "+" in sealed)
    query = sealed_query(echo) | {"echostr": echo.replace("+", " ")}
    assert wecom().verify(Delivery("mp", "GET", query, {}, b"", NOW)).isdigit()


@given(st.binary(max_size=2000))
def test_any_bytes(body: bytes) -> None:
    plain(body)
    sealed(body)
    status(wecom(), post(body, sealed_query("x")))


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A real payload with pieces cut out, doubled, overwritten or swapped with another's."""
    body = draw(st.sampled_from(BODIES))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(body)))
        end = min(start + draw(st.integers(0, 60)), len(body))
        piece = draw(
            st.sampled_from(
                [b"", body[start:end] * 2, b"<a>", b"]]>", b"\xff", b"&lt;", b'"', b"{}", b"[", b"<!--"]
            )
            | st.binary(max_size=8)
        )
        body = body[:start] + piece + body[end:]
    return body


@settings(max_examples=400)
@given(mutated())
def test_any_mutation_of_a_real_payload(body: bytes) -> None:
    plain(body)
    sealed(body)
    status(wecom(), post(body, sealed_query("x")))


FLAT = [body for body in BODIES if body.startswith(b"<xml>")]


@settings(max_examples=400)
@given(
    st.sampled_from(FLAT),
    st.lists(
        st.tuples(
            st.integers(0, 2000),
            st.integers(0, 12),
            st.sampled_from(
                [
                    b"<",
                    b"&",
                    b"]",
                    b"]]>",
                    b"<![CDATA[",
                    b"\r",
                    b"\x0b",
                    b"\x0c",
                    b"\x7f",
                    b"\xff",
                    b"<a></a>",
                    b"<a/>",
                ]
            )
            | st.sampled_from(["\ufffe", "\U0001f600", "\u2028", "<MsgId>1</MsgId>", " "]).map(str.encode)
            | st.binary(max_size=4),
        ),
        max_size=3,
    ),
)
def test_the_quick_reader_reads_what_expat_reads_or_nothing(
    body: bytes, changes: list[tuple[int, int, bytes]]
) -> None:
    for start, length, piece in changes:
        body = body[:start] + piece + body[start + length :]
    quick = _read_plain_xml(body)
    assert not quick or quick == _read_xml(body)


def test_the_quick_reader_reads_the_usual_message() -> None:
    body = "<xml><A><![CDATA[漏水\n了 😀]]></A>\n<B>12</B><C></C><D><![CDATA[]]></D></xml>".encode()
    assert _read_plain_xml(body) == {"A": "漏水\n了 😀", "B": "12", "C": "", "D": ""} == _read_xml(body)
    assert sum(bool(_read_plain_xml(body)) for body in FLAT) > len(FLAT) / 2


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)
NAMES = [
    "ToUserName",
    "FromUserName",
    "CreateTime",
    "MsgType",
    "Content",
    "MsgId",
    "MsgID",
    "Event",
    "EventKey",
]
NAMES += ["Location_X", "Location_Y", "Label", "ScanCodeInfo", "Recognition", "Encrypt", "AgentID", "Title"]


@settings(max_examples=400)
@given(
    st.dictionaries(st.sampled_from(NAMES), JSON),
    st.sampled_from(["text", "event", "voice", "location", "link", "file", "image", None]),
)
def test_any_json_types(fields: dict[str, Any], kind: str | None) -> None:
    body = json_message(**(fields | ({"MsgType": kind} if kind else {})))
    plain(body)
    sealed(body)


@given(st.dictionaries(st.text(st.characters(codec=None)), st.text(st.characters(codec=None))))
def test_any_query(query: dict[str, str]) -> None:
    for channel in (mp(), wecom()):
        for real in ({}, plain_query(), sealed_query("x")):
            status(channel, post(xml_text(), real | query))
            try:
                channel.verify(Delivery("mp", "GET", real | query, {}, b"", NOW))
            except BadDelivery as refused:
                assert 400 <= refused.status < 500


def test_a_published_key_opens_only_its_own_account() -> None:
    """Every sealed recording, offered to an account with the same token and key but another app id."""
    tried = 0
    for entry in ENTRIES:
        if entry.get("mode") in ("aes", "compat") and entry.get("resign"):
            account = replace(account_of(entry), app_id="wxsomebodyelse")
            inner = body_of(entry).decode().partition("<Encrypt><![CDATA[")[2].partition("]]>")[0]
            query = sealed_query(inner, token=entry["creds"]["token"])
            assert status(mp(account), post(body_of(entry), query)) == 403
            tried += 1
    assert tried == 23


def test_reading_takes_no_name_of_the_outside_for_its_own() -> None:
    """Inner names may repeat, outer ones may not."""
    fields, _ = read(b"<xml><A><b>1</b><b>2</b><b>3</b></A></xml>")
    assert fields == {"A": {"b": ["1", "2", "3"]}}
    with pytest.raises(BadDelivery, match="duplicate_field"):
        read(b"<xml><A>1</A><A>2</A></xml>")
