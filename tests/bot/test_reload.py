"""An edit goes live whole or not at all, is told once, and can be found again in the history."""

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.config import Config, ConfigError, Mistake, accounts, phrase_mistakes
from bot.reload import KEPT_VERSIONS, History, Reloader
from bot.settings import read_settings
from nlp.understand import Understander

GOOD = """\
社区: {名称: 示例社区, 值班电话: 028-8888-0000}
时限:
  办结: {限: 1天}
意图:
  - 编号: 垃圾投放
    标识: garbage
    办理: 说明
    说法: [垃圾丢哪里, 啥时候收垃圾]
    回复: 请在 7 点到 9 点投放。
"""
NEXT = GOOD.replace("限: 1天", "限: 2天")
BAD = GOOD.replace("限: 1天", "限: 一会儿")


class StandingClock:
    """Every look is one second later."""

    def __init__(self) -> None:
        self.at = datetime(2026, 10, 12, 2, 0, tzinfo=UTC)

    def now(self) -> datetime:
        self.at += timedelta(seconds=1)
        return self.at


class Desk:
    """A file, its reloader, and what was told."""

    def __init__(
        self, folder: Path, trial: Callable[[Config, str], list[Mistake]] = lambda config, built: []
    ) -> None:
        self.path = folder / "config.yaml"
        self.good: list[str] = []
        self.bad: list[ConfigError] = []
        self.built = 0
        self._tick = 1_000_000_000
        self.save(GOOD)
        self.reloader = Reloader(
            self.path,
            self.build,
            trial=trial,
            on_good=self.good.append,
            on_bad=self.bad.append,
            history=folder / "config-history",
            clock=StandingClock(),
        )
        self.current = self.reloader.start()

    def build(self, config: Config) -> str:
        self.built += 1
        return str(config.rules.sla.close.limit)

    def save(self, text: str) -> None:
        """Each save has its own mtime, whatever the file system's grain."""
        self.path.write_text(text, encoding="utf-8")
        self.touch()

    def touch(self) -> None:
        self._tick += 1_000_000_000
        os.utime(self.path, ns=(self._tick, self._tick))

    def polls(self, times: int = 2) -> list[bool]:
        return [self.reloader.poll() for _ in range(times)]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_an_edit_goes_live_after_two_equal_looks(desk: Desk) -> None:
    held = desk.current
    desk.save(NEXT)
    assert desk.polls(3) == [False, True, False]
    assert held.value == "2 days, 0:00:00" and desk.reloader.current is held
    assert desk.good == ["时限：办结 1天 → 2天"] and not desk.bad


def test_a_bad_file_changes_nothing_and_is_told_once(desk: Desk) -> None:
    desk.save(BAD)
    assert desk.polls(4) == [False] * 4
    desk.touch()
    assert desk.polls(2) == [False, False]
    assert desk.current.value == "1 day, 0:00:00" and not desk.good
    (error,) = desk.bad
    assert str(error) == "config.yaml 第 3 行：时限 ▸ 办结 ▸ 限：请写成「10分钟」「1小时」「1天」这样"


def test_another_bad_content_is_told_again_and_a_mended_one_goes_live(desk: Desk) -> None:
    for text in (BAD, BAD.replace("一会儿", "很快"), NEXT):
        desk.save(text)
        desk.polls()
    assert len(desk.bad) == 2 and desk.good == ["时限：办结 1天 → 2天"]


def test_taking_a_slip_back_says_so(desk: Desk) -> None:
    desk.save(BAD)
    desk.polls()
    desk.save(GOOD)
    assert desk.polls() == [False, False]
    assert desk.good == ["已改回正在使用的这一版"] and desk.built == 1


def test_touching_a_file_does_nothing(desk: Desk) -> None:
    desk.touch()
    assert desk.polls() == [False, False]
    assert desk.built == 1 and not desk.good


def test_a_half_saved_file_is_not_judged(desk: Desk) -> None:
    for end in (20, 60, 120):
        desk.save(NEXT[:end])
        assert desk.reloader.poll() is False
    desk.save(NEXT)
    assert desk.polls() == [False, True]
    assert not desk.bad


def test_an_editor_that_writes_beside_and_renames(desk: Desk) -> None:
    beside = desk.path.with_suffix(".tmp")
    beside.write_text(NEXT, encoding="utf-8")
    desk.path.unlink()
    assert desk.reloader.poll() is False
    beside.replace(desk.path)
    assert desk.polls() == [False, True]
    assert not desk.bad


def test_a_file_that_is_gone_is_told_once_and_its_return_too(desk: Desk) -> None:
    desk.path.unlink()
    desk.polls(4)
    assert [error.mistakes[0].what[:7] for error in desk.bad] == ["找不到这个文件"]
    desk.save(GOOD)
    desk.polls()
    assert desk.good == ["已改回正在使用的这一版"] and desk.current.value == "1 day, 0:00:00"


def test_what_fails_its_trial_does_not_go_live(tmp_path: Path) -> None:
    def trial(config: Config, built: str) -> list[Mistake]:
        return [config.mistake(("意图", 0, "说法", 1), "认不出来")] if built.startswith("2") else []

    desk = Desk(tmp_path, trial)
    desk.save(NEXT)
    assert desk.polls() == [False, False]
    (mistake,) = desk.bad[0].mistakes
    assert (mistake.line, mistake.where) == (8, "意图 ▸ 垃圾投放 ▸ 说法 ▸ 第 2 项")
    assert desk.current.value.startswith("1 day") and not desk.good


