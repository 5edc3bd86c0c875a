"""The web application: callbacks first, then pages, health and metrics."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from bot.bootstrap import Service
from bot.callback import Callback
from bot.jobs import Jobs
from bot.web import STATIC, activities, funds
from models.desk import outbox as outbox_desk
from models.desk.alarms import standing


def create_app(service: Service) -> Any:
    """The ASGI app of a service; starting and stopping it starts and stops the service."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        service.start()
        jobs = Jobs(service.jobs())
        jobs.start()
        try:
            yield
        finally:
            service.engine.wind_down()
            await asyncio.to_thread(jobs.stop)
            await asyncio.to_thread(service.stop)

    app = FastAPI(title="邻里", lifespan=lifespan, openapi_url=None, docs_url=None, redoc_url=None)
    registry = CollectorRegistry()
    registry.register(_Collector(service))

    async def healthz(_: Request) -> Response:
        """The process is there."""
        return JSONResponse({"status": "ok"})

    def readyz(_: Request) -> Response:
        """It can answer: the writer lives and keeps up, and the database answers. Alarms are counted, they are the
        office's business and no reason to take the process away."""
        problems = [] if service.engine.alive and service.engine.keeps_up else ["writer"]
        alarms: dict[str, int] = {}
        try:
            with service.database.read() as connection:
                alarms = standing(connection, service.state.community_id)
        except SQLAlchemyError:
            problems.append("database")
        return JSONResponse(
            {"status": "ready" if not problems else "not ready", "problems": problems, "alarms": alarms},
            503 if problems else 200,
        )

    def metrics(_: Request) -> Response:
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    app.router.add_route("/healthz", healthz)
    app.router.add_route("/readyz", readyz)
    app.router.add_route("/metrics", metrics)
    for routes in (funds.routes, activities.routes):
        app.router.routes.extend(
            routes(service.database, service.state.community_id, lambda: service.state.office)
        )
    app.router.routes.append(Mount("/static", StaticFiles(directory=STATIC), name="static"))
    # uvicorn would look for a proxy's headers in every callback as well (4 µs), where nobody asks who is calling.
    proxies = os.environ.get("FORWARDED_ALLOW_IPS", "127.0.0.1")
    pages: Any = app  # uvicorn has narrower types for the same thing
    return Callback(service, ProxyHeadersMiddleware(pages, trusted_hosts=proxies))


class _Collector:
    """The figures of this process and the outbox, read when they are asked for."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def collect(self) -> Any:
        engine = self._service.engine
        yield GaugeMetricFamily(
            "linli_messages_heard_total", "Messages answered since the start", engine.heard
        )
        yield GaugeMetricFamily(
            "linli_messages_failed_total", "Handlers that failed since the start", engine.failed
        )
        yield GaugeMetricFamily(
            "linli_writer_queue", "Messages and jobs that wait for the writer", engine.waiting
        )
        up = GaugeMetricFamily("linli_database_up", "Whether the database answers (1) or not (0)")
        outbox = GaugeMetricFamily("linli_outbox", "Notices by state", labels=["state"])
        alarms = GaugeMetricFamily("linli_alarms", "Alarms that stand, by kind", labels=["kind"])
        try:
            with self._service.database.read() as connection:
                for kind, count in standing(connection, self._service.state.community_id).items():
                    alarms.add_metric([kind], count)
                for state, count in outbox_desk.counts(connection).items():
                    outbox.add_metric([state], count)
            up.add_metric([], 1)
        except SQLAlchemyError:  # the other figures matter most just then
            up.add_metric([], 0)
        yield up
        yield outbox
        yield alarms
