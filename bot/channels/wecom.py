"""企业微信 app: callbacks always sealed, passive answers, text messages to members."""

from collections.abc import Callable
from datetime import datetime

import httpx2

from bot.channel import Account, BadDelivery, Capabilities, Delivery, Heard, PushRefused, Receipt, Sent
from bot.channels.envelope import Envelope
from bot.channels.errcodes import WECOM
from bot.channels.inbound import message_from, platform_id
from bot.channels.passive import ReplyTo, answer, media_type
from bot.channels.platform import Answer, PlatformApi, harmless_to_repeat
from bot.channels.reading import read, text
from bot.channels.wording import with_link
from handlers.message import Notice, Turn
from models.quota import MEMBER

NAME = "wecom"
MAX_TEXT = 2048
# Equal texts to the same member within this time are sent once: a repeated call is harmless, a reminder of the
# same wording an hour later still arrives.
DUPLICATE_WINDOW_S = 600


class Wecom:
    """One app of a company; the account's `app_id` is the corp id."""

    def __init__(
        self,
        account: Account,
        *,
        api_base: str,
        now: Callable[[], datetime],
        transport: httpx2.BaseTransport | None = None,
    ) -> None:
        """
        Raises:
            ValueError: an EncodingAESKey is not one; says so in Chinese.
        """
        self.account = account
        self.capabilities = Capabilities(
            push=account.can_push,
            way="text",
            quota=MEMBER if account.app_id and account.secret and account.agent_id else None,
            max_reply_bytes=MAX_TEXT,
        )
        self._now = now
        self._envelope = Envelope.of(account)
        self._api = PlatformApi(
            api_base, fetch_token=self._fetch_token, remedies=WECOM, now=now, transport=transport
        )

    def verify(self, delivery: Delivery) -> bytes:
        """The console's address check: the decrypted echostr, nothing around it.

        Raises:
            BadDelivery: wrong signature, or it does not open.
        """
        # A + that went through a careless proxy arrives as a space.
        echo = delivery.query.get("echostr", "").replace(" ", "+")
        self._check(delivery, echo)
        return self._envelope.open(echo)[0]

    def parse(self, delivery: Delivery) -> Heard:
        """
        Raises:
            BadDelivery: 403 wrong signature or foreign; 400 unreadable; 413 too big.
        """
        outer, as_json = read(delivery.body)
        sealed = text(outer, "Encrypt")
        if not sealed:
            raise BadDelivery("bad_field:Encrypt", 400)
        self._check(delivery, sealed)
        plain, key = self._envelope.open(sealed)
        fields, _ = read(plain)
        message = message_from(fields, delivery, NAME)
        me = platform_id(fields, "ToUserName")
        user = message.person[len(delivery.account) + 1 :]
        return Heard(message, ReplyTo(user, me, as_json, key))

    def render(self, turn: Turn, heard: Heard) -> bytes:
        """One sealed text, cut at 2,048 bytes; `success` for silence."""
        return answer(turn, _reply_to(heard), self._envelope, self._now(), MAX_TEXT)

    def media_type(self, heard: Heard) -> str:
        return media_type(_reply_to(heard))

    def push(self, notice: Notice) -> Receipt:
        """A text message of the app to one member.

        Raises:
            PushRefused: with what the admin can do.
        """
        account = self.account
        if not (account.app_id and account.secret and account.agent_id):
            return Receipt(Sent.DRY_RUN)
        code, _, userid = notice.person.partition(":")
        if code != account.code or not userid:
            raise PushRefused(
                81013, "收信人不是这个企业微信应用的成员，请核对 config.yaml 里的账号", retry=False
            )
        if not (account.agent_id.isascii() and account.agent_id.isdigit()):
            raise PushRefused(
                40056, "应用的 AgentId 应为数字，请核对环境变量后重启", retry=True, whole_account=True
            )
        body = {
            "touser": userid,
            "msgtype": "text",
            "agentid": int(account.agent_id),
            "text": {"content": with_link(notice.text, notice.url, MAX_TEXT)},
            "enable_duplicate_check": 1,
            "duplicate_check_interval": DUPLICATE_WINDOW_S,
        }
        try:
            sent = self._api.call("/cgi-bin/message/send", body)
        except PushRefused as refused:
            raise harmless_to_repeat(refused) from None
        # errcode 0 even when nobody could be reached.
        if sent.get("invaliduser"):
            raise PushRefused(81013, WECOM[81013].advice, retry=False)
        if sent.get("unlicenseduser"):
            raise PushRefused(81013, "该成员没有接口许可，请在企业微信管理后台为他分配许可", retry=False)
        return Receipt(Sent.SENT, "text", str(sent.get("msgid", "")))

    def close(self) -> None:
        self._api.close()

    def _check(self, delivery: Delivery, sealed: str) -> None:
        query = delivery.query
        self._envelope.check(
            query.get("msg_signature", ""), query.get("timestamp", ""), query.get("nonce", ""), sealed
        )

    def _fetch_token(self, api: PlatformApi) -> Answer:
        return api.send(
            "/cgi-bin/gettoken", None, {"corpid": self.account.app_id, "corpsecret": self.account.secret}
        )


def _reply_to(heard: Heard) -> ReplyTo:
    assert isinstance(heard.reply_to, ReplyTo)
    return heard.reply_to
