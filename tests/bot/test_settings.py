"""The operator's environment: defaults, secrets, and mistakes told by the name of the variable."""

import os
import stat
import threading
from pathlib import Path

import pytest

from bot.settings import AccountSecrets, SettingsError, account_secrets, read_settings, variable

KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("LINLI_"):
            monkeypatch.delenv(name)


def test_defaults() -> None:
    settings = read_settings()
    assert settings.home == Path("var") and settings.config == Path("config.yaml")
    assert settings.database_url == "sqlite:///var/linli.db"
    assert settings.weixin_api == "https://api.weixin.qq.com"
    assert settings.qyapi == "https://qyapi.weixin.qq.com"
    assert settings.public_url == "http://127.0.0.1:8000"
    assert settings.replay_window == 300 and settings.log_level == "INFO"


def test_the_environment_wins_and_the_database_follows_the_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINLI_HOME", "/srv/linli")
    monkeypatch.setenv("LINLI_PUBLIC_URL", "https://linli.example.org/")
    monkeypatch.setenv("LINLI_LOG_LEVEL", "debug")
    monkeypatch.setenv("LINLI_WEIXIN_API", "")  # empty is as good as not set
    settings = read_settings()
    assert settings.database_url == "sqlite:////srv/linli/linli.db"
    assert settings.public_url == "https://linli.example.org" and settings.log_level == "DEBUG"
    assert settings.weixin_api == "https://api.weixin.qq.com"


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("LINLI_PUBLIC_URL", "linli.example.org", "请写成完整的网址"),
        ("LINLI_QYAPI", "ftp://a", "请写成完整的网址"),
        ("LINLI_REPLAY_WINDOW", "五分钟", "请写成整数（秒数）"),
        ("LINLI_REPLAY_WINDOW", "0", "超出范围"),
        ("LINLI_LOG_LEVEL", "很多", "只能是 DEBUG"),
        ("LINLI_DATABASE_URL", "mysql://a", "只支持 sqlite"),
        ("LINLI_SECRET_KEY", "short", "太短了"),
    ],
)
def test_a_wrong_variable_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, words: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        read_settings()
    (problem,) = caught.value.problems
    assert problem.startswith(f"环境变量 {name}：") and words in problem


def test_a_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    settings = read_settings(home=tmp_path / "new")
    key = settings.secret_key.get_secret_value()
    assert len(key) >= 40 and read_settings(home=tmp_path / "new").secret_key.get_secret_value() == key
    assert stat.S_IMODE((tmp_path / "new" / "secret.key").stat().st_mode) == 0o600
    assert key not in repr(settings)


def test_processes_that_start_together_agree_on_one_key(tmp_path: Path) -> None:
    keys: set[str] = set()
    start = threading.Barrier(8)

    def read() -> None:
        start.wait()
        keys.add(read_settings(home=tmp_path).secret_key.get_secret_value())

    threads = [threading.Thread(target=read) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(keys) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["secret.key"]


def test_a_broken_key_file_is_told_and_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "secret.key").write_text("half", encoding="ascii")
    with pytest.raises(SettingsError, match="请从备份恢复"):
        _ = read_settings(home=tmp_path).secret_key
    assert (tmp_path / "secret.key").read_text(encoding="ascii") == "half"


def test_a_given_key_touches_no_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LINLI_SECRET_KEY", "k" * 32)
    settings = read_settings(home=tmp_path)
    assert settings.secret_key.get_secret_value() == "k" * 32
    assert not list(tmp_path.iterdir()) and "kkkk" not in repr(settings)


def test_a_home_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(SettingsError, match="LINLI_HOME"):
        read_settings(home=tmp_path / "file" / "home").prepare_home()


def test_secrets_of_an_account() -> None:
    environ = {
        "LINLI_ACCOUNT_MY_MP_TOKEN": "token123",
        "LINLI_ACCOUNT_MY_MP_AES_KEY": f" {KEY} ",
        "LINLI_ACCOUNT_MY_MP_APP_ID": "wx1234567890abcdef",
    }
    secrets = account_secrets("my-mp", environ)
    assert (secrets.token, secrets.aes_key, secrets.secret) == ("token123", KEY, "")
    assert KEY not in repr(secrets) and account_secrets("other", environ) == AccountSecrets()


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("aes_key", KEY[:-1], "应正好 43 位"),
        ("aes_key_old", KEY + "=", "应正好 43 位"),
        ("token", "有中文", "3 到 32 位"),
        ("agent_id", "abc", "纯数字"),
        ("secret", "has blank inside", "不要带空格"),
        ("app_id", "?", "AppID"),
    ],
)
def test_a_secret_that_cannot_be_right_is_named_but_not_shown(name: str, value: str, words: str) -> None:
    with pytest.raises(SettingsError) as caught:
        account_secrets("mp", {variable("mp", name): value})
    (problem,) = caught.value.problems
    assert variable("mp", name) in problem and words in problem and value not in problem
