"""The simulator as one ASGI app: fake platform APIs, control API, and the page with the phones."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.channel import Account
from bot.sim import control, qyapi, weixin_console, weixin_messages, weixin_tokens
from bot.sim.delivery import BUDGET_S
from bot.sim.people import Person, demo_residents, demo_workers
from bot.sim.world import World

STATIC = Path(__file__).parent / "static"


class OwnPageOnly:
    """Refuses what another site's page sends: a browser names the page in Origin, programs do not."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] != "GET":
            request = Request(scope)
            origin = request.headers.get("origin")
            if origin and urlsplit(origin).netloc != request.headers.get("host"):
                response = JSONResponse({"error": "只接受模拟器自己的页面。"}, status_code=403)
                await response(scope, receive, send)
                return
        await self.app(scope, receive, send)


async def _page(request: Request) -> Response:
    return FileResponse(STATIC / "index.html", headers={"Cache-Control": "no-cache"})


async def _health(request: Request) -> Response:
    return JSONResponse({"ok": True})


def create_sim(
    accounts: Sequence[Account],
    bot_url: str = "http://127.0.0.1:8000",
    *,
    users: Sequence[Person] = (),
    title: str = "社区公众号",
    budget_s: float = BUDGET_S,
) -> Starlette:
    """The simulator for these accounts, calling the service at `bot_url`/callback/<account>.

    Accounts without secrets get the demonstration's (`demo_accounts`). `users` replaces the demonstration's
    residents and workers, `title` is what stands above the residents' chat. `budget_s` is the platform's five seconds; only tests change it. The state is at
    `app.state.world`.
    """
    world = World(accounts, bot_url, users or [*demo_residents(), *demo_workers()], budget_s, title)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        yield
        await world.close()

    app = Starlette(
        routes=[
            Route("/", _page),
            Route("/healthz", _health),
            *control.ROUTES,
            *weixin_tokens.ROUTES,
            *weixin_messages.ROUTES,
            *weixin_console.ROUTES,
            *qyapi.ROUTES,
            Mount("/static", StaticFiles(directory=STATIC)),
        ],
        middleware=[Middleware(OwnPageOnly)],
        lifespan=lifespan,
    )
    app.state.world = world
    return app
