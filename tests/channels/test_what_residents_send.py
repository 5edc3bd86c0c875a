"""Kinds and events beyond the captured payloads: each becomes the message that handlers expect."""

from datetime import UTC, datetime

import pytest
from payloads import NOW, mp, plain_query, post, wecom, xml_text

from bot.channel import BadDelivery
from handlers.message import Kind, Media, Message, Place


def hear(inner: str, *, msg_type: str, msg_id: str = "<MsgId>7</MsgId>") -> Message:
    body = (
        "<xml><ToUserName>gh_1</ToUserName><FromUserName>oUser1</FromUserName><CreateTime>1760234400</CreateTime>"
        f"<MsgType>{msg_type}</MsgType>{msg_id}{inner}</xml>"
    )
    return mp().parse(post(body.encode(), plain_query())).message


def event(name: str, inner: str = "") -> Message:
    return hear(f"<Event>{name}</Event>{inner}", msg_type="event", msg_id="")


def test_a_text_is_kept_as_it_was_typed() -> None:
    message = mp().parse(post(xml_text("  3栋\n2单元 😀 <b>&amp; "), plain_query())).message
    assert message.text == "  3栋\n2单元 😀 <b>&amp; "
    assert (message.sent_at, message.heard_at) == (datetime(2025, 10, 12, 2, 0, tzinfo=UTC), NOW)


def test_a_64_bit_number_stays_what_it_is() -> None:
    message = mp().parse(post(xml_text(msg_id=str(2**64 - 1)), plain_query())).message
    assert message.id == "msgid:18446744073709551615"


def test_speech_is_text_and_keeps_its_recording() -> None:
    message = hear(
        "<MediaId>m1</MediaId><Format>amr</Format><Recognition>路灯坏了。</Recognition>", msg_type="voice"
    )
    assert (message.kind, message.text) == (Kind.VOICE, "路灯坏了。")
    assert message.media == (Media(Kind.VOICE, "m1", format="amr"),)


def test_a_short_video_is_a_video() -> None:
    message = hear("<MediaId>m1</MediaId><ThumbMediaId>t</ThumbMediaId>", msg_type="shortvideo")
    assert message.media == (Media(Kind.VIDEO, "m1"),)


def test_a_file_has_its_key_and_ending() -> None:
    inner = "<Title>缴费单.PDF</Title><FileKey>k1</FileKey><FileMd5>x</FileMd5><FileTotalLen>9</FileTotalLen>"
    message = hear(inner, msg_type="file")
    assert (message.kind, message.text, message.media) == (
        Kind.FILE,
        "",
        (Media(Kind.FILE, "k1", format="pdf"),),
    )


def test_what_we_do_not_know_is_heard_as_unknown() -> None:
    message = hear("<Title>小程序</Title><PagePath>p</PagePath>", msg_type="miniprogrampage")
    assert (message.kind, message.text, message.event) == (Kind.UNKNOWN, "", "")


@pytest.mark.parametrize(
    ("name", "inner", "event_key", "origin"),
    [
        ("subscribe", "", "", ""),
        ("subscribe", "<EventKey>qrscene_b3u2</EventKey><Ticket>T</Ticket>", "qrscene_b3u2", "b3u2"),
        ("subscribe", "<EventKey>last_trade_no_4008</EventKey>", "last_trade_no_4008", ""),
        ("SCAN", "<EventKey>b3u2</EventKey><Ticket>T</Ticket>", "b3u2", "b3u2"),
        ("CLICK", "<EventKey>报事</EventKey>", "报事", ""),
        ("VIEW", "<EventKey>https://a.example/?x=1</EventKey>", "https://a.example/?x=1", ""),
        (
            "scancode_waitmsg",
            "<EventKey>k</EventKey><ScanCodeInfo><ScanType>qrcode</ScanType>"
            "<ScanResult>https://a.example/p/7</ScanResult></ScanCodeInfo>",
            "k",
            "https://a.example/p/7",
        ),
        ("user_authorization_revoke", "", "", ""),
    ],
)
def test_events(name: str, inner: str, event_key: str, origin: str) -> None:
    message = event(name, inner)
    assert (message.kind, message.event) == (Kind.EVENT, name.lower())
    assert (message.event_key, message.origin) == (event_key, origin)


def test_a_place_chosen_in_the_menu_is_a_place() -> None:
    inner = (
        "<SendLocationInfo><Location_X>30.67</Location_X><Location_Y>104.1</Location_Y><Scale>15</Scale>"
        "<Label>槐树苑</Label></SendLocationInfo>"
    )
    assert event("location_select", "<EventKey>6</EventKey>" + inner).place == Place(30.67, 104.1, "槐树苑")


