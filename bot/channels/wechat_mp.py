"""公众号: callbacks in plain, compatible and safe mode, passive answers, custom and template messages."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from hashlib import sha256

import httpx2

from bot.channel import Account, BadDelivery, Capabilities, Delivery, Heard, PushRefused, Receipt, Sent
from bot.channels.envelope import Envelope, Key
from bot.channels.errcodes import WEIXIN
from bot.channels.inbound import message_from, platform_id
from bot.channels.passive import ReplyTo, answer, media_type
from bot.channels.platform import Answer, PlatformApi, harmless_to_repeat
from bot.channels.reading import MAX_BODY, Fields, read, text
from bot.channels.replay import ReplayGuard
from bot.channels.template_fields import Unfit, fit
from bot.channels.wording import with_link
from handlers.message import Notice, Turn
from models.quota import OFFICIAL

NAME = "wechat_mp"
MAX_TEXT = 2048
# The person has not written for 48 hours, or we wrote too often, or may not write freely at all.
_NOT_FREELY = frozenset({45015, 45047, 48001, 48002, 48004})


class WechatMp:
    """One 公众号. `now` gives aware datetimes; `freshness_s` 0 accepts any age in plain mode (for recordings)."""

    def __init__(
        self,
        account: Account,
        *,
        api_base: str,
        now: Callable[[], datetime],
        freshness_s: float = 300,
        transport: httpx2.BaseTransport | None = None,
    ) -> None:
        """
        Raises:
            ValueError: an EncodingAESKey is not one; says so in Chinese.
        """
        self.account = account
        self.capabilities = Capabilities(
            push=account.can_push,
            way="custom",
            quota=OFFICIAL if account.app_id and account.secret else None,
            max_reply_bytes=MAX_TEXT,
        )
        self._now = now
        self._envelope = Envelope.of(account)
        self._replay = ReplayGuard(freshness_s)
        self._api = PlatformApi(
            api_base, fetch_token=self._fetch_token, remedies=WEIXIN, now=now, transport=transport
        )

    def verify(self, delivery: Delivery) -> bytes:
        """The console's address check: echostr back, exactly.

        Raises:
            BadDelivery: wrong signature, or no echostr.
        """
        query = delivery.query
        self._check_signature(query)
        echo = query.get("echostr", "")
        if not (0 < len(echo) <= 1024 and echo.isascii() and echo.isprintable()):
            raise BadDelivery("bad_echostr", 400)
        return echo.encode("ascii")

    def parse(self, delivery: Delivery) -> Heard:
        """
        Raises:
            BadDelivery: 403 wrong signature, stale, replayed, foreign; 400 unreadable; 413 too big.
        """
        if len(delivery.body) > MAX_BODY:
            raise BadDelivery("too_big", 413)
        mode = delivery.query.get("encrypt_type", "")
        if mode == "aes" or (mode != "raw" and "msg_signature" in delivery.query):
            fields, as_json, key = self._open(delivery)
        else:
            fields, as_json, key = *self._read_plain(delivery), None
        message = message_from(fields, delivery, NAME)
        if key is None:
            message = replace(message, signed=self._replay.check_body(delivery, self._now()))
        me = platform_id(fields, "ToUserName")
        user = message.person[len(delivery.account) + 1 :]
        return Heard(message, ReplyTo(user, me, as_json, key))

    def render(self, turn: Turn, heard: Heard) -> bytes:
        """One text in the mode and format of the question, cut at 2,048 bytes; `success` for silence."""
        return answer(turn, _reply_to(heard), self._envelope, self._now(), MAX_TEXT)

    def media_type(self, heard: Heard) -> str:
        return media_type(_reply_to(heard))

    def push(self, notice: Notice) -> Receipt:
        """A custom message; the template message where that is not allowed (any more) and one is configured.

        Raises:
            PushRefused: with what the admin can do.
        """
        account = self.account
        if not (account.app_id and account.secret):
            return Receipt(Sent.DRY_RUN)
        code, _, openid = notice.person.partition(":")
        if code != account.code or not openid:
            raise PushRefused(40003, "这位居民不是从这个公众号来的，请改用电话联系", retry=False)
        if not account.can_push:
            raise PushRefused(48001, WEIXIN[48001].advice, retry=False)
        words = with_link(notice.text, notice.url, MAX_TEXT)
        template = account.templates.get(notice.template)
        if notice.way == "template" and template is not None:
            return self._push_template(notice, openid, *template)
        try:
            self._api.call(
                "/cgi-bin/message/custom/send",
                {"touser": openid, "msgtype": "text", "text": {"content": words}},
            )
        except PushRefused as refused:
            if refused.code not in _NOT_FREELY:
                raise refused.by("custom") from None
            if template is None:
                raise _without_template(refused, notice.template) from None
            return self._push_template(notice, openid, *template)
        return Receipt(Sent.SENT, "custom")

    def close(self) -> None:
        self._api.close()

    def _push_template(
        self, notice: Notice, openid: str, template_id: str, keywords: Mapping[str, str]
    ) -> Receipt:
        now = self._now()
        try:
            values = {
                keyword: {"value": fit(keyword, notice.fields.get(ours, ""), now)}
                for ours, keyword in keywords.items()
            }
        except Unfit as unfit:
            raise PushRefused(47003, f"{unfit}，请改用电话联系", retry=False) from None
        body = {
            "touser": openid,
            "template_id": template_id,
            "data": values,
            # The same openid and id within ten minutes are sent once: a repeated call is harmless.
            "client_msg_id": sha256(notice.dedupe_key.encode("utf-8", "surrogatepass")).hexdigest()[:32],
        }
        if notice.url:
            body["url"] = notice.url
        try:
            sent = self._api.call("/cgi-bin/message/template/send", body)
        except PushRefused as refused:
            raise harmless_to_repeat(refused.by("template")) from None
        return Receipt(Sent.SENT, "template", str(sent.get("msgid", "")))

    def _fetch_token(self, api: PlatformApi) -> Answer:
        """stable_token, not token: several processes may ask without ending each other's."""
        return api.send(
            "/cgi-bin/stable_token",
            {
                "grant_type": "client_credential",
                "appid": self.account.app_id,
                "secret": self.account.secret,
                "force_refresh": False,
            },
            {},
        )

    def _check_signature(self, query: Mapping[str, str]) -> None:
        self._envelope.check(query.get("signature", ""), query.get("timestamp", ""), query.get("nonce", ""))

    def _read_plain(self, delivery: Delivery) -> tuple[Fields, bool]:
        query = delivery.query
        self._check_signature(query)
        self._replay.check_time(query.get("timestamp", ""), self._now())
        fields, as_json = read(delivery.body)
        if "Encrypt" in fields:  # compatible mode with its proof cut off
            raise BadDelivery("no_msg_signature")
        return fields, as_json

    def _open(self, delivery: Delivery) -> tuple[Fields, bool, Key]:
        """Safe and compatible mode: only what was encrypted counts, and only msg_signature vouches for it."""
        query = delivery.query
        outer, as_json = read(delivery.body)
        sealed = text(outer, "Encrypt")
        if not sealed:
            raise BadDelivery("bad_field:Encrypt", 400)
        self._envelope.check(
            query.get("msg_signature", ""), query.get("timestamp", ""), query.get("nonce", ""), sealed
        )
        plain, key = self._envelope.open(sealed)
        fields, _ = read(plain)
        return fields, as_json, key


def _reply_to(heard: Heard) -> ReplyTo:
    assert isinstance(heard.reply_to, ReplyTo)
    return heard.reply_to


def _without_template(refused: PushRefused, template: str) -> PushRefused:
    if not template:
        return refused
    reason = f"{refused.reason}（config.yaml 里这个渠道还没有「{template}」的模板编号）"
    return PushRefused(refused.code, reason, retry=False)
