"""The simulator delivers as WeChat does: signed, encrypted, in five seconds, three times at most."""

import json
from collections.abc import Iterator

import pytest
from sim_standin import BUDGET_S, MP, Rig, Standin, rigged, text_reply, waited
from starlette.responses import Response

from bot.sim import crypto, wire

FAULT = "该公众号提供的服务出现故障，请稍后再试"


@pytest.fixture(scope="module")
def shared() -> Iterator[Rig]:
    with rigged() as rig:
        yield rig


@pytest.fixture
def rig(shared: Rig) -> Rig:
    fresh = Standin()
    for name in ("reply", "heard", "queries", "bodies", "encrypt_reply", "late"):
        setattr(shared.bot, name, getattr(fresh, name))
    shared.world.reset()
    for account in shared.world.accounts.values():
        account.mode, account.format = "safe", "xml"
    return shared


@pytest.mark.parametrize("mode", ["plain", "compat", "safe"])
def test_message_and_answer_in_each_mode(rig: Rig, mode: str) -> None:
    assert rig.post("/sim/account", account="mp", mode=mode)["mode"] == mode
    told = rig.say("3栋2单元楼道灯坏了")
    assert (told["delivered"], told["attempts"], told["reply"]) == (True, 1, "收到：3栋2单元楼道灯坏了")
    assert told["mode"] == ("plain" if mode == "plain" else "aes")
    assert rig.bot.heard[0]["FromUserName"] == rig.openid()
    assert rig.bot.heard[0]["MsgId"].isdigit()
    assert ("Encrypt" in rig.bot.bodies[0]) == (mode != "plain")
    assert ("楼道灯" in rig.bot.bodies[0]) == (mode != "safe")
    assert rig.bot.queries[0]["openid"] == rig.openid()
    assert [one["text"] for one in rig.bubbles()] == ["3栋2单元楼道灯坏了", "收到：3栋2单元楼道灯坏了"]


def test_json_push_takes_json_or_xml_back(rig: Rig) -> None:
    rig.post("/sim/account", account="mp", mode="plain", format="json")
    assert rig.say("你好")["reply"] == "收到：你好", "XML is welcome too"
    sent = json.loads(rig.bot.bodies[0])
    assert isinstance(sent["MsgId"], str) and isinstance(sent["CreateTime"], int)

    def in_json(fields: dict[str, str]) -> bytes:
        names = {"ToUserName": fields["FromUserName"], "FromUserName": fields["ToUserName"]}
        return json.dumps({**names, "CreateTime": 1, "MsgType": "text", "Content": "好"}).encode()

    rig.bot.reply = in_json
    assert rig.say("你好")["reply"] == "好"
    rig.post("/sim/account", account="mp", format="xml")
    assert "XML" in rig.say("你好")["fault"]


def test_worker_message_is_always_encrypted_and_carries_the_agent(rig: Rig) -> None:
    told = rig.say("受理 241120-001", account="work", user="zhangsan")
    assert told["reply"] == "收到：受理 241120-001"
    assert rig.bot.heard[0]["AgentID"] == "1000002"
    assert rig.bot.heard[0]["FromUserName"] == "zhangsan"
    assert "<AgentID>" in rig.bot.bodies[0]
    assert set(rig.bot.queries[0]) == {"timestamp", "nonce", "msg_signature"}
    assert rig.post("/sim/account", account="work", mode="plain")["status"] == 400


def test_three_deliveries_then_the_fault_line(rig: Rig) -> None:
    rig.bot.late = [9, 9, 9]
    told = rig.say("有人吗")
    assert (told["delivered"], told["attempts"], told["reply"]) == (False, 3, None)
    assert len({one["MsgId"] for one in rig.bot.heard}) == 1
    assert len({one["CreateTime"] for one in rig.bot.heard}) == 1
    assert len({query["nonce"] for query in rig.bot.queries}) == 3
    assert rig.bubbles()[-1]["text"] == FAULT
    network = rig.sim.get("/sim/state").json()["network"]
    assert [one["attempt"] for one in network] == [1, 2, 3]
    assert not any(one["good"] for one in network)
    assert all(one["latency_ms"] >= BUDGET_S * 1000 - 5 for one in network)


