"""R8 through the chat: whatever a neighbour asks with another's number, the ticket does not exist for him."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from handlers.message import Kind
from tests.talk import Talk, at

ASKS = (
    "进度 {}", "查一下 {}", "{}", "催办 {}", "补充 {} 我也看到了", "取消 {}", "评价 {} 5星", "已解决 {}", "没解决 {}",
    "重新办理 {}", "申诉 {} 我不服", "关注 {}", "取消关注 {}", "我要投诉 {}", "{} 办到哪了",
)  # fmt: skip
SECRETS = ("501", "138", "厨房", "水管", "张三")


@pytest.fixture(scope="module")
def talk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Talk]:
    made = Talk(tmp_path_factory.mktemp("privacy"), at=at("2026-10-12 10:00"))
    made.say("mp:居民", "3栋2单元501厨房水管漏水，电话13812345678")
    assert "261012-W01-0001" in made.say("mp:居民", "1")
    made.pushes()
    yield made
    made.close()


@pytest.mark.parametrize("number", ["261012-W01-0001", "261012w010001", "0001"])
@pytest.mark.parametrize("words", ASKS)
def test_anothers_private_ticket_is_not_found(talk: Talk, words: str, number: str) -> None:
    person = f"mp:邻居{words}{number}"
    for _ in range(2):  # the second time with whatever dialog the first has opened
        said = talk.say(person, words.format(number))
        assert not [secret for secret in SECRETS if secret in said], said
    assert not [push for push in talk.pushes() if push[0] in ("mp:居民", "work:zhangsan")]


def test_a_withdrawn_consent_leaves_the_case_without_its_person(tmp_path: Path) -> None:
    """R11: the event of the platform; the worker goes on, and nobody is pushed any more."""
    talk = Talk(tmp_path, at=at("2026-10-12 10:00"))
    try:
        talk.say("mp:居民", "3栋2单元楼道灯坏了")
        talk.say("mp:居民", "1")
        talk.hear(talk.message("mp:居民", kind=Kind.EVENT, event="user_authorization_revoke"))
        assert "没有找到" in talk.say("mp:居民", "进度 261012-W01-0001")
        talk.pushes()
        assert "已受理 261012-W01-0001" in talk.say("work:zhangsan", "受理")
        assert [person for person, _ in talk.pushes() if person.startswith("mp:")] == []
    finally:
        talk.close()
