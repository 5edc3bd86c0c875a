"""Serving the simulator so that it ends at once: open event streams are let go before the server waits for them."""

from collections.abc import Awaitable, Callable
from types import FrameType

import uvicorn
from starlette.applications import Starlette

from bot.sim.world import World

WATCH_S = 2


class SimServer(uvicorn.Server):
    """uvicorn for the simulator; `handle_exit` (Ctrl-C, SIGTERM) first closes the pages' event streams.

    `watch` is awaited every `WATCH_S` seconds inside the running server.
    """

    def __init__(
        self,
        app: Starlette,
        *,
        port: int,
        host: str = "127.0.0.1",
        watch: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                host=host,
                port=port,
                log_level="warning",
                access_log=False,
                timeout_graceful_shutdown=3,
                callback_notify=watch,
                timeout_notify=WATCH_S,
            )
        )
        self._world: World = app.state.world

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._world.stop()
        super().handle_exit(sig, frame)

    def stop(self) -> None:
        """End the server from another thread."""
        self._world.stop()
        self.should_exit = True