def test_the_answer_to_a_retry_is_shown_once(rig: Rig) -> None:
    rig.bot.late = [9]
    told = rig.say("有人吗")
    assert (told["delivered"], told["attempts"], told["reply"]) == (True, 2, "收到：有人吗")
    assert [one["text"] for one in rig.bubbles()] == ["有人吗", "收到：有人吗"]


@pytest.mark.parametrize("silent", [b"success", b"", b" success\n"])
def test_success_and_nothing_are_silence(rig: Rig, silent: bytes) -> None:
    rig.bot.reply = lambda fields: silent
    told = rig.say()
    assert (told["delivered"], told["reply"], told["kind"]) == (True, "", "silent")
    assert len(rig.bubbles()) == 1


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (b'{"msg":"hi"}', "XML"),
        (b"ok", "XML"),
        (b"<xml><a></xml>", "XML"),
        (b"\xff\xfe", "UTF-8"),
        (b'<!DOCTYPE x [<!ENTITY a "b">]><xml><MsgType>text</MsgType></xml>', "DOCTYPE"),
        (b"<xml><MsgType>text</MsgType><MsgType>news</MsgType></xml>", "两次"),
        (Response("no", status_code=500), "HTTP 500"),
        (text_reply("somebody", "gh", "hi").encode(), "加密"),
    ],
)
def test_bad_answers_are_the_fault_line_at_once(rig: Rig, answer: bytes | Response, why: str) -> None:
    rig.bot.reply = lambda fields: answer
    told = rig.say()
    assert (told["delivered"], told["attempts"]) == (False, 1)
    assert why in told["fault"]
    assert rig.bubbles()[-1]["text"] == FAULT


def test_answers_must_be_to_the_asker_and_of_a_known_type(rig: Rig) -> None:
    rig.post("/sim/account", account="mp", mode="plain")
    gh = rig.world.accounts["mp"].original
    for body, why in (
        (text_reply("oOther", gh, "hi"), "ToUserName"),
        (text_reply(rig.openid(), "gh_x", "hi"), "FromUserName"),
        (text_reply(rig.openid(), gh, " "), "Content"),
        (text_reply(rig.openid(), gh, "好" * 683), "2049"),
        (text_reply(rig.openid(), gh, "hi").replace("[text]", "[poem]"), "poem"),
    ):
        rig.bot.reply = lambda fields, body=body: body.encode()
        assert why in rig.say()["fault"]
    rig.bot.reply = lambda fields: text_reply(rig.openid(), gh, "好" * 682).encode()
    assert rig.say()["delivered"]


def test_encryption_of_answers_follows_the_mode(rig: Rig) -> None:
    rig.bot.encrypt_reply = False
    assert "加密" in rig.say()["fault"]
    rig.post("/sim/account", account="mp", mode="compat")
    assert rig.say("好")["reply"] == "收到：好"
    rig.post("/sim/account", account="mp", mode="plain")
    rig.bot.encrypt_reply = True
    assert "密文" in rig.say()["fault"]


def test_forged_encrypted_answer_is_refused(rig: Rig) -> None:
    inner = crypto.encrypt("<xml/>", MP.aes_key, MP.app_id)
    forged = wire.to_xml({"Encrypt": inner, "MsgSignature": "0" * 40, "TimeStamp": 1, "Nonce": "2"})
    rig.bot.reply = lambda fields: forged.encode()
    assert "MsgSignature" in rig.say()["fault"]
    other = crypto.encrypt("<xml/>", MP.aes_key, "wxother")
    signed = crypto.sign(MP.token, "1", "2", other)
    rig.bot.reply = lambda fields: wire.to_xml(
        {"Encrypt": other, "MsgSignature": signed, "TimeStamp": 1, "Nonce": "2"}
    ).encode()
    assert "wxother" in rig.say()["fault"]


def test_three_copies_at_once_share_the_id_and_show_one_answer(rig: Rig) -> None:
    told = rig.say("手快点了三下", copies=3)
    assert (told["attempts"], len(told["replies"])) == (3, 3)
    assert len({one["MsgId"] for one in rig.bot.heard}) == 1
    texts = [one["text"] for one in rig.bubbles()]
    assert texts[:2] == ["手快点了三下", "收到：手快点了三下"]
    assert "一致" in texts[2]
    numbers = iter("123")
    rig.bot.reply = lambda fields: next(numbers)
    rig.say("又来", copies=3)
    assert "3 种不同" in rig.bubbles()[-1]["text"]


