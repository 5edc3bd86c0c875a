"""The simulator's own cryptography against vectors the platforms and other libraries published.

Vectors: official docs (公众平台 and 企业微信 消息加解密) and WxJava `WxCryptUtilTest` (Apache-2.0).
"""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from wechatpy.crypto import WeChatCrypto

from bot.sim import crypto, wire
from bot.sim.demo_accounts import demo_environment

KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
REPLY_JSON = "ELGduP2YcVatjqIS+eZbp80MNLoAUWvzzyJxgGzxZO/5sAvd070Bs6qrLARC9nVHm48Y4hyRbtzve1L32tmxSQ=="


def test_signature_of_the_documents() -> None:
    assert crypto.sign("AAAAA", "1714036504", "1514711492") == "f464b24fc39322e44b38aa78f5edd27bd1441696"


def test_encrypts_exactly_as_published() -> None:
    made = crypto.encrypt(
        '{"demo_resp":"good luck"}', "A" * 43, "wxba5fad812f8e6fb9", random=b"707722b803182950"
    )
    assert made == REPLY_JSON
    assert crypto.sign("AAAAA", "1713424427", "415670741", made) == "1b9339964ed2e271e7c7b6ff2b0ef902fc94dea1"


def test_reads_the_echo_of_the_wecom_demo() -> None:
    echo = "P9nAzCzyDtyTWESHep1vC5X9xho/qYX3Zpb4yKa9SKld1DsH3Iyt3tP3zNdtp+4RPcs8TgAE7OaBO+FZXvnaqQ=="
    key = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
    assert crypto.decrypt(echo, key, "wx5823bf96d3bd56c7") == "1616140317555161061"
    with pytest.raises(crypto.BadSecret, match="AppID"):
        crypto.decrypt(echo, key, "wxother")


@pytest.mark.parametrize(
    "broken", ["", "%%%", "AAAA", REPLY_JSON[:-24], "A" * 88, REPLY_JSON[:10] + "B" + REPLY_JSON[11:]]
)
def test_broken_ciphertext_is_told(broken: str) -> None:
    with pytest.raises(crypto.BadSecret):
        crypto.decrypt(broken, "A" * 43, "wxba5fad812f8e6fb9")


@given(st.text(max_size=300).filter(lambda text: "\x00" not in text))
def test_wechatpy_reads_what_we_write(text: str) -> None:
    encrypted = crypto.encrypt(text, KEY, "wxdemo")
    xml = wire.to_xml({"Encrypt": encrypted})
    signature = crypto.sign("token", "1", "2", encrypted)
    assert WeChatCrypto("token", KEY, "wxdemo").decrypt_message(xml, signature, "1", "2") == text
    assert crypto.decrypt(encrypted, KEY, "wxdemo") == text


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=100))
@example("<!DOCTYPE html>")
@example("]]><!ENTITY")
def test_xml_keeps_every_word(text: str) -> None:
    assert wire.read_xml(wire.to_xml({"Content": text}))["Content"] == text


def test_demo_secrets_have_the_platforms_shape() -> None:
    made = demo_environment(["mp", "work"])
    assert made["LINLI_WEIXIN_API"] == made["LINLI_QYAPI"] == "http://127.0.0.1:8001"
    assert len(crypto.key_of(made["LINLI_ACCOUNT_MP_AES_KEY"])) == 32
    assert len(made["LINLI_ACCOUNT_MP_AES_KEY"]) == 43
    assert made["LINLI_ACCOUNT_MP_TOKEN"] != made["LINLI_ACCOUNT_WORK_TOKEN"]
    assert made == demo_environment(["mp", "work"])
    assert set(made) == {"LINLI_WEIXIN_API", "LINLI_QYAPI"} | {
        f"LINLI_ACCOUNT_{code}_{name}"
        for code in ("MP", "WORK")
        for name in ("TOKEN", "AES_KEY", "APP_ID", "SECRET", "AGENT_ID")
    }
