"""Everything the bot can do: 办理 names and open forms, each with its handler."""

from handlers import (
    activity,
    emergency,
    filed,
    following,
    fund,
    home,
    rating,
    report,
    talk,
    ticket,
    worker,
    worker_photos,
)
from handlers.context import Handler, Service

SERVICES: dict[str, Service] = {
    **report.SERVICES,
    **emergency.SERVICES,
    **ticket.SERVICES,
    **rating.SERVICES,
    **fund.SERVICES,
    **activity.SERVICES,
    **talk.SERVICES,
}

FORMS: dict[str, Handler] = {
    **report.FORMS,
    **emergency.FORMS,
    **filed.FORMS,
    **ticket.FORMS,
    **rating.FORMS,
    **following.FORMS,
    **fund.FORMS,
    **activity.FORMS,
    **home.FORMS,
    **talk.FORMS,
}

WORKER_FORMS: dict[str, Handler] = {**worker.FORMS, **worker_photos.FORMS}