def test_an_answer_lost_on_the_way_is_delivered_again(rig: Rig) -> None:
    rig.post("/sim/fault", path="/callback/mp", times=2)
    told = rig.say("听得见吗")
    assert (told["attempts"], told["reply"]) == (3, "收到：听得见吗")
    assert len(rig.bot.heard) == 3


def test_every_kind_of_message(rig: Rig) -> None:
    assert rig.say("屋里一股臭鸡蛋味", type="voice")["delivered"]
    assert rig.say("lamp", type="image")["delivered"]
    assert rig.say("小区东门", type="location")["delivered"]
    assert rig.say("公告", type="link", url="https://example.org/a")["delivered"]
    voice, image, location, link = rig.bot.heard
    assert (voice["MsgType"], voice["Recognition"], voice["Format"]) == ("voice", "屋里一股臭鸡蛋味", "amr")
    picture = rig.sim.get(image["PicUrl"])
    assert picture.content[:3] == b"\xff\xd8\xff" and picture.headers["content-type"] == "image/jpeg"
    downloaded = rig.call("GET", "/cgi-bin/media/get", params={"media_id": image["MediaId"]})
    assert downloaded.content == picture.content
    assert (location["Label"], location["Location_X"]) == ("槐树苑小区东门", "30.66532")
    assert (link["Title"], link["Url"]) == ("公告", "https://example.org/a")
    assert rig.say("poem", type="poem")["status"] == 400
    assert "照片" in rig.say("nothing", type="image")["error"]
    assert rig.say("  ")["status"] == 400


def test_follow_scan_unfollow(rig: Rig) -> None:
    rig.post("/sim/event", account="mp", user="wang", event="unsubscribe")
    assert "关注" in rig.say()["error"]
    rig.post("/sim/event", account="mp", user="wang", event="scan", scene="3栋门口")
    rig.post("/sim/event", account="mp", user="wang", event="scan", scene="3栋门口")
    rig.post("/sim/event", account="mp", user="wang", event="click", key="报事")
    events = [(one["Event"], one.get("EventKey")) for one in rig.bot.heard]
    assert events == [
        ("unsubscribe", ""),
        ("subscribe", "qrscene_3栋门口"),
        ("SCAN", "3栋门口"),
        ("CLICK", "报事"),
    ]
    assert rig.bot.heard[1]["Ticket"] == rig.bot.heard[2]["Ticket"]
    assert waited(lambda: rig.world.people.find("wang").subscribed)  # type: ignore[union-attr]


def test_address_check(rig: Rig) -> None:
    told = rig.post("/sim/verify")
    assert told["ok"], told
    assert [one["account"] for one in told["results"]] == ["mp", "quiet", "work"]


def test_wrong_use_is_told_in_chinese(rig: Rig) -> None:
    assert "没有叫「nobody」的人" in rig.say(user="nobody")["error"]
    assert "没有账号" in rig.say(account="none")["error"]
    assert "王婆婆" in rig.say(account="work")["error"]
    assert rig.sim.post("/sim/say", content=b"{").status_code == 400
    assert rig.sim.post("/sim/say", json=[1]).status_code == 400
    assert rig.sim.post("/sim/reset", headers={"Origin": "http://evil.example"}).status_code == 403
    assert rig.sim.post("/sim/reset", headers={"Origin": rig.url}).status_code == 200


def test_unreachable_service_is_three_attempts(rig: Rig) -> None:
    was = rig.world.carrier.bot_url
    rig.world.carrier.bot_url = "http://127.0.0.1:9"
    try:
        told = rig.say()
    finally:
        rig.world.carrier.bot_url = was
    assert (told["attempts"], told["delivered"]) == (3, False)
    assert "连不上" in told["fault"]


def test_load_is_bounded_and_counts_everything(rig: Rig) -> None:
    told = rig.post("/sim/load", users=5, rate=100000, seconds=0.3)
    assert told["sent"] == 60 == told["answered"] + told["silent"] + told["faults"]
    assert told["faults"] == 0 and told["p99_ms"] > 0
    senders = {one["FromUserName"] for one in rig.bot.heard}
    assert len(senders) == 5
    assert "公众号" in rig.post("/sim/load", account="work")["error"]
    assert not any(one["id"].startswith("load") for one in rig.sim.get("/sim/state").json()["users"])
