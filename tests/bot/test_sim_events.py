"""The event stream: what happens reaches every open page once, also after a broken connection and a restart."""

import json
import threading
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from sim_standin import MP, Rig, rigged, served, waited

from bot.sim.app import create_sim


@pytest.fixture(scope="module")
def rig() -> Iterator[Rig]:
    with rigged() as rig:
        yield rig


class Listener:
    """A page's EventSource: (id, kind, data) of everything heard until `close`."""

    def __init__(self, url: str, after: str = "") -> None:
        self.heard: list[tuple[int, str, Any]] = []
        self.ended = False
        self._client = httpx2.Client(base_url=url, trust_env=False, timeout=20)
        self._headers = {"Last-Event-ID": after} if after else {}
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        number, kind = 0, ""
        with self._client.stream("GET", "/sim/events", headers=self._headers) as stream:
            for line in stream.iter_lines():
                name, _, value = line.partition(": ")
                if name == "id":
                    number = int(value)
                elif name == "event":
                    kind = value
                elif name == "data":
                    self.heard.append((number, kind, json.loads(value)))
                if kind == "last":
                    break
        self.ended = True

    def kinds(self) -> list[str]:
        return [kind for _, kind, _ in self.heard]

    def texts(self) -> list[str]:
        return [data["text"] for _, kind, data in self.heard if kind == "bubble"]

    def end(self, rig: Rig | None = None) -> None:
        if rig is not None:
            rig.world.bus.publish("last", {})
        self._thread.join(5)
        self._client.close()


def test_bubbles_and_exchanges_arrive_at_every_page(rig: Rig) -> None:
    pages = [Listener(rig.url), Listener(rig.url)]
    assert waited(lambda: all(page.kinds() == ["hello"] for page in pages))
    rig.say("一")
    for page in pages:
        assert waited(lambda page=page: page.texts() == ["一", "收到：一"])  # type: ignore[misc]
        exchange = next(data for _, kind, data in page.heard if kind == "exchange")
        assert (exchange["path"], exchange["good"]) == ("/callback/mp", True)
        assert "收到：一" in exchange["answer_plain"] and "收到：一" not in exchange["answer"]
    for page in pages:
        page.end(rig)


def test_a_page_that_was_away_gets_what_it_missed(rig: Rig) -> None:
    first = Listener(rig.url)
    assert waited(lambda: bool(first.heard))
    rig.say("二")
    assert waited(lambda: len(first.texts()) == 2)
    seen = first.heard[-1][0]
    first.end(rig)
    rig.say("三")
    second = Listener(rig.url, after=str(seen))
    assert waited(lambda: second.ended or "收到：三" in second.texts())
    assert "二" not in second.texts()
    second.end(rig)


@pytest.mark.parametrize("after", ["1", "99999999999999999"])
def test_a_page_of_another_run_loads_anew(rig: Rig, after: str) -> None:
    for number in range(3):
        rig.say(str(number))
    page = Listener(rig.url, after=after)
    assert waited(lambda: page.kinds() == ["reload"])
    page.end(rig)


def test_the_server_ends_although_pages_listen() -> None:
    with served(create_sim([MP], "http://127.0.0.1:9")) as url:
        page = Listener(url)
        assert waited(lambda: bool(page.heard))
    assert waited(lambda: page.ended)
    page.end()
