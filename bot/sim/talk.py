"""What a person does with the phone, made into the platform's messages and events, and the answer shown."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from bot.sim import phones, wire
from bot.sim.accounts import OFFICIAL, WECOM, SimAccount
from bot.sim.delivery import TRIES, Carrier, Outcome
from bot.sim.media import Media
from bot.sim.people import RESIDENT, Person
from bot.sim.phones import Phones
from bot.sim.places import place
from bot.sim.reply import Reply, articles
from bot.sim.windows import Windows

FAULT = "该公众号提供的服务出现故障，请稍后再试"
MOST_COPIES = 10


class CannotDo(Exception):
    """The person cannot do that on this phone; the text says why and what to do, in Chinese."""


@dataclass(frozen=True, slots=True)
class Said:
    """A message in the person's own terms: `shown` is the bubble's text, `fields` the platform's, `more` the bubble's."""

    kind: str
    shown: str
    fields: wire.Fields
    more: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Talk:
    carrier: Carrier
    phones: Phones
    windows: Windows
    media: Media
    # 64-bit numbers that no restart repeats.
    _numbers: "count[int]" = field(default_factory=lambda: count(time.time_ns()))

    def read(self, account: SimAccount, given: Mapping[str, Any], base_url: str) -> Said:
        """A `/sim/say` request as a message; `base_url` is where the service can fetch pictures.

        Raises:
            CannotDo: unknown type, something missing.
        """
        kind = str(given.get("type") or "text")
        content = given.get("content")
        if kind == "text":
            return Said("text", _words(content), {"Content": _words(content)})
        if kind == "voice":
            kept = self.media.keep(b"#!AMR\n", "voice", "audio/amr")
            spoken: wire.Fields = {"MediaId": kept.media_id, "Format": "amr"}
            if account.kind == OFFICIAL:  # WeCom does not recognise speech for applications
                spoken["Recognition"] = _words(content)
            return Said("voice", _words(content), spoken, {"media_id": kept.media_id})
        if kind == "image":
            return self._picture(given, base_url)
        if kind == "location":
            return _location(given)
        if kind == "link":
            link = {"Title": _words(content), "Description": str(given.get("description", "")), "Url": ""}
            link["Url"] = str(given.get("url", ""))
            return Said("link", link["Title"], dict(link), {"url": link["Url"]})
        raise CannotDo("type 只能是 text、voice、image、location、link。")

    def _picture(self, given: Mapping[str, Any], base_url: str) -> Said:
        name = str(given.get("media_id") or given.get("content") or "lamp")
        kept = self.media.get(name)
        if kept is None:
            try:
                kept = self.media.sample(name)
            except KeyError as error:
                raise CannotDo(
                    f"没有「{name}」这张照片：请先上传，或用 lamp、leak、rubbish、parking。"
                ) from error
        url = f"{base_url}/sim/media/{kept.media_id}"
        return Said("image", "[图片]", {"PicUrl": url, "MediaId": kept.media_id}, {"media_id": kept.media_id})

    async def say(self, account: SimAccount, person: Person, said: Said, copies: int = 1) -> list[Outcome]:
        """Show the person's bubble, deliver, show the answer. `copies` > 1: that many at the same moment, same MsgId.

        Raises:
            CannotDo: a resident who does not follow, a worker on a 公众号 and the like.
        """
        self._check(account, person)
        if not person.subscribed:
            raise CannotDo(f"{person.name}还没有关注这个公众号，请先点「关注」。")
        self.phones.show(account.code, person.id, phones.ME, said.kind, said.shown, **said.more)
        self.windows.message(account.code, person.id)
        return await self._send(
            account, person, self.fields(account, person, said), copies, quiet_fault=False
        )

    def fields(self, account: SimAccount, person: Person, said: Said) -> wire.Fields:
        """A message as the platform writes it, with a MsgId of its own."""
        written = self._envelope(account, person, said.kind) | said.fields | {"MsgId": next(self._numbers)}
        if account.kind == WECOM:
            written["AgentID"] = account.agent_id
        return written

    async def event(
        self,
        account: SimAccount,
        person: Person,
        event: str,
        more: Mapping[str, Any],
        *,
        copies: int = 1,
        hidden: bool = False,
    ) -> list[Outcome]:
        """Deliver an event; `hidden` ones (a job has finished) show nothing on the phone, not even a fault."""
        self._check(account, person)
        fields = self._envelope(account, person, "event") | {"Event": event} | dict(more)
        if account.kind == WECOM:
            fields["AgentID"] = account.agent_id
        return await self._send(account, person, fields, copies, quiet_fault=hidden)

    def _check(self, account: SimAccount, person: Person) -> None:
        if (account.kind == OFFICIAL) != (person.role == RESIDENT):
            raise CannotDo(f"{person.name}的手机上没有「{account.kind}」账号 {account.code}。")

    def _envelope(self, account: SimAccount, person: Person, kind: str) -> wire.Fields:
        return {
            "ToUserName": account.original,
            "FromUserName": person.platform_id,
            "CreateTime": int(time.time()),
            "MsgType": kind,
        }

    async def _send(
        self, account: SimAccount, person: Person, fields: wire.Fields, copies: int, *, quiet_fault: bool
    ) -> list[Outcome]:
        copies = max(1, min(copies, MOST_COPIES))
        outcomes = await asyncio.gather(
            *(
                self.carrier.deliver(account, person, fields, tries=TRIES if copies == 1 else 1)
                for _ in range(copies)
            )
        )
        shown: set[str] = set()
        for outcome in outcomes:
            if outcome.reply is None:
                if not quiet_fault and FAULT not in shown:
                    shown.add(FAULT)
                    self._show_fault(account, person, outcome)
            elif outcome.reply.kind != "silent":
                key = f"{outcome.reply.kind} {outcome.reply.text}"
                if key not in shown:
                    shown.add(key)
                    self._show(account, person, outcome.reply)
        if copies > 1:
            verdict = "回答一致" if len(shown) <= 1 else f"收到 {len(shown)} 种不同的回答"
            self._note(account, person, f"同一条消息同时投递了 {copies} 份，{verdict}")
        return outcomes

    def _note(self, account: SimAccount, person: Person, text: str) -> None:
        self.phones.show(account.code, person.id, phones.SYSTEM, "tip", text)

    def _show_fault(self, account: SimAccount, person: Person, outcome: Outcome) -> None:
        if account.kind == OFFICIAL:
            self.phones.show(
                account.code,
                person.id,
                phones.SYSTEM,
                "fault",
                FAULT,
                reason=outcome.fault,
                attempts=outcome.attempts,
            )
        else:  # WeCom says nothing to the member; the simulator does, so that nobody waits
            self._note(account, person, f"没有收到有效回复：{outcome.fault}（真实的企业微信里不会有提示）")

    def _show(self, account: SimAccount, person: Person, reply: Reply) -> None:
        def bubble(kind: str, text: str, **more: Any) -> None:
            self.phones.show(account.code, person.id, phones.BOT, kind, text, via="reply", **more)

        if reply.kind == "text":
            bubble("text", reply.text)
        elif reply.kind == "news":
            # The platform keeps one article when it answers a message.
            bubble("news", reply.text, articles=articles(reply.fields)[:1])
        elif reply.kind == "transfer_customer_service":
            self._note(account, person, "已转给人工客服")
        elif reply.kind == "update_template_card":
            return
        else:
            part = reply.fields.get(
                {"image": "Image", "voice": "Voice", "video": "Video", "music": "Music"}[reply.kind]
            )
            media_id = str(part.get("MediaId", "")) if isinstance(part, Mapping) else ""
            names = {"image": "[图片]", "voice": "[语音]", "video": "[视频]", "music": "[音乐]"}
            bubble(reply.kind, names[reply.kind], media_id=media_id)


def _words(content: Any) -> str:
    if not isinstance(content, str) or not content.strip():
        raise CannotDo("content 要写内容，不能是空的。")
    return content


def _location(given: Mapping[str, Any]) -> Said:
    known = place(str(given.get("content") or "")) if "latitude" not in given else None
    if known:
        given = known.public()
    try:
        latitude, longitude = float(given["latitude"]), float(given["longitude"])
    except (KeyError, TypeError, ValueError) as error:
        raise CannotDo("位置要有 latitude、longitude 两个数，或用 content 写地点名。") from error
    label = str(given.get("label") or given.get("content") or "")
    return Said(
        "location",
        label or f"{latitude:.5f}, {longitude:.5f}",
        {"Location_X": latitude, "Location_Y": longitude, "Scale": 16, "Label": label},
        {"latitude": latitude, "longitude": longitude},
    )
