"""An admin who adds one phrase hears within seconds which messages it changes; how messages are explained and kept."""

from pathlib import Path

from sqlalchemy import select

from models.inbox import Inbox
from models.unmatched import Unmatched
from tests.talk import ROOT, Talk, at

SHIPPED = (ROOT / "config.yaml").read_text(encoding="utf-8")
ODD = "菜鸟驿站搬到哪个旮旯去了"


def edited(talk: Talk, config: Path, text: str) -> str:
    """What the first admin is told after saving this text."""
    talk.pushes()
    config.write_text(text, encoding="utf-8")
    talk.service.reloader.poll()
    assert talk.service.reloader.poll()
    talk.service.engine.run(lambda connection: None).result(20)
    [told] = [text for person, text in talk.pushes() if person == "work:wangwu"]
    return told


def test_one_phrase_more_tells_which_messages_move(tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text(SHIPPED, encoding="utf-8")
    talk = Talk(tmp_path, at=at("2026-10-12 10:00"), config=config)
    try:
        talk.say("mp:li", "微基金还有多少钱")
        talk.say("mp:li", ODD)
        told = edited(
            talk, config, SHIPPED.replace("      - 我要报事\n", f"      - 我要报事\n      - {ODD}\n")
        )
        assert "配置已更新并生效：意图：改了「报事」" in told
        assert "句以后会认得不同" in told and f"「{ODD}」" in told and "→ 「报事」" in told
        told = edited(
            talk, config, config.read_text(encoding="utf-8").replace("028-8888-0000", "028-6666-0000")
        )
        assert "认得不同" not in told
    finally:
        talk.close()


def test_a_decision_is_kept_with_its_explanation_and_an_unmatched_message_masked(tmp_path: Path) -> None:
    talk = Talk(tmp_path, at=at("2026-10-12 10:00"))
    try:
        talk.say("mp:li", "3栋2单元501，我叫王建国，宇宙有多大")
        talk.say("mp:li", "微基金还有多少钱，另外3栋楼道灯坏了")
        inbox, unmatched = Inbox.__table__, Unmatched.__table__  # type: ignore[attr-defined]
        with talk.database.read() as connection:
            texts = connection.execute(select(unmatched.c.text)).scalars().all()
            rows = connection.execute(select(inbox.c.understood).order_by(inbox.c.id)).scalars().all()
        assert texts == ["3栋［房号］，我叫［姓名］，宇宙有多大"]
        assert rows[0]["why"] and rows[1]["why"].startswith("几件事：")
    finally:
        talk.close()
