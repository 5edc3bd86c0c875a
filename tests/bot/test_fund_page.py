"""The money pages as a phone gets them: figures, masked names, no foreign host, small, and polite to bad addresses."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.testclient import TestClient

from bot.web import STATIC, funds
from handlers.context import Office
from handlers.links import Links
from handlers.texts import Texts
from models.community import Community
from models.database import Database, session_on
from models.desk import Desk
from models.fund import FundKind, Shown
from models.ledger import NewEntry, received, spent
from models.ledger_demo import demo_ledgers
from models.rules import Rules

NOW = datetime(2026, 10, 12, 2, 0, tzinfo=UTC)
OFFICE = Office(
    name="示例社区",
    phone="028-8888-0000",
    hours="周一至周五",
    texts=Texts(),
    links=Links("https://linli.example.org", "secret"),
    worker_account="work",
    admins=(),
    intents={},
)


def fill(database: Database, act: Callable[[Desk], object]) -> None:
    with database.write() as connection:
        session = session_on(connection)
        if session.get(Community, 1) is None:
            session.add(Community(id=1, code="demo", name="示例社区"))
            session.flush()
        act(Desk(session, community_id=1, now=NOW, rules=Rules()))
        session.flush()


@pytest.fixture
def phone(sqlite: Database) -> Iterator[TestClient]:
    routes = funds.routes(sqlite, 1, lambda: OFFICE, lambda: NOW)
    app = Starlette(routes=[*routes, Mount("/static", StaticFiles(directory=STATIC))])
    with TestClient(app, base_url="http://127.0.0.1", follow_redirects=False) as client:
        yield client


@pytest.fixture
def demo(sqlite: Database) -> None:
    fill(sqlite, demo_ledgers)


def words(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def test_the_list_shows_every_fund_with_its_balance(phone: TestClient, demo: None) -> None:
    page = phone.get("/r/funds")
    assert page.status_code == 200
    for part in (
        "社区微基金",
        "30,499.00",
        "槐树苑物业费账",
        "金河绿洲物业费账",
        "截至 2026年10月12日 10:00",
    ):
        assert part in page.text


def test_a_fund_shows_period_sources_uses_entries_and_hash(
    phone: TestClient, demo: None, sqlite: Database
) -> None:
    page = phone.get("/r/funds/HSY?month=2026-09")
    said = words(page.text)
    for part in (
        "152,866.00",
        "63,200.00",
        "51,504.00",
        "164,562.00",
        "9月收物业费 60,600.00 元，公司提酬金 8,970.00 元，用在小区 42,534.00 元",
        "约定不超过 15% ，没有超",
        "秩序维护 13,332.00 占 25.8%",
        "2栋屋面防水 支 12,600.00",
        "一笔一笔看（10 笔）",
    ):
        assert part.replace(" ", "") in said.replace(" ", ""), part
    with sqlite.read() as connection:
        desk = Desk(session_on(connection), community_id=1, now=NOW, rules=Rules())
        last = desk.last_entry(desk.fund("HSY") or pytest.fail("no fund"))
    assert last is not None
    assert last.hash in page.text


def test_the_chat_and_the_page_agree_and_the_picker_offers_the_months(phone: TestClient, demo: None) -> None:
    page = phone.get("/r/funds/WJJ").text
    assert "45,969.00" in page
    assert "15,470.00" in page
    assert re.search(r'<option value="2026-04">2026年4月</option>', page)
    assert '<option value="" selected>今年以来</option>' in page
    assert "30,499.00" in phone.get("/r/funds/WJJ?month=all").text
    assert "这段时间没有记账" in phone.get("/r/funds/WJJ?month=2025").text


def test_names_are_public_only_by_consent(phone: TestClient, sqlite: Database) -> None:
    def book(desk: Desk) -> None:
        fund = desk.open_fund("A", "微基金", FundKind.MICRO)
        for name, shown in (("王大明", Shown.MASKED), ("红旗超市", Shown.NAMED), ("李四", Shown.ANONYMOUS)):
            lines = received("merchant_donation", 500)
            desk.post_entry(
                fund, NewEntry(date(2026, 10, 1), lines, memo=f"{name}捐款", party=name, shown=shown)
            )

    fill(sqlite, book)
    page = phone.get("/r/funds/A").text
    assert "王大明" not in page
    assert "李四" not in page
    assert "王**捐款" in page
    assert "红旗超市" in page
    assert "未留名" in page


def test_what_people_write_is_never_markup(phone: TestClient, sqlite: Database) -> None:
    def book(desk: Desk) -> None:
        fund = desk.open_fund("A", "<b>微基金</b>", FundKind.MICRO)
        desk.post_entry(
            fund,
            NewEntry(
                date(2026, 10, 1), received("interest", 5), memo="<script>alert(1)</script>", tag='"><i>'
            ),
        )

    fill(sqlite, book)
    page = phone.get("/r/funds/A").text
    assert "<script" not in page
    assert "<i>" not in page
    assert "&lt;b&gt;微基金" in page


def test_a_reversal_is_seen_on_both_sides(phone: TestClient, sqlite: Database) -> None:
    def book(desk: Desk) -> None:
        fund = desk.open_fund("A", "微基金", FundKind.MICRO)
        desk.post_entry(fund, NewEntry(date(2026, 10, 1), received("interest", 900)))
        wrong = desk.post_entry(fund, NewEntry(date(2026, 10, 2), spent("activity", 500), memo="茶水"))
        desk.reverse_entry(wrong, memo="记错了")

    fill(sqlite, book)
    said = words(phone.get("/r/funds/A").text)
    assert "冲正第 2 笔" in said
    assert "已由第 3 笔冲正" in said


def test_pages_are_small_ask_no_other_host_and_run_no_script(phone: TestClient, sqlite: Database) -> None:
    def book(desk: Desk) -> None:
        fund = desk.open_fund("A", "微基金", FundKind.MICRO)
        memo = "一句话" * 30
        desk.post_entries(
            fund,
            [
                NewEntry(date(2026, 10, 1), received("interest", 5), memo=memo, tag="重阳宴")
                for _ in range(150)
            ],
        )

    fill(sqlite, book)
    seen: set[str] = set()
    for number in (1, 2, 3):
        page = phone.get(f"/r/funds/A?page={number}")
        assert len(page.content) < 100_000
        assert "//" not in re.sub(r"<!doctype html>", "", page.text)
        assert "<script" not in page.text
        assert "style=" not in page.text
        assert "default-src 'none'" in page.headers["content-security-policy"]
        seen |= set(re.findall(r'id="n(\d+)"', page.text))
    assert len(seen) == 150
    assert "第 3 页，共 3 页" in phone.get("/r/funds/A?page=99999").text
    style = re.search(r'href="(/static/[^"]+)"', page.text)
    assert style is not None
    assert phone.get(style[1]).status_code == 200


@pytest.mark.parametrize(
    "address",
    ["month=zz", "month=2026-13", "month=2026-9", "month=٢٠٢٦", "month=0000", "month=2026-1-", "month=--"],
)
def test_a_strange_month_leads_back_to_the_page(phone: TestClient, demo: None, address: str) -> None:
    answer = phone.get(f"/r/funds/WJJ?{address}")
    assert (answer.status_code, answer.headers["location"]) == (303, "/r/funds/WJJ")


@pytest.mark.parametrize("page", ["0", "-1", "x", "٣", "9" * 30, ""])
def test_a_strange_page_number_is_the_first(phone: TestClient, demo: None, page: str) -> None:
    assert phone.get("/r/funds/WJJ", params={"page": page}).status_code == 200


@pytest.mark.parametrize("code", ["XX", "..%2f..", "%00", "a" * 500])
def test_an_unknown_fund_is_told_in_words(phone: TestClient, demo: None, code: str) -> None:
    answer = phone.get(f"/r/funds/{code}")
    assert answer.status_code == 404
    if code != "..%2f..":
        assert "没有这本账" in answer.text


def test_empty_books_say_so(phone: TestClient, sqlite: Database) -> None:
    fill(sqlite, lambda desk: None)
    assert "账目还没有录入" in phone.get("/r/funds").text
    fill(sqlite, lambda desk: desk.open_fund("A", "微基金", FundKind.MICRO))
    assert "这本账还没有记账" in phone.get("/r/funds/A").text


def test_text_has_contrast_enough_and_is_large() -> None:
    """Every ink on every ground it stands on: at least 4.5 to 1 (WCAG AA); the main text is 18 pt."""
    css = (STATIC / "resident.css").read_text(encoding="utf-8")
    colour = dict(re.findall(r"--([a-z]+): (#[0-9a-f]{3,6})", css))
    for ink in ("ink", "soft", "in", "out", "accent"):
        for ground in ("paper", "card"):
            assert _contrast(colour[ink], colour[ground]) >= 4.5, (ink, ground)
    assert _contrast("#fff", colour["accent"]) >= 4.5
    assert re.search(r"body \{[^}]*font: 18pt", css)


def _contrast(one: str, other: str) -> float:
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    digits = colour.lstrip("#")
    if len(digits) == 3:
        digits = "".join(digit * 2 for digit in digits)
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (
        part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
