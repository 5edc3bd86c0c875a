"""Signatures and sealed envelopes, with wechatpy as the independent peer."""

from base64 import b64encode
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from payloads import AES_KEY, APP_ID, OLD_AES_KEY, TOKEN, mp, seal, sign, wecom
from wechatpy.crypto import WeChatCrypto

from bot.channel import BadDelivery
from bot.channels.envelope import Envelope, Key, matches, signature

ENVELOPE = Envelope(TOKEN, (AES_KEY, OLD_AES_KEY), APP_ID)
PEERS = [WeChatCrypto(TOKEN, key, APP_ID) for key in (AES_KEY, OLD_AES_KEY)]


def test_signature_of_the_official_document() -> None:
    assert signature("AAAAA", "1714036504", "1514711492") == "f464b24fc39322e44b38aa78f5edd27bd1441696"


@given(st.text(st.characters(codec=None)), st.text(st.characters(codec=None)))
def test_any_text_may_be_offered_as_a_signature(given: str, nonce: str) -> None:
    assert not matches(given, TOKEN, "1", nonce)


@given(st.text(), st.sampled_from([0, 1]))
def test_what_wechatpy_seals_we_open_and_the_other_way_round(words: str, number: int) -> None:
    peer = PEERS[number]
    theirs = peer.encrypt_message(words, "7", "1760234400").partition("<Encrypt><![CDATA[")[2]
    plain, key = ENVELOPE.open(theirs.partition("]]>")[0])
    assert plain.decode() == words
    assert key is ENVELOPE.keys[number]
    ours = ENVELOPE.encrypt(plain, key)
    assert peer.decrypt_message({"Encrypt": ours}, sign(TOKEN, "1", "2", ours), "1", "2") == words


def test_two_sealings_of_the_same_words_differ() -> None:
    assert ENVELOPE.encrypt(b"x", ENVELOPE.keys[0]) != ENVELOPE.encrypt(b"x", ENVELOPE.keys[0])


def reason(sealed: str, envelope: Envelope = ENVELOPE) -> str:
    with pytest.raises(BadDelivery) as refused:
        envelope.open(sealed)
    assert refused.value.status in (400, 403)
    return refused.value.reason


@pytest.mark.parametrize(
    ("sealed", "told"),
    [
        ("", "bad_ciphertext"),
        ("AAAA", "bad_ciphertext"),
        (b64encode(b"x" * 16).decode(), "bad_ciphertext"),
        (b64encode(b"x" * 33).decode(), "bad_ciphertext"),
        (b64encode(b"x" * 64).decode(), "undecipherable"),
        ("*" * 64, "bad_base64"),
        ("AAAA=AAA", "bad_base64"),
        ("汉" * 44, "bad_base64"),
        (seal(b"x", receive_id="wxother"), "foreign_receive_id"),
        (seal(b"x", receive_id=""), "foreign_receive_id"),
        (seal(b"x", receive_id=APP_ID + "x"), "foreign_receive_id"),
        (seal(b"x", key="B" * 42 + "A"), "undecipherable"),
        # 1 + 16 + 4 + 18 = 39 bytes: 25 are missing to the next block
        (seal(b"x", pad=bytes(24) + b"\x19"), "undecipherable"),
        (seal(b"x", pad=b"\x19" * 23 + b"\x18\x19"), "undecipherable"),
        (seal(b"x", pad=b"\x00" * 25), "undecipherable"),
        (seal(b"x", pad=b"\x21" * 25), "undecipherable"),
        (seal(b"x", pad=b"\xff" * 25), "undecipherable"),
    ],
)
def test_what_is_no_envelope_for_us(sealed: str, told: str) -> None:
    assert reason(sealed) == told


def test_a_length_beyond_the_end_is_refused() -> None:
    """All of the content is padding, or claims to be longer than it is."""
    cipher = ENVELOPE.keys[0].cipher
    only_padding = cipher.encrypt(b"\x20" * 32)
    too_long = cipher.encrypt(b"r" * 16 + b"\xff\xff\xff\xff" + b"\x0c" * 12)
    for raw in (only_padding, too_long):
        assert reason(b64encode(raw).decode()) == "undecipherable"


@given(st.binary(max_size=200))
def test_no_bytes_break_the_opening(raw: bytes) -> None:
    with pytest.raises(BadDelivery):
        ENVELOPE.open(b64encode(raw).decode())


def test_nothing_is_opened_without_key_app_id_or_token() -> None:
    assert reason(seal(b"x"), Envelope(TOKEN, ("", ""), APP_ID)) == "no_aes_key"
    assert reason(seal(b"x"), Envelope(TOKEN, (AES_KEY,), "")) == "no_app_id"
    with pytest.raises(BadDelivery, match="no_token"):
        Envelope("", (), APP_ID).check(sign("", "1", "2"), "1", "2")


@pytest.mark.parametrize("key", ["A" * 42, "A" * 44, "汉" * 43, "A" * 42 + "!", "A" * 42 + "="])
def test_a_wrong_key_is_told_in_chinese(key: str) -> None:
    with pytest.raises(ValueError, match=r"EncodingAESKey.*43"):
        Key.read(key)


def test_a_wrong_key_of_an_account_names_the_account() -> None:
    for make in (mp, wecom):
        with pytest.raises(ValueError, match=r"账号「mp」.*EncodingAESKey"):
            make(replace(mp().account, aes_key_old="zu kurz"))
