"""Every captured payload of 公众号 and 企业微信 is read as its manifest says."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from payloads import account_of, body_of, entries, entry, mp, posted, sealed_part, wecom

from bot.channel import BadDelivery, Heard
from bot.channels.envelope import Envelope, signature
from bot.channels.reading import read
from handlers.message import Kind, Turn

MP = [*entries("mp_plain", "mp_aes", "mp_compat", "mp_json")]
WECOM = [*entries("wecom_aes")]
GOLDEN = [*entries("golden")]
KINDS = {kind.value: kind for kind in Kind} | {"shortvideo": Kind.VIDEO}


def name_of(entry: dict[str, Any]) -> str:
    return str(entry["id"])


def read_fields(entry: dict[str, Any]) -> Any:
    """The fields by the lower layers alone, white space and all."""
    body = body_of(entry)
    if entry["mode"] != "plain":
        creds = entry["creds"]
        body, _ = Envelope(creds["token"], (creds["aes_key"],), creds["receive_id"]).open(sealed_part(body))
    return read(body)[0]


def check_message(heard: Heard, entry: dict[str, Any], channel: str) -> None:
    expected, message = entry["expected"], heard.message
    raw = expected["raw"]
    assert message.channel == channel
    assert message.person == message.chat == f"mp:{expected['from']}"
    assert message.kind is KINDS.get(expected["msg_type"], Kind.UNKNOWN)
    assert message.sent_at == datetime.fromtimestamp(expected["create_time"], UTC)
    assert message.event == expected.get("event", "").lower()
    assert message.event_key == (raw.get("EventKey", "").strip() if message.event else "")
    if message.event:  # events of one second are told apart by what follows
        told_apart = [message.event_key, expected.get("msg_id", ""), raw.get("AgentID", "")]
        assert message.id == ":".join([expected["dedup_key"], *filter(None, told_apart)])
    else:
        assert message.id == expected["dedup_key"] == f"msgid:{expected['msg_id']}"
    check_content(message, raw)


def check_content(message: Any, raw: dict[str, Any]) -> None:
    match message.kind:
        case Kind.TEXT:
            assert message.text == raw["Content"]
        case Kind.VOICE:
            assert message.text == raw.get("Recognition", "")
            assert (message.media[0].media_id, message.media[0].format) == (
                raw["MediaId"],
                raw["Format"].lower(),
            )
        case Kind.IMAGE:
            assert (message.media[0].url, message.media[0].media_id) == (
                raw["PicUrl"],
                raw.get("MediaId", ""),
            )
        case Kind.VIDEO:
            assert message.media[0].media_id == raw["MediaId"]
        case Kind.LINK:
            assert (message.text, message.media[0].url) == (raw["Title"], raw["Url"])
        case Kind.LOCATION:
            assert message.place is not None
            assert message.place.latitude == float(raw["Location_X"])
            assert message.place.longitude == float(raw["Location_Y"])
            assert message.text == message.place.label == raw["Label"]
        case Kind.UNKNOWN:
            assert (message.text, message.media) == ("", ())


def test_the_payloads_are_all_here() -> None:
    assert (len(MP), len(WECOM), len(GOLDEN)) == (76, 12, 17)


@pytest.mark.parametrize("entry", [*MP, *WECOM], ids=name_of)
def test_fields_are_read_as_they_were_written(entry: dict[str, Any]) -> None:
    raw = entry["expected"]["raw"]
    # Numbers of JSON and XML alike are text to us.
    assert read_fields(entry) == raw


@pytest.mark.parametrize("entry", MP, ids=name_of)
def test_official_account_payload(entry: dict[str, Any]) -> None:
    channel = mp(account_of(entry))
    heard = channel.parse(posted(entry))
    check_message(heard, entry, "wechat_mp")
    answer = channel.render(Turn(("好的",)), heard)
    assert (b"Encrypt" in answer) is (entry["mode"] != "plain")
    assert answer.startswith(b"{") is (entry["group"] == "mp_json")
    assert channel.render(Turn(), heard) == b"success"


@pytest.mark.parametrize("entry", WECOM, ids=name_of)
def test_wecom_payload(entry: dict[str, Any]) -> None:
    channel = wecom(account_of(entry))
    heard = channel.parse(posted(entry))
    check_message(heard, entry, "wecom")
    assert b"Encrypt" in channel.render(Turn(("好的",)), heard)


@pytest.mark.parametrize("entry", [e for e in GOLDEN if e["kind"].startswith("verify")], ids=name_of)
def test_published_address_checks(entry: dict[str, Any]) -> None:
    channel = mp(account_of(entry)) if entry["kind"] == "verify_plain" else wecom(account_of(entry))
    if entry["expected"].get("reject"):
        with pytest.raises(BadDelivery) as refused:
            channel.verify(posted(entry))
        assert refused.value.status == 403
        return
    answer = channel.verify(posted(entry))
    assert answer == entry["expected"].get("body", "5927782489442352469").encode()


@pytest.mark.parametrize("entry", [e for e in GOLDEN if e["kind"].startswith("message")], ids=name_of)
def test_published_messages(entry: dict[str, Any]) -> None:
    expected = entry["expected"]
    then = datetime.fromtimestamp(int(entry["request"]["query"]["timestamp"]), UTC)
    if expected.get("platform") == "wecom":
        channel: Any = wecom(account_of(entry), now=lambda: then)
    else:
        channel = mp(account_of(entry), now=lambda: then)
    if expected.get("reject"):
        with pytest.raises(BadDelivery) as refused:
            channel.parse(posted(entry))
        assert refused.value.status == 403
        return
    message = channel.parse(posted(entry)).message
    assert message.event == expected.get("event", "")
    assert message.kind is KINDS[expected.get("msg_type", "text")]
    if "from" in expected:
        assert message.person == f"mp:{expected['from']}"
    if "msg_id" in expected:
        assert message.id == f"msgid:{expected['msg_id']}"
    if "fields" in expected:
        assert message.text == expected["fields"]["Content"]


def test_the_published_recording_is_stale_today_and_read_with_the_window_off() -> None:
    recorded = entry("official_debug_demo_json_plain")
    with pytest.raises(BadDelivery, match="stale"):
        mp(account_of(recorded)).parse(posted(recorded))
    assert mp(account_of(recorded), freshness_s=0).parse(posted(recorded)).message.event == "debug_demo"


@pytest.mark.parametrize("entry", [e for e in GOLDEN if "random" in e["expected"]], ids=name_of)
def test_published_sealings_come_out_to_the_byte(entry: dict[str, Any]) -> None:
    creds, expected = entry["creds"], entry["expected"]
    random16 = expected["random"].encode()
    envelope = Envelope(creds["token"], (creds["aes_key"],), creds["receive_id"], random16=lambda: random16)
    sealed = envelope.encrypt(expected["plaintext"].encode(), envelope.keys[0])
    assert sealed == sealed_part(body_of(entry))
    query = entry["request"]["query"]
    if query:
        signed = signature(creds["token"], query["timestamp"], query["nonce"], sealed)
        assert signed == query["msg_signature"]


def test_the_published_encrypted_answer_comes_out_as_a_whole() -> None:
    vector = entry("official_reply_json_aes")
    creds, expected = vector["creds"], vector["expected"]
    envelope = Envelope(
        creds["token"],
        (creds["aes_key"],),
        creds["receive_id"],
        random16=lambda: expected["random"].encode(),
        nonce=lambda: str(vector["request"]["query"]["nonce"]),
    )
    made = envelope.seal(expected["plaintext"].encode(), envelope.keys[0], moment=1713424427, as_json=True)
    assert json.loads(made) == json.loads(body_of(vector))
