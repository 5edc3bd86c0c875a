"""Moments, places and ambiguity on wide lists of our own, and texts that nobody should send."""

import json
import time
from datetime import datetime

import pytest
from samples import NOW, rows

from nlp.normalise import normalise
from nlp.slots import LOCAL, slots
from nlp.understand import Understander

PLACE = ("building", "unit", "room", "floor", "zone", "estate")


def test_dates_and_times(understander: Understander) -> None:
    lines = rows("times.tsv")
    wrong = []
    for row in lines:
        base = datetime.strptime(row["base"], "%Y-%m-%d %H:%M").replace(tzinfo=LOCAL)
        read = understander.understand(row["text"], now=base).slots
        if (read.get("date", ""), read.get("time", "")) != (row["gold_date"], row["gold_time"]):
            wrong.append(row["text"])
    assert len(lines) >= 250
    assert len(wrong) <= 0.02 * len(lines), wrong


def test_addresses(understander: Understander) -> None:
    lines = rows("addresses.tsv")
    wrong = []
    for row in lines:
        read = understander.understand(row["text"], now=NOW).slots
        if {name: read[name] for name in PLACE if name in read} != json.loads(row["gold"]):
            wrong.append(row["text"])
    assert len(lines) >= 180
    assert len(wrong) <= 0.02 * len(lines), wrong


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("周一到周五都有人", {"date": "2026-10-12", "date_to": "2026-10-16"}),
        ("周五到下周一我不在", {"date": "2026-10-16", "date_to": "2026-10-19"}),
        ("10月20号到10月25号停水", {"date": "2026-10-20", "date_to": "2026-10-25"}),
        ("15-17号不在家", {"date": "2026-10-15", "date_to": "2026-10-17"}),
        ("28号到3号", {"date": "2026-10-28", "date_to": "2026-11-03"}),
        ("正月初一到初五", {"date": "2027-02-06", "date_to": "2027-02-10"}),
        ("明后天都行", {"date": "2026-10-13", "date_to": "2026-10-14"}),
        ("明天10-12点在家", {"date": "2026-10-13", "time": "10:00", "time_to": "12:00"}),
        ("明天下午2点到4点半", {"date": "2026-10-13", "time": "14:00", "time_to": "16:30"}),
    ],
)
def test_ranges(text: str, expected: dict[str, str]) -> None:
    read = slots(normalise(text), NOW)
    names = ("date", "date_to", "time", "time_to")
    assert {name: read[name] for name in names if name in read} == expected


@pytest.mark.parametrize(
    ("text", "past", "expected"),
    [
        ("周三", False, {"date": "2026-10-14", "date_or": "2026-10-07"}),
        ("周三报的修", False, {"date": "2026-10-07"}),
        ("周三要来修", True, {"date": "2026-10-14"}),
        ("20号", True, {"date": "2026-09-20", "date_or": "2026-10-20"}),
        ("20号截止", True, {"date": "2026-10-20"}),
        ("明天三点来", False, {"date": "2026-10-13", "time": "15:00", "time_or": "03:00"}),
        ("明天下午三点来", False, {"date": "2026-10-13", "time": "15:00"}),
        ("3栋和5栋都停电", False, {"building": "3", "building_or": "5"}),
    ],
)
def test_what_words_leave_open_is_kept(text: str, past: bool, expected: dict[str, str]) -> None:
    read = slots(normalise(text), NOW, past=past)
    read.pop("place", None)
    assert read == expected


def test_words_that_look_back_or_ahead_count_more_than_the_intent() -> None:
    assert slots("9月15号交的钱", NOW)["date"] == "2026-09-15"
    assert slots("9月15号之前能弄好不", NOW, past=True)["date"] == "2027-09-15"


def test_an_estate_of_the_configuration_is_meant_by_a_part_of_its_name() -> None:
    estates = ["槐树苑", "锦绣家园一期", "锦绣家园二期"]
    assert slots("槐树苑3栋", NOW, estates=estates)["estate"] == "槐树苑"
    assert slots(normalise("锦绣家园二期3栋"), NOW, estates=["锦绣家园"])["estate"] == "锦绣家园"
    text = "翠湖苑2期3栋"
    assert slots(normalise(text), NOW, said=text)["estate"] == "翠湖苑2期"
    text = "翠湖苑二期3栋"
    assert slots(normalise(text), NOW, said=text)["estate"] == "翠湖苑二期"


LONG = {
    "one character": "人" * 5000,
    "persons": "我妈和他爸" * 1000,
    "a clause": "有人倒在路上不知道怎么了" * 420,
    "numbers": "3栋2单元501" * 700,
    "bare digits": "1" * 5000,
    "dashes": "3-2-1-" * 900,
    "clocks": "明天下午3点到4点" * 550,
    "estates": "我们小区花园家园" * 620,
    "emoji": "😂🔥🆘" * 1700,
    "punctuation": "。！？，、" * 1000,
    "control characters": "\x00\x07\x1b\u200b" * 1250,
    "other languages": "Помогите пожалуйста help me " * 180,
    "half of everything": "火烟血水刀电梯楼窗井气" * 450,
    "so hot that": "热得要" * 1700,
}


@pytest.mark.parametrize("text", LONG.values(), ids=LONG.keys())
def test_no_text_takes_long(text: str, understander: Understander) -> None:
    """A pattern that goes astray takes minutes; a slow and busy machine takes some ten milliseconds."""
    understander.understand(text[:20], now=NOW)
    begun = time.process_time()
    understander.understand(text, now=NOW)
    assert time.process_time() - begun < 1.0
