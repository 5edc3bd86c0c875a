"""What leaves by push: custom message, template message, message of a 企业微信 app; and what an admin hears instead."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import httpx2
import pytest
from payloads import APP_ID, mp, wecom

from bot.channel import PushRefused, Receipt, Sent
from bot.channels.wechat_mp import WechatMp
from bot.channels.wecom import Wecom
from handlers.message import Notice

NOTICE = Notice(
    dedupe_key="ticket:1:accepted",
    person="mp:oUser1",
    text="您的报事 241120-001 已受理",
    url="https://linli.example.org/r/1",
    template="进度",
    fields={"编号": "241120-001", "状态": "已受理（网格员：张三）", "说明": "3栋2单元\n楼道灯坏了" * 5},
)
TEMPLATES = {
    "进度": ("TPL1", {"编号": "character_string1", "状态": "phrase2", "说明": "thing3", "时间": "time4"})
}


class Platform:
    """Answers by path; remembers what was asked."""

    def __init__(self, **answers: Any) -> None:
        self.answers = answers
        self.asked: list[tuple[str, dict[str, Any], Mapping[str, str]]] = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        path = request.url.path.removeprefix("/cgi-bin/").replace("/", "_")
        self.asked.append((path, json.loads(request.content or b"{}"), dict(request.url.params)))
        if path in ("stable_token", "gettoken"):
            return httpx2.Response(200, json={"access_token": "T", "expires_in": 7200, "errcode": 0})
        if isinstance(self.answers.get(path), Exception):
            raise self.answers[path]
        return httpx2.Response(200, json=self.answers.get(path, {"errcode": 0, "errmsg": "ok"}))

    @property
    def paths(self) -> list[str]:
        return [path for path, _, _ in self.asked]


def mp_on(platform: Platform, **account: Any) -> WechatMp:
    made = replace(mp().account, secret="s", templates=TEMPLATES, **account)
    return mp(made, transport=httpx2.MockTransport(platform))


def wecom_on(platform: Platform, **account: Any) -> Wecom:
    made = replace(wecom().account, secret="s", **account)
    return wecom(made, transport=httpx2.MockTransport(platform))


def test_a_custom_message_comes_first() -> None:
    platform = Platform()
    assert mp_on(platform).push(NOTICE) == Receipt(Sent.SENT, "custom")
    token, custom = platform.asked
    assert token[:2] == (
        "stable_token",
        {"grant_type": "client_credential", "appid": APP_ID, "secret": "s", "force_refresh": False},
    )
    assert custom[0] == "message_custom_send"
    assert custom[1] == {
        "touser": "oUser1",
        "msgtype": "text",
        "text": {"content": "您的报事 241120-001 已受理\nhttps://linli.example.org/r/1"},
    }


@pytest.mark.parametrize("code", [45015, 45047, 48001, 48002])
def test_the_template_message_steps_in(code: int) -> None:
    platform = Platform(
        message_custom_send={"errcode": code, "errmsg": "no"},
        message_template_send={"errcode": 0, "errmsg": "ok", "msgid": 200228332},
    )
    assert mp_on(platform).push(NOTICE) == Receipt(Sent.SENT, "template", "200228332")
    body = platform.asked[-1][1]
    assert (body["touser"], body["template_id"], body["url"]) == ("oUser1", "TPL1", NOTICE.url)
    assert body["data"] == {
        "character_string1": {"value": "241120-001"},
        "phrase2": {"value": "已受理"},
        "thing3": {"value": "3栋2单元 楼道灯坏了3栋2单元 楼道…"},
        "time4": {"value": "2026年10月12日 10:00"},
    }
    assert len(body["client_msg_id"]) == 32


def test_the_same_notice_carries_the_same_number_and_another_one_another() -> None:
    platform = Platform(message_custom_send={"errcode": 45015})
    channel = mp_on(platform)
    channel.push(NOTICE)
    channel.push(NOTICE)
    channel.push(replace(NOTICE, dedupe_key="ticket:2:accepted", url=""))
    bodies = [body for path, body, _ in platform.asked if path == "message_template_send"]
    assert len({body["client_msg_id"] for body in bodies}) == 2
    assert "url" not in bodies[-1]


@pytest.mark.parametrize("code", [40003, 43004, 45002, 50005])
def test_what_a_template_cannot_mend_is_refused_at_once(code: int) -> None:
    platform = Platform(message_custom_send={"errcode": code})
    with pytest.raises(PushRefused) as refused:
        mp_on(platform).push(NOTICE)
    assert (refused.value.code, refused.value.retry) == (code, False)
    assert platform.paths == ["stable_token", "message_custom_send"]


def test_without_a_template_the_admin_hears_which_one_is_missing() -> None:
    platform = Platform(message_custom_send={"errcode": 45015})
    with pytest.raises(PushRefused) as refused:
        mp_on(platform).push(replace(NOTICE, template="催办"))
    assert refused.value.code == 45015
    assert "48 小时" in refused.value.reason
    assert "「催办」" in refused.value.reason
    with pytest.raises(PushRefused) as refused:
        mp_on(platform).push(replace(NOTICE, template=""))
    assert "「」" not in refused.value.reason


def test_a_refused_template_tells_its_own_reason() -> None:
    platform = Platform(message_custom_send={"errcode": 45015}, message_template_send={"errcode": 40037})
    with pytest.raises(PushRefused) as refused:
        mp_on(platform).push(NOTICE)
    assert "模板编号" in refused.value.reason


def test_a_busy_platform_is_no_reason_for_a_template() -> None:
    platform = Platform(message_custom_send={"errcode": -1})
    with pytest.raises(PushRefused) as refused:
        mp_on(platform).push(NOTICE)
    assert refused.value.retry
    assert "message_template_send" not in platform.paths


def test_what_the_platform_sends_once_only_may_be_repeated() -> None:
    """client_msg_id and enable_duplicate_check make a repeated call harmless; a custom message has neither."""
    hang = httpx2.ReadTimeout("slow")
    template = mp_on(Platform(message_custom_send={"errcode": 45015}, message_template_send=hang))
    for push in (
        lambda: template.push(NOTICE),
        lambda: wecom_on(Platform(message_send=hang)).push(replace(NOTICE, person="mp:zhangsan")),
    ):
        with pytest.raises(PushRefused) as refused:
            push()
        assert (refused.value.retry, refused.value.unknown, refused.value.retry_after_s) == (True, False, 30)
    with pytest.raises(PushRefused) as refused:
        mp_on(Platform(message_custom_send=hang)).push(NOTICE)
    assert (refused.value.retry, refused.value.unknown) == (True, True)


@pytest.mark.parametrize("missing", [{"secret": ""}, {"app_id": ""}])
def test_without_secrets_nothing_leaves(missing: dict[str, str]) -> None:
    platform = Platform()
    made = replace(mp().account, **({"secret": "s"} | missing))
    assert mp(made, transport=httpx2.MockTransport(platform)).push(NOTICE) == Receipt(Sent.DRY_RUN)
    corp = replace(wecom().account, **({"secret": "s"} | missing))
    assert wecom(corp, transport=httpx2.MockTransport(platform)).push(NOTICE) == Receipt(Sent.DRY_RUN)
    assert platform.asked == []


def test_an_account_that_may_only_answer_is_not_asked() -> None:
    platform = Platform()
    with pytest.raises(PushRefused) as refused:
        mp_on(platform, can_push=False).push(NOTICE)
    assert (refused.value.code, refused.value.retry, platform.asked) == (48001, False, [])


@pytest.mark.parametrize("person", ["work:zhangsan", "mp:", "oUser1", ""])
def test_nobody_of_another_account_is_written_to(person: str) -> None:
    platform = Platform()
    for channel in (mp_on(platform), wecom_on(platform)):
        with pytest.raises(PushRefused):
            channel.push(replace(NOTICE, person=person))
    assert platform.asked == []


def test_a_long_push_is_cut_but_not_its_address() -> None:
    platform = Platform()
    mp_on(platform).push(replace(NOTICE, text="汉" * 3000 + "\x00"))
    words = platform.asked[-1][1]["text"]["content"]
    assert len(words.encode()) <= 2048
    assert words.endswith("…\n" + NOTICE.url)


def test_a_worker_gets_a_text_of_the_app() -> None:
    platform = Platform(message_send={"errcode": 0, "errmsg": "ok", "invaliduser": "", "msgid": "m-1"})
    notice = replace(NOTICE, person="mp:zhangsan", url="")
    assert wecom_on(platform).push(notice) == Receipt(Sent.SENT, "text", "m-1")
    token, sent = platform.asked
    assert (token[0], token[2]) == ("gettoken", {"corpid": APP_ID, "corpsecret": "s"})
    assert sent[1] == {
        "touser": "zhangsan",
        "msgtype": "text",
        "agentid": 218,
        "text": {"content": NOTICE.text},
        "enable_duplicate_check": 1,
        "duplicate_check_interval": 600,
    }


@pytest.mark.parametrize(
    "answer",
    [
        {"errcode": 81013, "errmsg": "user & party & tag all invalid"},
        {"errcode": 0, "errmsg": "ok", "invaliduser": "zhangsan"},
        {"errcode": 0, "errmsg": "ok", "unlicenseduser": "zhangsan"},
    ],
)
def test_a_member_out_of_reach_is_told_to_the_admin(answer: dict[str, Any]) -> None:
    with pytest.raises(PushRefused) as refused:
        wecom_on(Platform(message_send=answer)).push(replace(NOTICE, person="mp:zhangsan"))
    assert (refused.value.code, refused.value.retry) == (81013, False)
    assert "管理后台" in refused.value.reason


@pytest.mark.parametrize("code", [45009, 45033, -1])
def test_wecom_asks_for_patience(code: int) -> None:
    with pytest.raises(PushRefused) as refused:
        wecom_on(Platform(message_send={"errcode": code})).push(replace(NOTICE, person="mp:zhangsan"))
    assert refused.value.retry


def test_an_agent_that_is_no_number_is_told() -> None:
    platform = Platform()
    with pytest.raises(PushRefused, match="AgentId"):
        wecom_on(platform, agent_id="报事应用").push(replace(NOTICE, person="mp:zhangsan"))
    assert wecom_on(platform, agent_id="").push(NOTICE) == Receipt(Sent.DRY_RUN)
    assert platform.asked == []


def test_secrets_are_not_in_an_account_shown() -> None:
    account = replace(mp().account, secret="s3cr3t", token="t0ken")
    assert not {"s3cr3t", "t0ken", account.aes_key, account.aes_key_old} & set(repr(account).split("'"))
    assert APP_ID in repr(account)
