"""The activity pages over ASGI: what is on, one activity, and that nobody is named."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection
from starlette.applications import Starlette
from starlette.testclient import TestClient

from bot.web.activities import routes
from handlers.context import Office
from handlers.links import Links
from handlers.texts import Texts
from models.community import Community
from models.database import Database, session_on
from models.desk import Desk
from models.desk.activity_demo import demo_activities
from models.desk.activity_plan import ActivityPlan
from models.rules import Rules

NOW = datetime(2026, 10, 12, 2, 0, tzinfo=UTC)
OFFICE = Office("示例社区", "028-8888-0000", "", Texts(), Links("https://x", "s"), "work", (), {})


def desk_on(connection: Connection) -> Desk:
    return Desk(session_on(connection), community_id=1, now=NOW, rules=Rules())


@pytest.fixture
def client(sqlite: Database) -> Iterator[TestClient]:
    with sqlite.write() as connection:
        session = session_on(connection)
        session.add(Community(id=1, code="demo", name="示例社区"))
        session.flush()
        desk = desk_on(connection)
        demo_activities(desk)
        small = ActivityPlan("小班-1", "<b>面塑课</b>", "活动室", NOW + timedelta(days=3), 2)
        activity = desk.create_activity(small)
        assert activity.id is not None
        desk.sign_up(activity.id, "mp:li", 2, name="李桂芳", phone="13800000000", companions="老伴")
        desk.sign_up(activity.id, "mp:wang", 1, name="王大爷")
    app = Starlette(routes=routes(sqlite, 1, lambda: OFFICE, lambda: NOW))
    with TestClient(app) as made:
        yield made


def test_the_list_shows_what_is_on(client: TestClient) -> None:
    page = client.get("/r/activities")
    assert page.status_code == 200
    assert re.findall(r'class="name">(.*?)<', page.text) == [
        "&lt;b&gt;面塑课&lt;/b&gt;",
        "坝坝会",
        "重阳宴",
        "亲子风筝节",
    ]
    assert "还有 600 个名额" in page.text
    assert "名额已满，可排候补" in page.text


def test_one_activity_with_its_seats_and_line(client: TestClient) -> None:
    page = client.get("/r/activities/cyy")
    for words in (
        "重阳宴",
        "11月1日（周日）上午10:00到下午1:00",
        "社区文化广场",
        "一共 600 个，已报 0 位",
        "回复「报名重阳宴」",
    ):
        assert words in page.text
    page = client.get("/r/activities/小班-1")
    assert "一共 2 个，已报 2 位，1 家在候补" in page.text


def test_the_pages_name_nobody(client: TestClient) -> None:
    for address in ("/r/activities", "/r/activities/小班-1"):
        text = client.get(address).text
        for secret in ("李桂芳", "13800000000", "王大爷", "老伴</", "mp:li"):
            assert secret not in text


def test_pages_ask_no_other_host_and_stay_small(client: TestClient) -> None:
    for address in ("/r/activities", "/r/activities/CYY"):
        page = client.get(address)
        assert not re.findall(r'(?:src|href)="(?:https?:)?//', page.text)
        assert len(page.content) < 20_000
        assert "script" not in page.text


def test_an_unknown_code_says_where_to_go(client: TestClient) -> None:
    page = client.get("/r/activities/NIX")
    assert page.status_code == 404
    assert "没有找到这个活动" in page.text
    assert 'href="/r/activities"' in page.text


def test_a_cancelled_one_says_why(client: TestClient, sqlite: Database) -> None:
    with sqlite.write() as connection:
        desk = desk_on(connection)
        desk.cancel_activity("CYY", "下大雨")
    page = client.get("/r/activities/CYY").text
    assert "已取消" in page
    assert "下大雨" in page
    assert "回复「报名" not in page
    assert "重阳宴" not in client.get("/r/activities").text.replace("报名坝坝会", "")


def test_nothing_on(sqlite: Database) -> None:
    app = Starlette(routes=routes(sqlite, 1, lambda: OFFICE, lambda: NOW))
    with TestClient(app) as client:
        assert "眼下没有可以报名的活动" in client.get("/r/activities").text