def test_two_intents_that_sound_the_same_do_not_go_live(tmp_path: Path) -> None:
    path, told = tmp_path / "config.yaml", list[ConfigError]()
    path.write_text(GOOD, encoding="utf-8")
    reloader = Reloader(
        path, lambda config: Understander(config.nlp), trial=phrase_mistakes, on_bad=told.append
    )
    current = reloader.start()
    before = current.value
    second = """\
  - 编号: 收垃圾
    标识: pick_up
    办理: 说明
    说法: [什么时候收垃圾]
    回复: 每天下午。
词语: {什么时候: [啥时候]}
"""
    path.write_text(GOOD + second, encoding="utf-8")
    assert [reloader.poll(), reloader.poll()] == [False, False]
    assert current.value is before
    assert any(mistake.line in (8, 13) and "说法" in mistake.where for mistake in told[0].mistakes)


def test_only_what_passed_its_trial_is_adopted(tmp_path: Path) -> None:
    path, adopted = tmp_path / "config.yaml", list[str]()
    path.write_text(GOOD, encoding="utf-8")
    reloader = Reloader(
        path,
        lambda config: str(config.rules.sla.close.limit),
        trial=lambda config, built: [config.mistake((), "不行")] if built.startswith("2") else [],
        adopt=lambda config, built: adopted.append(built),
    )
    reloader.start()
    for text in (NEXT, GOOD.replace("限: 1天", "限: 30天")):
        path.write_text(text, encoding="utf-8")
        reloader.poll()
        reloader.poll()
    assert adopted == ["1 day, 0:00:00", "30 days, 0:00:00"]


def test_an_edit_is_tried_again_when_building_failed_for_another_reason(desk: Desk) -> None:
    build, failures = desk.reloader.build, [True, True]

    def locked(config: Config) -> str:
        if failures:
            failures.pop()
            raise OSError("database is locked")
        return build(config)

    desk.reloader.build = locked
    desk.save(NEXT)
    assert desk.reloader.poll() is False
    for _ in range(2):
        with pytest.raises(OSError, match="locked"):
            desk.reloader.poll()
        assert desk.current.value == "1 day, 0:00:00"
    assert desk.polls() == [True, False]
    assert desk.good == ["时限：办结 1天 → 2天"]


def test_the_code_of_a_community_is_for_ever(desk: Desk) -> None:
    desk.save(GOOD.replace("{名称", "{编号: other, 名称"))
    assert desk.polls() == [False, False]
    assert desk.bad[0].mistakes[0].line == 1 and "请写回 demo" in str(desk.bad[0])


def test_an_account_with_wrong_secrets_is_told_and_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LINLI_ACCOUNT_MP_AES_KEY", "short")
    environment = read_settings(home=tmp_path)
    path, told = tmp_path / "config.yaml", list[ConfigError]()
    path.write_text(GOOD, encoding="utf-8")
    reloader = Reloader(path, lambda config: len(accounts(config, environment)), on_bad=told.append)
    current = reloader.start()
    path.write_text(GOOD + "渠道: [{编号: mp, 种类: 公众号}]\n", encoding="utf-8")
    assert [reloader.poll(), reloader.poll()] == [False, False]
    assert current.value == 0 and "LINLI_ACCOUNT_MP_AES_KEY" in str(told[0])


def test_a_service_does_not_start_with_a_bad_file(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(BAD, encoding="utf-8")
    with pytest.raises(ConfigError, match="第 3 行"):
        Reloader(path, lambda config: config).start()


def test_accepted_versions_are_kept_and_refused_ones_are_not(desk: Desk) -> None:
    for text in (BAD, NEXT, GOOD):
        desk.save(text)
        desk.polls()
    history = desk.reloader.history
    assert history is not None
    assert [path.read_text(encoding="utf-8") for path in history.versions()] == [GOOD, NEXT, GOOD]


def test_only_the_last_fifty_versions_are_kept(desk: Desk) -> None:
    history = desk.reloader.history
    assert history is not None
    for hours in range(1, KEPT_VERSIONS + 6):
        desk.save(GOOD.replace("限: 1天", f"限: {hours}小时"))
        desk.polls()
    kept = history.versions()
    assert len(kept) == KEPT_VERSIONS
    assert kept[-1].read_text(encoding="utf-8") == desk.path.read_text(encoding="utf-8")


def test_a_restart_does_not_keep_the_same_version_twice(desk: Desk, tmp_path: Path) -> None:
    again = Reloader(desk.path, desk.build, history=tmp_path / "config-history")
    again.start()
    assert len(History(tmp_path / "config-history", StandingClock()).versions()) == 1


def test_a_full_disk_does_not_hold_back_a_good_file(desk: Desk, tmp_path: Path) -> None:
    folder = tmp_path / "config-history"
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
    folder.write_text("in the way", encoding="utf-8")
    desk.save(NEXT)
    assert desk.polls() == [False, True]
