"""The activity pages: `/r/activities`, what is on, and `/r/activities/{code}`, one with its seats; never a name."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from bot.web.pages import render
from handlers.activity_words import can_join, seats, span, when
from handlers.context import Office
from models.activity import Activity, ActivityState
from models.database import Database, session_on
from models.desk import Desk
from models.rules import Rules

KEPT = timedelta(days=30)  # so long the list shows what has been


def routes(
    database: Database,
    community_id: int,
    office: Callable[[], Office],
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> list[BaseRoute]:
    """The routes of the activity pages; `office` is asked anew for each page, so an edit shows at once."""

    def desk_on(connection: Connection) -> Desk:
        return Desk(session_on(connection), community_id=community_id, now=now(), rules=Rules())

    def list_page(request: Request) -> Response:
        with database.read() as connection:
            desk = desk_on(connection)
            coming = [_card(activity, desk, office()) for activity in desk.upcoming_activities()]
            past = [
                _card(activity, desk, office())
                for activity in reversed(desk.activities(since=desk.now - KEPT))
                if activity.starts_at <= desk.now and activity.state is not ActivityState.CANCELLED
            ]
        return render("activities.html", office(), coming=coming, past=past, texts=office().texts)

    def activity_page(request: Request) -> Response:
        with database.read() as connection:
            desk = desk_on(connection)
            activity = desk.activity(request.path_params["code"])
            if activity is None or activity.state is ActivityState.DRAFT:
                return render("activity_missing.html", office(), status=404, texts=office().texts)
            joinable = can_join(activity, desk.now)
            return render(
                "activity.html",
                office(),
                activity=activity,
                card=_card(activity, desk, office()),
                waiting=desk.waiting_groups(activity),
                taken=activity.taken * 1000 // max(1, activity.capacity_people),
                deadline=when(activity.closes_at) if joinable else "",
                joinable=joinable and (activity.waitlist or activity.seats_left > 0),
                texts=office().texts,
            )

    return [
        Route("/r/activities", list_page, name="activities"),
        Route("/r/activities/{code}", activity_page, name="activity"),
    ]


def _card(activity: Activity, desk: Desk, office: Office) -> dict[str, str]:
    return {
        "code": activity.code,
        "title": activity.title,
        "time": span(activity),
        "place": activity.place,
        "seats": seats(activity, desk, office),
    }