def test_two_events_of_one_second_are_two() -> None:
    click = event("CLICK", "<EventKey>a</EventKey>")
    assert click.id == "evt:oUser1:1760234400:CLICK:a"
    others = [
        event("CLICK", "<EventKey>b</EventKey>"),
        event("VIEW", "<EventKey>a</EventKey>"),
        event("CLICK"),
    ]
    jobs = [event("TEMPLATESENDJOBFINISH", f"<MsgID>{number}</MsgID>") for number in (1, 2)]
    assert len({message.id for message in [click, *others, *jobs]}) == 6
    assert event("CLICK", "<EventKey>a</EventKey>").id == click.id


def test_ids_stay_short_whatever_the_key() -> None:
    long_ids = {event("VIEW", f"<EventKey>https://a.example/{'x' * 900}{end}</EventKey>").id for end in "ab"}
    assert len(long_ids) == 2
    assert max(map(len, long_ids)) < 100


def test_the_longest_ids_stay_apart_and_fit_the_inbox() -> None:
    longest = {"MsgType": "event", "Event": "e" * 64, "EventKey": "k" * 64, "FromUserName": "o" * 64}
    ids = {
        mp().parse(post(xml_text(msg_id="7" * 63 + end, **longest), plain_query())).message.id for end in "ab"
    }
    assert sorted(map(len, ids)) == [200, 200]


def test_a_message_without_a_number_is_known_by_its_content() -> None:
    one, again, other = (
        hear(f"<Content>{words}</Content>", msg_type="text", msg_id="") for words in ("a", "a", "b")
    )
    assert one.id == again.id != other.id


def test_a_text_that_carries_an_event_is_a_text() -> None:
    message = hear("<Content>好</Content><Event>subscribe</Event>", msg_type="text")
    assert (message.kind, message.event, message.text, message.id) == (Kind.TEXT, "", "好", "msgid:7")


def test_capitals_and_white_space_do_not_hide_an_event() -> None:
    body = (
        "<xml><ToUserName> gh_1 </ToUserName><FromUserName> <![CDATA[oUser1]]> </FromUserName>"
        "<CreateTime> 1760234400 </CreateTime><MsgType> Event </MsgType><Event> subscribe </Event></xml>"
    )
    message = mp().parse(post(body.encode(), plain_query())).message
    assert (message.kind, message.event, message.person) == (Kind.EVENT, "subscribe", "mp:oUser1")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"MsgType", b"MsgTyp"),
        (b"FromUserName", b"FromUser"),
        (b"ToUserName", b"ToUser"),
        (b"<![CDATA[oUser1]]>", b""),
        (b"<![CDATA[oUser1]]>", b"<a>oUser1</a>"),
        (b"<![CDATA[oUser1]]>", b"o\xe4\xba\xba"),
        (b"<![CDATA[oUser1]]>", b"o]]&gt;&lt;x"),
        (b"<![CDATA[oUser1]]>", b"o" * 65),
        (b"<![CDATA[text]]>", b""),
        (b"<![CDATA[text]]>", b"<a/>"),
        (b"<![CDATA[text]]>", b"location"),
        (b"<![CDATA[text]]>", b"event"),
        ("<![CDATA[你好]]>".encode(), b"<b>x</b>"),
        (b"<![CDATA[1760234400]]>", b"soon"),
        (b"<![CDATA[1760234400]]>", b"-1"),
        (b"<![CDATA[1760234400]]>", b"999999999999"),
        (b"<![CDATA[1760234400]]>", "१२".encode()),
        (b"<![CDATA[1760234400]]>", b"<x/><x/>"),
        (b"<![CDATA[6054768590064713728]]>", b"<n>1</n>"),
        (b"<![CDATA[6054768590064713728]]>", b"1 OR 1"),
        (b"<![CDATA[6054768590064713728]]>", b"9" * 65),
        (b"</xml>", b"<Content>zwei</Content></xml>"),
    ],
)
def test_a_missing_or_wrong_field_is_refused(old: bytes, new: bytes) -> None:
    body = xml_text()
    assert old in body
    with pytest.raises(BadDelivery) as refused:
        mp().parse(post(body.replace(old, new), plain_query()))
    assert refused.value.status == 400


@pytest.mark.parametrize("latitude", ["", "nan", "inf", "91", "x", "<a>1</a>"])
def test_a_place_that_is_none_is_refused(latitude: str) -> None:
    inner = f"<Location_X>{latitude}</Location_X><Location_Y>104</Location_Y><Label>x</Label>"
    with pytest.raises(BadDelivery) as refused:
        hear(inner, msg_type="location")
    assert refused.value.status == 400


def test_both_channels_declare_what_they_can() -> None:
    assert (mp().capabilities.push, mp().capabilities.max_reply_bytes) == (True, 2048)
    assert wecom().capabilities.push
