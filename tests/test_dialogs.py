"""Plays every conversation of `tests/dialogs/*.txt` word for word.

# 时间: 2026-10-12 10:00        when it begins (this is the default)
# 数据: 演示                    the demonstration's ledgers and activities are loaded
# 户: 槐树苑 3 2 501 AB23CD      a household (estate, building, unit, room) with codes on paper
居民 > 3栋路灯坏了              a resident writes (any name; each name is one person)
机器人 < 请核对…               the answer; … stands for anything, line ends count as blanks
网格员 zhangsan > 受理          a worker writes
推送 zhangsan < 【新报事】…     somebody has been pushed this since the last thing that was said
推送 无                         nobody has been pushed anything since
时间 +61秒                      the clock moves and ticks once
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.commands.demo import load_demo
from bot.config.fields import duration
from models.database import Database, session_on
from models.desk import Desk
from tests.conftest import empty
from tests.estate import settle
from tests.talk import Talk, at

DIALOGS = Path(__file__).parent / "dialogs"
FILES = sorted(DIALOGS.glob("*.txt"))
ON_POSTGRES = [
    "报事-从一句话到评价",
    "报事-没人受理逐级上报",
    "报事-没解决就重办",
    "查账-微基金",
    "查账-物业费",
    "活动-一句话报名",
    "活动-候补有名额了",
    "活动-前一天提醒",
    "住址-绑定以后报事",
    "网格员-请假有人顶班",
]


def flat(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


def fits(expected: str, said: str) -> bool:
    pattern = ".*".join(re.escape(flat(part)) for part in expected.split("…"))
    return re.fullmatch(r"\s*" + pattern.replace(r"\ ", r"\s*") + r"\s*", flat(said), re.DOTALL) is not None


def key_of(name: str) -> str:
    return f"work:{name.removeprefix('网格员').strip()}" if name.startswith("网格员") else f"mp:{name}"


def lines(path: Path) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if line.strip():
            yield number, line.strip()


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_the_conversation_goes_word_for_word(path: Path, tmp_path: Path) -> None:
    converse(path, tmp_path)


@pytest.mark.parametrize("name", ON_POSTGRES)
def test_the_conversation_goes_the_same_on_postgresql(name: str, tmp_path: Path, postgres: Database) -> None:
    try:
        converse(DIALOGS / f"{name}.txt", tmp_path, postgres)
    finally:
        empty(postgres)


def converse(path: Path, folder: Path, database: Database | None = None) -> None:
    start, demo = "2026-10-12 10:00", False
    for _, line in lines(path):
        if line.startswith("# 时间:"):
            start = line.partition(":")[2].strip()
        demo = demo or line.startswith("# 数据: 演示")
    talk = Talk(folder, at=at(start), database=database)
    try:
        if demo:
            _load(talk)
        for _, line in lines(path):
            if line.startswith("# 户:"):
                settle(talk, *line.partition(":")[2].split())
        _play(talk, path)
    finally:
        talk.close()


def _load(talk: Talk) -> None:
    state = talk.service.state
    with talk.database.write() as connection:
        session = session_on(connection)
        load_demo(Desk(session, community_id=state.community_id, now=talk.clock.at, rules=state.rules))
        session.flush()


def _play(talk: Talk, path: Path) -> None:
    answer, pushes = "", []
    for number, line in lines(path):
        where = f"{path.name}:{number}"
        if line.startswith("#"):
            continue
        if found := re.match(r"^时间 \+(.+)$", line):
            talk.pushes()
            talk.wait(duration(found[1]))
            pushes = talk.pushes()
        elif found := re.match(r"^没推送 (\S+)$", line):
            assert not any(person.endswith(f":{found[1]}") for person, _ in pushes), f"{where}: {pushes}"
        elif line == "推送 无":
            assert not pushes, f"{where}: {pushes}"
        elif found := re.match(r"^推送 (\S+) < (.*)$", line):
            key = f"work:{found[1]}" if found[1].isascii() else f"mp:{found[1]}"
            texts = [text for person, text in pushes if person == key]
            assert any(fits(found[2], text) for text in texts), f"{where}: {pushes}"
        elif found := re.match(r"^机器人 < (.*)$", line):
            assert fits(found[1], answer), f"{where}: {answer}"
        elif found := re.match(r"^(.+?) > (.*)$", line):
            talk.pushes()
            answer = talk.say(key_of(found[1]), found[2])
            pushes = talk.pushes()
        else:
            raise AssertionError(f"{where}: cannot read this line")
