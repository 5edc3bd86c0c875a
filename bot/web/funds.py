"""The money pages: `/r/funds`, every fund with its balance, and `/r/funds/{code}`, one book line by line."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from urllib.parse import quote

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from bot.web.pages import not_found, render
from handlers.context import Office
from handlers.fund_periods import Period, month_of, this_year
from models.database import Database, session_on
from models.desk import Desk
from models.fund import Fund, FundKind, RemunerationMode
from models.ledger import CHENGDU, local_day, yuan
from models.ledger_categories import KIND_NAMES
from models.rules import Rules

PAGE_ROWS = 60  # keeps a page below 100 KB


def routes(
    database: Database,
    community_id: int,
    office: Callable[[], Office],
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> list[BaseRoute]:
    """The routes of the money pages; `office` is asked anew for each page, so an edit shows at once."""

    def desk_on(connection: Connection) -> Desk:
        return Desk(session_on(connection), community_id=community_id, now=now(), rules=Rules())

    def list_page(request: Request) -> Response:
        with database.read() as connection:
            desk = desk_on(connection)
            funds = [
                {
                    "fund": fund,
                    "kind": KIND_NAMES[fund.kind],
                    "balance": yuan(desk.fund_balance(fund)),
                    "entries": desk.count_entries(fund, date.min, date.max),
                    "last": _day(span[1]) if (span := desk.fund_span(fund)) else "",
                }
                for fund in desk.funds()
            ]
        return render("funds.html", office(), funds=funds, as_of=_moment(desk.now))

    def fund_page(request: Request) -> Response:
        code = request.path_params["code"]
        with database.read() as connection:
            desk = desk_on(connection)
            fund = desk.fund(code)
            if fund is None:
                return not_found(office(), "没有这本账，可能编号写错了。")
            wanted = request.query_params.get("month", "")
            period = _period(wanted, local_day(desk.now), desk.fund_span(fund))
            if period is None:
                return RedirectResponse(f"/r/funds/{quote(code)}", 303)
            return _fund_page(desk, fund, wanted, period, request, office())

    return [
        Route("/r/funds", list_page, name="funds"),
        Route("/r/funds/{code}", fund_page, name="fund"),
    ]


def _fund_page(
    desk: Desk, fund: Fund, wanted: str, period: Period, request: Request, office: Office
) -> Response:
    today, span = local_day(desk.now), desk.fund_span(fund)
    count = desk.count_entries(fund, period.first, period.last)
    pages = max(1, -(-count // PAGE_ROWS))
    asked = request.query_params.get("page", "1")
    page = min(pages, max(1, int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 7 else 1))
    trust = desk.trust_summary(fund, period.first, period.last) if fund.kind is FundKind.TRUST else None
    agreed = donation = ""
    if trust is not None:
        agreement = trust.agreement
        if agreement.mode is RemunerationMode.FIXED:
            agreed = office.texts.say("fund.agreed_fixed", 金额=yuan(agreement.fixed_fen))
        else:
            agreed = office.texts.say("fund.agreed_rate", 比例=f"{agreement.remuneration_rate / 100:g}%")
        donation = f"{agreement.donation_rate / 100:g}%"
    return render(
        "fund.html",
        office,
        fund=fund,
        kind=KIND_NAMES[fund.kind],
        balance=desk.fund_balance(fund),
        as_of=_moment(desk.now),
        span=span,
        choices=_choices(span, today),
        chosen=wanted,
        label=period.label,
        summary=desk.fund_summary(fund, period.first, period.last),
        trust=trust,
        agreed=agreed,
        donation=donation,
        count=count,
        entries=desk.fund_entries(
            fund, period.first, period.last, limit=PAGE_ROWS, offset=(page - 1) * PAGE_ROWS
        ),
        page=page,
        pages=pages,
        last=desk.last_entry(fund),
        yuan=yuan,
        day=_day,
        percent=_percent,
        share=_share,
    )


def _period(wanted: str, today: date, span: tuple[date, date] | None) -> Period | None:
    """The days of `?month=`: "" is this year, `2025` a year, `2026-09` a month, `all` everything; None for others."""
    if wanted == "":
        return this_year(today)
    if wanted == "all":
        first, last = span or (today, today)
        return Period(first, last, "开账以来")
    digits = wanted.replace("-", "", 1)
    if not (digits.isascii() and digits.isdigit() and wanted.count("-") <= 1):
        return None
    if len(wanted) == 4 and 1990 <= int(wanted) <= 2200:
        year = int(wanted)
        return Period(date(year, 1, 1), date(year, 12, 31), f"{year}年")
    if (
        len(wanted) == 7
        and wanted[4] == "-"
        and 1990 <= int(wanted[:4]) <= 2200
        and 1 <= int(wanted[5:]) <= 12
    ):
        return month_of(int(wanted[:4]), int(wanted[5:]), today)
    return None


def _choices(span: tuple[date, date] | None, today: date) -> list[tuple[str, str]]:
    """What the picker offers: this year, its months and those of the year before, earlier years, everything."""
    offered = [("", "今年以来")]
    if span is None:
        return offered
    at = today.replace(day=1)
    while at >= span[0].replace(day=1) and at.year >= today.year - 1:
        offered.append((f"{at:%Y-%m}", f"{at.year}年{at.month}月"))
        at = date(at.year - 1, 12, 1) if at.month == 1 else at.replace(month=at.month - 1)
    offered += [(str(year), f"{year}年") for year in range(today.year - 1, span[0].year - 1, -1)]
    return [*offered, ("all", "开账以来")]


def _share(part: int, whole: int) -> int:
    """The length of a bar in thousandths; something is always seen of what is above zero."""
    if part <= 0 or whole <= 0:
        return 0
    return max(12, min(1000, part * 1000 // whole))


def _percent(part: int, whole: int) -> str:
    tenths = part * 1000 // whole if whole > 0 else 0
    return f"{tenths // 10}.{tenths % 10}%"


def _day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def _moment(moment: datetime) -> str:
    local = moment.astimezone(CHENGDU)
    return f"{_day(local.date())} {local:%H:%M}"
