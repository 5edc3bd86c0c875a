"""What happened, told to every open page: a ring of the last events and the queues of those who listen."""

import asyncio
import json
import time
from collections import deque
from collections.abc import AsyncIterator
from itertools import count
from typing import Any

KEPT = 400
QUEUED = 1000
KEEP_ALIVE_S = 15.0


class Bus:
    """Publishes numbered events; a listener that was away names the last number it saw and gets the rest.

    A listener that was away too long, or reads too slowly, is told to load everything anew (`reload`).
    """

    def __init__(self) -> None:
        # Numbers go on rising over a restart of the program: an old page must not take new events for seen ones.
        self._last = int(time.time() * 1000)
        self._numbers = count(self._last + 1)
        self._kept: deque[tuple[int, str]] = deque(maxlen=KEPT)
        self._listeners: set[asyncio.Queue[str | None]] = set()
        self.closed = False

    def publish(self, kind: str, data: Any) -> None:
        number = next(self._numbers)
        text = f"id: {number}\nevent: {kind}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"
        self._last = number
        self._kept.append((number, text))
        for queue in list(self._listeners):
            if queue.qsize() < QUEUED:
                queue.put_nowait(text)
            else:
                self._listeners.discard(queue)
                queue.put_nowait(None)

    async def listen(self, after: int | None) -> AsyncIterator[str]:
        """The events after number `after` (None: from now on), then the new ones, until `close`."""
        queue: asyncio.Queue[str | None] = asyncio.Queue()
        yield "retry: 1000\n\n"
        if after is not None:
            oldest = self._kept[0][0] if self._kept else self._last + 1
            if after > self._last or after < oldest - 1:
                yield f"id: {self._last}\nevent: reload\ndata: {{}}\n\n"
            else:
                for number, text in list(self._kept):
                    if number > after:
                        queue.put_nowait(text)
        else:
            yield f"id: {self._last}\nevent: hello\ndata: {{}}\n\n"
        self._listeners.add(queue)
        try:
            while not self.closed:
                try:
                    item = await asyncio.wait_for(queue.get(), KEEP_ALIVE_S)
                except TimeoutError:
                    yield ": still here\n\n"
                    continue
                if item is None:
                    return
                yield item
        finally:
            self._listeners.discard(queue)

    def close(self) -> None:
        """End every listener, so that the server can stop."""
        self.closed = True
        for queue in list(self._listeners):
            queue.put_nowait(None)
