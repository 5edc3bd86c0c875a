"""The page in a real browser: both phones, the network panel, keyboard, small screen; no other host is asked."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sim_standin import WORK, Rig, rigged

sync_api = pytest.importorskip("playwright.sync_api")
CHROMIUM = Path("/usr/bin/chromium")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="no chromium on this machine"),
]


@pytest.fixture(scope="module")
def shared() -> Iterator[Rig]:
    with rigged() as rig:
        yield rig


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with sync_api.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def rig(shared: Rig) -> Rig:
    shared.world.reset()
    shared.world.accounts["mp"].mode = "safe"
    shared.bot.heard.clear()
    return shared


@pytest.fixture
def page(rig: Rig, browser: Any) -> Iterator[Any]:
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    troubles: list[str] = []
    asked: set[str] = set()
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("console", lambda line: troubles.append(line.text) if line.type == "error" else None)
    page.on("request", lambda request: asked.add("/".join(request.url.split("/")[:3])))
    page.goto(rig.url)
    page.get_by_role("button", name="王婆婆").wait_for()
    yield page
    context.close()
    assert troubles == []
    assert {host for host in asked if host.startswith("http")} == {rig.url}


def chat(page: Any, side: str = "resident") -> str:
    return str(page.locator(f"#{side} .chat").inner_text())


def test_words_go_out_and_the_answer_comes_back(rig: Rig, page: Any) -> None:
    field = page.locator("#resident .field input")
    field.fill("三楼<b>漏水</b>")
    field.press("Enter")
    page.get_by_text("收到：三楼<b>漏水</b>").wait_for()
    row = page.locator("#wire li").first
    assert "/callback/mp" in row.inner_text() and "安全模式" in row.inner_text()
    row.locator("summary").click()
    assert "收到：三楼<b>漏水</b>" in row.locator("pre.open").last.inner_text()
    page.locator("#resident .try button").first.click()
    page.get_by_text("收到：3栋2单元楼道灯坏了").wait_for()


def test_photo_place_voice_scan_and_menu(rig: Rig, page: Any) -> None:
    side = page.locator("#resident")
    side.locator(".more").click()
    side.get_by_role("button", name="天花板漏水").click()
    side.locator(".chat img").wait_for()
    side.locator(".more").click()
    side.get_by_role("button", name="小区东门").click()
    side.locator(".place").wait_for()
    side.locator(".voice").click()
    side.locator(".field input").fill("喂喂")
    side.get_by_role("button", name="发送").click()
    side.get_by_text("转文字：").wait_for()
    side.locator(".more").click()
    side.get_by_role("button", name="网格W02").click()
    side.get_by_text("扫了二维码（网格W02）").wait_for()
    side.get_by_role("button", name="更多服务").click()
    side.get_by_role("button", name="查进度").last.click()
    deadline = time.monotonic() + 30
    while (
        len(rig.bot.heard) < 5 and time.monotonic() < deadline
    ):  # the tip stands before the event has arrived
        page.wait_for_timeout(20)
    kinds = [(one["MsgType"], one.get("Event", "")) for one in rig.bot.heard]
    assert kinds == [("image", ""), ("location", ""), ("voice", ""), ("event", "SCAN"), ("event", "CLICK")]


def test_a_push_reaches_the_worker_and_counts_for_the_other(rig: Rig, page: Any) -> None:
    said = {
        "touser": "zhangsan|lisi",
        "agentid": 1000002,
        "msgtype": "text",
        "text": {"content": "【新报事】241120-001 http://127.0.0.1/w/1"},
    }
    rig.api("/cgi-bin/message/send", said, WORK)
    page.locator("#worker").get_by_text("【新报事】").wait_for()
    assert page.locator("#worker .bubble a").get_attribute("href") == "http://127.0.0.1/w/1"
    page.locator("#worker .badge").wait_for()
    page.locator("#worker .person", has_text="李四").click()
    assert "【新报事】" in chat(page, "worker")
    assert page.locator("#worker .badge").count() == 0


def test_switches_of_the_platform(rig: Rig, page: Any) -> None:
    page.locator("#mode label", has_text="明文").click()
    page.locator("#copies").check()
    page.locator("#resident .try button").nth(1).click()
    page.get_by_text("同一条消息同时投递了 3 份，回答一致").wait_for()
    assert rig.world.accounts["mp"].mode == "plain"
    assert "明文模式" in page.locator("#wire li").first.inner_text()
    page.locator("#jump").select_option("172860")
    page.locator("#clock.moved").wait_for()
    assert rig.world.clock.offset == 172860
    rig.post("/sim/fault", path="/callback/mp", times=1)
    page.get_by_text("等着发生的故障：/callback/mp ×1").wait_for()
    rig.say("用掉故障")
    page.get_by_text("等着发生的故障").wait_for(state="detached")
    page.locator("#reset").click()
    rig.bot.late = [9, 9, 9]
    page.locator("#copies").uncheck()
    page.locator("#resident .try button").nth(2).click()
    page.get_by_text("该公众号提供的服务出现故障，请稍后再试").wait_for()
    assert page.locator("#wire li.bad").count() == 3
    page.locator("#reset").click()
    page.locator("#wire li").first.wait_for(state="detached")
    page.locator("#resident .row").first.wait_for(state="detached")
    assert page.locator("#clock.moved").count() == 0


def test_small_screen_shows_one_thing_at_a_time(rig: Rig, page: Any) -> None:
    page.set_viewport_size({"width": 390, "height": 780})
    assert page.locator("#resident").is_visible() and not page.locator("#worker").is_visible()
    page.get_by_role("tab", name="网格员手机").click()
    assert page.locator("#worker").is_visible() and not page.locator("#resident").is_visible()
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= 390, "nothing sticks out sideways"


def test_every_control_has_a_name(rig: Rig, page: Any) -> None:
    page.locator("#resident .more").click()
    nameless = page.evaluate(
        """() => [...document.querySelectorAll("button, input, select, a")]
            .filter((one) => one.offsetParent !== null)
            .filter((one) => !(one.getAttribute("aria-label") || one.textContent.trim() || one.labels?.length))
            .map((one) => one.outerHTML)"""
    )
    assert nameless == []
