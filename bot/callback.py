"""`/callback/{account}`: the bare ASGI road of every platform, with no framework between socket and channel."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, MutableMapping
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl

from sqlalchemy.exc import SQLAlchemyError

from bot.bootstrap import Service
from bot.channel import BadDelivery, Channel, Delivery, Heard
from bot.hearing import Pending
from handlers.message import Message, Turn

log = logging.getLogger(__name__)

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

PREFIX = "/callback/"
MAX_BODY = 1 << 20
ANSWER_WITHIN_S = 4.5  # the platforms cut the line at 5 s and ask again
CUT_AT_S = 5.5
DELIVERIES = 3
LAST_AFTER = timedelta(
    seconds=9
)  # asked at 0, 5 and 10 s after the person wrote, which is told to the second
KEPT_ATTEMPTS = 10_000
MAX_QUERY_FIELDS = 50


class Callback:
    """An ASGI app for one path prefix; everything else goes to `rest`."""

    def __init__(self, service: Service, rest: Any, *, answer_within_s: float = ANSWER_WITHIN_S) -> None:
        self._service = service
        self._rest = rest
        self._within_s = answer_within_s
        self._patience = _Patience(answer_within_s)
        self._attempts: dict[tuple[str, str], int] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(PREFIX):
            await self._rest(scope, receive, send)
            return
        channel = self._service.state.channels.get(scope["path"][len(PREFIX) :])
        if channel is None:
            await _send(send, 404, "没有这个账号，请核对回调地址".encode())
            return
        try:
            delivery = await self._delivery(channel, scope, receive)
            if delivery.method == "GET":
                await _send(send, 200, channel.verify(delivery))
                return
            heard = channel.parse(delivery)
            turn = await self._answer(channel, heard)
        except BadDelivery as problem:
            log.warning(
                "bad_delivery",
                extra={"account": channel.account.code, "reason": problem.reason, "status": problem.status},
            )
            await _send(send, problem.status, b"")
            return
        await _send(send, 200, channel.render(turn, heard), channel.media_type(heard))

    async def _delivery(self, channel: Channel, scope: Scope, receive: Receive) -> Delivery:
        method = scope["method"]
        if method not in ("GET", "POST"):
            raise BadDelivery("method", 405)
        try:
            query = _query(scope["query_string"].decode("ascii"))
        except ValueError:
            raise BadDelivery("query", 400) from None
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        body = b""
        if method == "POST":
            body = await _body(receive)
        return Delivery(channel.account.code, method, query, headers, body, self._service.clock.now())

    async def _answer(self, channel: Channel, heard: Heard) -> Turn:
        """
        Raises:
            BadDelivery: its signature has vouched for another body, at whatever process that was heard.
        """
        message = heard.message
        pending = self._service.engine.hear(message, self._service.understand(message))
        future = pending.future
        assert future is not None
        self._patience.watch(pending)
        try:
            turn = await future
        except SQLAlchemyError:  # the database was away for too long
            turn = None
        if turn is None:
            return await self._too_late(channel, pending)
        if self._attempts:
            self._attempts.pop((message.account, message.id), None)
        return turn

    async def _too_late(self, channel: Channel, pending: Pending) -> Turn:
        """No answer in time. An account that can push is told 「received」 once the message is safely on disk and
        gets its answer by push; one that cannot is left waiting, so that the platform asks again."""
        message, future = pending.message, pending.future
        assert future is not None
        if not channel.capabilities.push and not self._is_last(message):
            return await _until_cut(future, CUT_AT_S - self._within_s)
        try:
            await asyncio.to_thread(self._service.spool.add, message)
        except OSError:
            log.exception("spool_failed")
            return await _until_cut(future, CUT_AT_S)
        if future.done() and future.exception() is None:
            self._service.spool.remove(message)
            return future.result()
        pending.late = True
        log.warning("answer_late", extra={"account": message.account})
        return Turn()

    def _is_last(self, message: Message) -> bool:
        """Whether the platform will not ask again: its third delivery, or one so late that the first two must have
        gone to another process."""
        if len(self._attempts) > KEPT_ATTEMPTS:
            self._attempts.clear()
        key = (message.account, message.id)
        self._attempts[key] = attempt = self._attempts.get(key, 0) + 1
        return attempt >= DELIVERIES or message.heard_at - message.sent_at >= LAST_AFTER


class _Patience:
    """Wakes whoever has waited `within_s` for an answer: one timer for all of them.

    `asyncio.wait` with a timeout does it too, for some 25 µs a message: a timer, a second future and one more round
    of the loop each. All wait equally long, so the first that came is the first to be woken.
    """

    def __init__(self, within_s: float) -> None:
        self._within_s = within_s
        self._waiting: deque[tuple[float, Pending]] = deque()
        self._timer: asyncio.TimerHandle | None = None

    def watch(self, pending: Pending) -> None:
        """See to it that the pending's future is done in time: with None if nothing else has come.

        The engine's answer then goes to the new future that the pending holds.
        """
        loop, waiting = pending.loop, self._waiting
        assert loop is not None
        while waiting and _answered(waiting[0][1]):
            waiting.popleft()
        waiting.append((loop.time() + self._within_s, pending))
        if self._timer is None:
            self._timer = loop.call_at(waiting[0][0], self._wake, loop)

    def _wake(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer = None
        now, waiting = loop.time(), self._waiting
        while waiting and (waiting[0][0] <= now or _answered(waiting[0][1])):
            _, pending = waiting.popleft()
            if not _answered(pending):
                future: asyncio.Future[Any] | None = pending.future
                assert future is not None
                pending.future = loop.create_future()
                future.set_result(None)
        if waiting:
            self._timer = loop.call_at(waiting[0][0], self._wake, loop)


async def _until_cut(future: "asyncio.Future[Turn]", timeout_s: float) -> Turn:
    """The answer after all, if it comes before the platform cuts the line.

    Raises:
        BadDelivery: 503, none came: never an acknowledgement, so that the platform asks again.
    """
    await asyncio.wait((future,), timeout=timeout_s)
    if future.done() and future.exception() is None:
        return future.result()
    raise BadDelivery("not_answered", 503)


def _answered(pending: Pending) -> bool:
    return pending.future is None or pending.future.done()


def _query(text: str) -> dict[str, str]:
    """The last value of each name.

    Raises:
        ValueError: more fields than any platform sends, or nothing a browser would write.
    """
    if "%" in text or "+" in text:
        return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=MAX_QUERY_FIELDS))
    pairs = text.split("&")
    if len(pairs) > MAX_QUERY_FIELDS:
        raise ValueError("too many fields")
    return dict([pair.partition("=")[::2] for pair in pairs if pair])  # 2 µs less: nothing to decode


async def _body(receive: Receive) -> bytes:
    """The whole body.

    Raises:
        BadDelivery: 413, larger than any platform sends; 400, the line was cut.
    """
    chunks: list[bytes] = []
    size = 0
    while True:
        event = await receive()
        if event["type"] != "http.request":
            raise BadDelivery("cut_off", 400)
        chunk = event.get("body", b"")
        size += len(chunk)
        if size > MAX_BODY:
            raise BadDelivery("too_large", 413)
        chunks.append(chunk)
        if not event.get("more_body"):
            return chunks[0] if len(chunks) == 1 else b"".join(chunks)


async def _send(send: Send, status: int, body: bytes, media_type: str = "text/plain; charset=utf-8") -> None:
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [
                (b"content-type", media_type.encode("ascii")),
                (b"content-length", str(len(body)).encode("ascii")),
            ],
        }
    )
    await send({"type": "http.response.body", "body": body})
