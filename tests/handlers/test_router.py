"""What the router says when nlp is not sure."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from nlp.understanding import Decision, Understanding
from tests.talk import Talk, at, shown


@pytest.fixture
def talk(tmp_path: Path) -> Iterator[Talk]:
    made = Talk(tmp_path, at=at("2026-10-12 10:00"))
    yield made
    made.close()


def hear(talk: Talk, words: str, heard: Understanding) -> str:
    async def wait() -> str:
        pending = talk.service.engine.hear(talk.message("mp:r", words), heard)
        assert pending.future is not None
        return shown(await asyncio.wait_for(pending.future, 20))

    return talk.loop.run_until_complete(wait())


def test_two_candidates_are_asked_between_and_the_answer_keeps_the_words(talk: Talk) -> None:
    heard = Understanding(
        "那个钱", Decision.ASK, "fund_query", 0.5, (("event_list", 0.4),), slots={"month": "2026-09"}
    )
    assert "还是" in hear(talk, "那个钱", heard)
    assert "账" in talk.say("mp:r", "1")


def test_one_candidate_is_asked_about_alone(talk: Talk) -> None:
    answer = hear(talk, "那个啥活动", Understanding("那个啥活动", Decision.ASK, "event_list", 0.5))
    assert "吗？是就回复 1" in answer
    assert "活动" in talk.say("mp:r", "1")


def test_twice_not_understood_offers_a_human(talk: Talk) -> None:
    nothing = Understanding("嗯哼哈", Decision.UNKNOWN)
    hear(talk, "嗯哼哈", nothing)
    assert "转人工" in hear(talk, "嗯哼哈", nothing)
