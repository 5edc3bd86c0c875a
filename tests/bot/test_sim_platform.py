"""The fake platform APIs answer as documented: tokens, windows, templates, menus, codes, files, members."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from sim_standin import MP, QUIET, WORK, Rig, Standin, rigged, waited

OK = {"errcode": 0, "errmsg": "ok"}


@pytest.fixture(scope="module")
def shared() -> Iterator[Rig]:
    with rigged() as rig:
        yield rig


@pytest.fixture
def rig(shared: Rig) -> Rig:
    assert waited(lambda: not shared.world.busy), "events of the test before have all been delivered"
    shared.bot.reply = lambda fields: None
    for name in ("heard", "queries", "bodies"):
        setattr(shared.bot, name, getattr(Standin(), name))
    shared.world.reset()
    shared.world.tokens.__init__(shared.world.clock)  # type: ignore[misc]
    return shared


def custom(rig: Rig, text: str = "您好", user: str = "wang", **more: Any) -> dict[str, Any]:
    body = {"touser": rig.openid(user), "msgtype": "text", "text": {"content": text}, **more}
    return rig.api("/cgi-bin/message/custom/send", body)


def template(rig: Rig, **more: Any) -> dict[str, Any]:
    data = {"character_string1": "241120-001", "thing2": "楼道灯", "time3": "2026年11月20日 15:01"}
    body = {
        "touser": rig.openid(),
        "template_id": "TPL1",
        "url": "https://example.org/r/1",
        "data": {key: {"value": value} for key, value in {**data, **more.pop("data", {})}.items()},
        **more,
    }
    return rig.api("/cgi-bin/message/template/send", body)


def test_window_of_48_hours_and_five_messages(rig: Rig) -> None:
    assert custom(rig)["errcode"] == 45015
    rig.say("在吗")
    assert [custom(rig, str(number))["errcode"] for number in range(6)] == [0, 0, 0, 0, 0, 45047]
    rig.say("还在吗")
    rig.post("/sim/clock", offset=48 * 3600 - 60)
    assert custom(rig)["errcode"] == 0
    rig.post("/sim/clock", add=120)
    answer = custom(rig)
    assert answer["errcode"] == 45015
    assert answer["errmsg"].startswith("response out of time limit or subscription is canceled rid: ")
    pushed = rig.sim.get("/sim/outbox", params={"user": "王婆婆"}).json()["pushes"]
    assert [one["text"] for one in pushed] == ["0", "1", "2", "3", "4", "您好"]


def test_window_of_a_minute_after_a_click(rig: Rig) -> None:
    rig.post("/sim/event", account="mp", user="wang", event="click", key="报事")
    assert [custom(rig)["errcode"] for _ in range(4)] == [0, 0, 0, 45047]
    rig.post("/sim/clock", add=61)
    assert custom(rig)["errcode"] == 45015
    rig.say("hi")
    rig.post("/sim/event", account="mp", user="wang", event="unsubscribe")
    assert custom(rig)["errcode"] == 45015


def test_custom_message_is_checked(rig: Rig) -> None:
    rig.say("hi")
    assert custom(rig, touser="oNobody")["errcode"] == 40003
    assert custom(rig, "好" * 683)["errcode"] == 45002
    assert custom(rig, "")["errcode"] == 44004
    assert custom(rig, msgtype="poem")["errcode"] == 40008
    assert custom(rig, msgtype="image", image={"media_id": "none"})["errcode"] == 40007
    body = {"touser": rig.openid(), "msgtype": "text", "text": {"content": "您好"}}
    token = {"access_token": rig.token()}
    escaped = rig.sim.post("/cgi-bin/message/custom/send", params=token, content=json.dumps(body).encode())
    assert escaped.json()["errcode"] == 40033
    assert rig.sim.post("/cgi-bin/message/custom/send", params=token, content=b"{").json()["errcode"] == 47001
    refused = rig.api("/cgi-bin/message/custom/send", body, QUIET)
    assert refused["errcode"] == 48001
    menu = {"head_content": "您要？", "list": [{"id": "1", "content": "报事"}], "tail_content": ""}
    assert custom(rig, msgtype="msgmenu", msgmenu=menu) == OK
    assert rig.bubbles()[-1]["more"]["choices"] == [{"id": "1", "content": "报事"}]
    typing = {"touser": rig.openid(), "command": "Typing"}
    assert rig.api("/cgi-bin/message/custom/typing", typing) == OK


def test_template_is_shown_and_reported_back(rig: Rig) -> None:
    answer = template(rig)
    assert answer["errcode"] == 0
    bubble = rig.bubbles()[-1]
    assert (bubble["kind"], bubble["text"], bubble["via"]) == ("template", "进度通知", "push")
    assert bubble["more"]["rows"][:2] == [["编号", "241120-001"], ["事项", "楼道灯"]]
    assert bubble["more"]["url"] == "https://example.org/r/1"
    assert waited(lambda: bool(rig.bot.heard))
    finished = rig.bot.heard[0]
    assert (finished["Event"], finished["MsgID"], finished["Status"]) == (
        "TEMPLATESENDJOBFINISH",
        str(answer["msgid"]),
        "success",
    )


def test_same_client_msg_id_is_sent_once_in_ten_minutes(rig: Rig) -> None:
    first = template(rig, client_msg_id="n-1")
    assert template(rig, client_msg_id="n-1")["msgid"] == first["msgid"]
    assert len(rig.bubbles()) == 1
    rig.post("/sim/clock", add=601)
    assert template(rig, client_msg_id="n-1")["msgid"] != first["msgid"]
    assert len(rig.bubbles()) == 2


@pytest.mark.parametrize(
    ("keyword", "value"),
    [
        ("thing2", "一" * 21),
        ("thing2", "两行\n字"),
        ("character_string1", "编号001"),
        ("character_string1", "1" * 33),
        ("time3", "明天下午"),
        ("time3", "25:00"),
    ],
)
def test_value_that_does_not_fit_is_47003(rig: Rig, keyword: str, value: str) -> None:
    answer = template(rig, data={keyword: value})
    assert answer["errcode"] == 47003
    assert answer["errmsg"].startswith(f"argument invalid! data.{keyword}.value invalid")
    assert rig.bubbles() == []


@pytest.mark.parametrize("value", ["15:01", "2019-10-01 15:01", "2019年10月1日 15:01~2019年10月2日 08:00"])
def test_times_of_the_platform_fit(rig: Rig, value: str) -> None:
    assert template(rig, data={"time3": value})["errcode"] == 0


def test_template_refusals(rig: Rig) -> None:
    assert template(rig, data={"thing2": ""})["errmsg"].startswith(
        "argument invalid! data.thing2.value is empty"
    )
    assert template(rig, template_id="other")["errcode"] == 40037
    rig.post("/sim/event", account="mp", user="wang", event="unsubscribe")
    assert template(rig)["errcode"] == 43004
    listed = rig.call("GET", "/cgi-bin/template/get_all_private_template").json()["template_list"]
    assert [(one["template_id"], one["title"]) for one in listed] == [("TPL1", "进度通知")]
    assert "{{thing2.DATA}}" in listed[0]["content"]


def test_tokens(rig: Rig) -> None:
    asked = {"grant_type": "client_credential", "appid": MP.app_id, "secret": MP.secret}
    first = rig.sim.get("/cgi-bin/token", params=asked).json()
    second = rig.sim.get("/cgi-bin/token", params=asked).json()
    assert first["access_token"] != second["access_token"] and first["expires_in"] == 7200
    assert len(first["access_token"]) == 136

    def works(token: str) -> int:
        return int(
            rig.sim.get("/cgi-bin/getcallbackip", params={"access_token": token}).json().get("errcode", 0)
        )

    assert works(first["access_token"]) == 0
    rig.post("/sim/clock", add=301)
    assert (works(first["access_token"]), works(second["access_token"])) == (42001, 0)
    stable = rig.token()
    assert rig.token() == stable
    assert works(stable) == works(second["access_token"]) == 0, "the stable one leaves the plain one alone"
    again = {**asked, "force_refresh": True}
    forced = rig.sim.post("/cgi-bin/stable_token", json=again).json()["access_token"]
    assert forced != stable
    assert rig.sim.post("/cgi-bin/stable_token", json=again).json()["access_token"] == forced, "30 s apart"
    assert rig.token() == forced
    rig.post("/sim/clock", add=7200)
    assert works(forced) == 42001
    assert works("made up") == 40001
    assert rig.sim.get("/cgi-bin/getcallbackip").json()["errcode"] == 41001
    rig.post("/sim/forget-tokens")
    assert works(rig.token()) == 0


@pytest.mark.parametrize(
    ("change", "errcode"),
    [({"appid": "wxnone"}, 40013), ({"secret": "wrong"}, 40125), ({"grant_type": "x"}, 40002)],
)
def test_wrong_credentials(rig: Rig, change: dict[str, str], errcode: int) -> None:
    asked = {"grant_type": "client_credential", "appid": MP.app_id, "secret": MP.secret, **change}
    assert rig.sim.get("/cgi-bin/token", params=asked).json()["errcode"] == errcode
    assert rig.sim.post("/cgi-bin/stable_token", json=asked).json()["errcode"] == errcode


def test_faults_are_used_up(rig: Rig) -> None:
    path = "/cgi-bin/message/custom/send"
    rig.say("hi")
    rig.post("/sim/fault", path=path, errcode=45011, times=2)
    rig.post("/sim/fault", path=path, status=502)
    assert [custom(rig)["errcode"] for _ in range(2)] == [45011, 45011]
    body = {"touser": rig.openid(), "msgtype": "text", "text": {"content": "hi"}}
    assert rig.call("POST", path, json=body).status_code == 502
    assert custom(rig) == OK
    assert rig.sim.get("/sim/state").json()["faults"] == []
    rig.post("/sim/fault", path=path, delay=0.3)
    custom(rig)
    assert rig.sim.get("/sim/state").json()["network"][-1]["latency_ms"] >= 300
    assert rig.post("/sim/fault", path="x")["status"] == 400


def test_menu(rig: Rig) -> None:
    assert rig.call("GET", "/cgi-bin/menu/get").json()["errcode"] == 46003
    shown = rig.call("GET", "/cgi-bin/get_current_selfmenu_info").json()
    assert shown["is_menu_open"] == 1, "a menu made by hand stands there before"
    button = {"type": "click", "name": "报事", "key": "报事"}
    assert rig.api("/cgi-bin/menu/create", {"button": [button]}) == OK
    assert rig.call("GET", "/cgi-bin/menu/get").json() == {"menu": {"button": [button]}}
    assert rig.sim.get("/sim/state").json()["menus"]["mp"] == [button]
    for menu, errcode in (
        ([button] * 4, 40016),
        ([{**button, "name": "一二三四五六"}], 40018),
        ([{**button, "key": "k" * 129}], 40019),
        ([{"name": "多", "sub_button": [button] * 6}], 40023),
        ([{"name": "看", "type": "view", "url": "x"}], 40054),
    ):
        assert rig.api("/cgi-bin/menu/create", {"button": menu})["errcode"] == errcode
    assert rig.call("GET", "/cgi-bin/menu/delete").json() == OK
    assert rig.call("GET", "/cgi-bin/menu/get").json()["errcode"] == 46003


def test_codes_and_followers(rig: Rig) -> None:
    asked = {
        "action_name": "QR_STR_SCENE",
        "expire_seconds": 600,
        "action_info": {"scene": {"scene_str": "g=W01"}},
    }
    made = rig.api("/cgi-bin/qrcode/create", asked)
    assert made["expire_seconds"] == 600 and made["ticket"].startswith("gQ")
    rig.post("/sim/event", account="mp", user="wang", event="scan", scene="g=W01")
    assert rig.bot.heard[-1]["Ticket"] == made["ticket"]
    wrong = {**asked, "action_info": {"scene": {"scene_str": "s" * 65}}}
    assert rig.api("/cgi-bin/qrcode/create", wrong)["errcode"] == 40053
    about = rig.call("GET", "/cgi-bin/user/info", params={"openid": rig.openid()}).json()
    assert about["subscribe"] == 1
    batch = rig.api("/cgi-bin/user/info/batchget", {"user_list": [{"openid": rig.openid()}]})
    assert batch["user_info_list"][0]["openid"] == rig.openid()
    assert rig.openid() in rig.call("GET", "/cgi-bin/user/get").json()["data"]["openid"]
    assert rig.call("GET", "/cgi-bin/user/info", params={"openid": "no"}).json()["errcode"] == 40003


def test_files(rig: Rig) -> None:
    png = b"\x89PNG\r\n\x1a\n" + b"0" * 20
    sent = rig.call(
        "POST", "/cgi-bin/media/upload", params={"type": "image"}, files={"media": ("a.png", png)}
    )
    assert sent.json()["type"] == "image"
    got = rig.call("GET", "/cgi-bin/media/get", params={"media_id": sent.json()["media_id"]})
    assert got.content == png and got.headers["content-disposition"].startswith("attachment")
    text = rig.call(
        "POST", "/cgi-bin/media/upload", params={"type": "image"}, files={"media": ("a.png", b"hello")}
    )
    assert text.json()["errcode"] == 40005
    other = rig.call("POST", "/cgi-bin/media/upload", params={"type": "poem"}, files={"media": ("a", b"x")})
    assert other.json()["errcode"] == 40004
    rig.post("/sim/clock", add=3 * 86400 + 1)
    old = rig.call("GET", "/cgi-bin/media/get", params={"media_id": sent.json()["media_id"]})
    assert old.json()["errcode"] == 40007
    photo = rig.sim.post("/sim/media", content=png).json()["media_id"]
    assert rig.sim.get(f"/sim/media/{photo}").content == png
    assert rig.sim.post("/sim/media", content=b"<svg>").status_code == 400


def member(rig: Rig, touser: str, text: str = "【新报事】", **more: Any) -> dict[str, Any]:
    body = {"touser": touser, "agentid": 1000002, "msgtype": "text", "text": {"content": text}, **more}
    return rig.api("/cgi-bin/message/send", body, WORK)


def test_members_get_application_messages(rig: Rig) -> None:
    sent = member(rig, "zhangsan|nobody|lisi")
    assert (sent["errcode"], sent["invaliduser"]) == (0, "nobody")
    assert [one["text"] for one in rig.bubbles("zhangsan")] == ["【新报事】"]
    assert [one["via"] for one in rig.bubbles("lisi")] == ["push"]
    assert member(rig, "nobody")["errcode"] == 81013
    assert member(rig, "zhangsan", agentid=9)["errcode"] == 40056
    long = member(rig, "wangwu", "好" * 1000)
    assert long["errcode"] == 0 and len(rig.bubbles("wangwu")[0]["text"]) == 682


def test_more_than_thirty_in_a_minute_vanish(rig: Rig) -> None:
    answers = [member(rig, "zhangsan", str(number))["errcode"] for number in range(35)]
    assert answers == [0] * 35
    verdicts = [one["verdict"] for one in rig.sim.get("/sim/state").json()["network"]]
    assert sum("丢掉了" in verdict for verdict in verdicts) == 5
    assert len(rig.bubbles("zhangsan")) == 30
    rig.post("/sim/clock", add=61)
    member(rig, "zhangsan", "later")
    assert rig.bubbles("zhangsan")[-1]["text"] == "later"


def test_duplicate_check(rig: Rig) -> None:
    for _ in range(2):
        assert member(rig, "zhangsan", "同样的话", enable_duplicate_check=1)["errcode"] == 0
    assert len(rig.bubbles("zhangsan")) == 1


def test_card_button_comes_back_as_an_event(rig: Rig) -> None:
    card = {
        "card_type": "button_interaction",
        "main_title": {"title": "新报事 241120-001"},
        "task_id": "t1",
        "button_list": [{"text": "受理", "key": "受理 241120-001"}],
    }
    sent = member(rig, "zhangsan", msgtype="template_card", template_card=card)
    bubble = rig.bubbles("zhangsan")[-1]
    rig.post(
        "/sim/event",
        account="work",
        user="zhangsan",
        event="card",
        bubble=bubble["id"],
        key="受理 241120-001",
    )
    event = rig.bot.heard[-1]
    assert (event["Event"], event["TaskId"], event["EventKey"], event["ResponseCode"]) == (
        "template_card_event",
        "t1",
        "受理 241120-001",
        sent["response_code"],
    )
    changed = {"response_code": sent["response_code"], "button": {"replace_name": "已受理"}}
    path = "/cgi-bin/message/update_template_card"
    assert rig.api(path, changed, WORK)["errcode"] == 0
    assert rig.bubbles("zhangsan")[-1]["more"]["done"] == "已受理"
    assert rig.api(path, changed, WORK)["errcode"] == 42014


def test_tokens_of_one_platform_do_not_open_the_other(rig: Rig) -> None:
    assert rig.api("/cgi-bin/message/send", {}, MP)["errcode"] == 40001
    assert rig.api("/cgi-bin/message/custom/send", {}, WORK)["errcode"] == 40001
    asked = {"corpid": WORK.app_id, "corpsecret": "wrong"}
    assert rig.sim.get("/cgi-bin/gettoken", params=asked).json()["errcode"] == 40001
    assert rig.call("GET", "/cgi-bin/user/get", WORK, params={"userid": "lisi"}).json()["name"] == "李四"


def test_secrets_never_reach_the_page(rig: Rig) -> None:
    rig.say("hi")
    custom(rig)
    rig.sim.get(
        "/cgi-bin/token", params={"grant_type": "client_credential", "appid": MP.app_id, "secret": MP.secret}
    )
    state = rig.sim.get("/sim/state").text
    for secret in (MP.token, MP.aes_key, MP.secret, WORK.secret, WORK.aes_key, rig.token()):
        assert secret not in state
