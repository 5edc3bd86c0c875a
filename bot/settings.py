"""What the operator sets by environment variables: folders, addresses, keys and the secrets of the accounts."""

import os
import re
import secrets
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


class SettingsError(Exception):
    """Environment variables that cannot be right; each problem is a Chinese sentence that names its variable."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__(problems)
        self.problems = problems

    def __str__(self) -> str:
        return "\n".join(self.problems)


def _address(value: str) -> str:
    value = value.strip().rstrip("/")
    if not re.fullmatch(r"https?://[^\s/?#]+(/[^\s?#]*)?", value):
        raise ValueError("请写成完整的网址，例如 https://linli.example.org")
    return value


Address = Annotated[str, AfterValidator(_address)]


class Settings(BaseSettings):
    """The environment, read once at start. Make it with `read_settings`, which explains mistakes in Chinese."""

    model_config = SettingsConfigDict(
        env_prefix="LINLI_",
        extra="ignore",
        frozen=True,
        env_ignore_empty=True,
        validate_default=False,
        populate_by_name=True,
    )

    home: Path = Path("var")
    config: Path = Path("config.yaml")
    database_url: str = Field(default_factory=lambda given: f"sqlite:///{given.get('home', 'var')}/linli.db")
    given_key: SecretStr = Field(default=SecretStr(""), validation_alias="LINLI_SECRET_KEY")
    weixin_api: Address = "https://api.weixin.qq.com"
    qyapi: Address = "https://qyapi.weixin.qq.com"
    public_url: Address = "http://127.0.0.1:8000"
    replay_window: int = Field(default=300, ge=10, le=86_400)  # seconds
    log_level: str = "INFO"

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: str) -> str:
        if not re.match(r"sqlite:///?|postgresql\+psycopg://", value):
            raise ValueError(
                "只支持 sqlite:///文件 和 postgresql+psycopg://用户:密码@主机/库名；不设就用数据目录里的 SQLite"
            )
        return value

    @field_validator("given_key")
    @classmethod
    def _long_enough(cls, value: SecretStr) -> SecretStr:
        if len(value.get_secret_value()) < 16:
            raise ValueError("太短了，至少 16 个字符；不设就自动生成")
        return value

    @field_validator("log_level")
    @classmethod
    def _known_level(cls, value: str) -> str:
        if value.upper() not in LEVELS:
            raise ValueError(f"只能是 {'、'.join(LEVELS)} 之一")
        return value.upper()

    def prepare_home(self) -> Path:
        """The data folder, made when it is missing.

        Raises:
            SettingsError: it cannot be made or written to.
        """
        try:
            self.home.mkdir(parents=True, exist_ok=True)
        except OSError as problem:
            raise SettingsError(
                [f"LINLI_HOME：数据目录 {self.home} 建不了（{problem.strerror}），请换一个有写权限的目录"]
            ) from problem
        return self.home

    @property
    def secret_key(self) -> SecretStr:
        """LINLI_SECRET_KEY, else the key kept in the data folder, made at the first call.

        Raises:
            SettingsError: the key file cannot be read or written.
        """
        if self.given_key.get_secret_value():
            return self.given_key
        path = self.prepare_home() / "secret.key"
        try:
            return SecretStr(_kept_key(path))
        except OSError as problem:
            raise SettingsError(
                [f"LINLI_SECRET_KEY：没有设置，密钥文件 {path} 也读写不了（{problem.strerror}）"]
            ) from problem


def _kept_key(path: Path) -> str:
    """The key in the file; a new file appears under its name only when it is whole and for one process alone."""
    if not path.exists():
        handle, half = tempfile.mkstemp(prefix="secret.", suffix=".half", dir=path.parent)  # mode 0600
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(48) + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            with suppress(FileExistsError):  # another process was quicker: its key counts
                os.link(half, path)
        finally:
            Path(half).unlink()
    key = path.read_text(encoding="ascii", errors="replace").strip()
    if len(key) < 16:
        raise SettingsError(
            [
                f"LINLI_SECRET_KEY：没有设置，密钥文件 {path} 又坏了：请从备份恢复，或删掉它（旧的签名链接会失效）"
            ]
        )
    return key


def read_settings(**overrides: Any) -> Settings:
    """The settings of this process; `overrides` (field names) win over the environment.

    Raises:
        SettingsError: with one Chinese sentence for each variable that is wrong.
    """
    try:
        return Settings(**overrides)
    except ValidationError as problem:
        raise SettingsError([_in_chinese(error) for error in problem.errors()]) from problem


def _in_chinese(error: Any) -> str:
    name = "LINLI_" + "_".join(str(part) for part in error["loc"]).upper().removeprefix("LINLI_")
    match error["type"]:
        case "value_error":
            what = str(error["ctx"]["error"])
        case "int_parsing" | "int_type" | "int_from_float":
            what = "请写成整数（秒数），例如 300"
        case "greater_than_equal" | "less_than_equal":
            what = "超出范围，请写 10 到 86400 之间的秒数"
        case _:
            what = "读不懂这个值"
    return f"环境变量 {name}：{what}"


@dataclass(frozen=True, slots=True)
class AccountSecrets:
    """The secrets of one account; empty ones mean dry-run for what needs them."""

    token: str = ""
    aes_key: str = ""
    aes_key_old: str = ""
    app_id: str = ""
    secret: str = ""
    agent_id: str = ""

    def __repr__(self) -> str:
        given = [name for name in self.__slots__ if getattr(self, name)]
        return f"AccountSecrets(given: {', '.join(given) or 'none'})"


# What each secret must look like, and how to tell the operator (official limits: EncodingAESKey is 43 letters and
# digits, Token 3 to 32 letters and digits).
_SHAPES: dict[str, tuple[str, str]] = {
    "token": (r"[A-Za-z0-9]{3,32}", "应是 3 到 32 位英文字母或数字，请从公众平台或企业微信后台重新复制"),
    "aes_key": (r"[A-Za-z0-9+/]{43}", "应正好 43 位，请从后台重新复制 EncodingAESKey"),
    "aes_key_old": (r"[A-Za-z0-9+/]{43}", "应正好 43 位；没有旧密钥就不要设"),
    "app_id": (r"[A-Za-z0-9_-]{4,64}", "应是 wx 开头的 AppID，或 ww 开头的企业 ID"),
    "secret": (r"[A-Za-z0-9_-]{8,128}", "不像一个 Secret，请从后台重新复制，不要带空格"),
    "agent_id": (r"[0-9]{1,12}", "应是纯数字，例如 1000002"),
}


def variable(code: str, secret: str) -> str:
    """`variable("my-mp", "aes_key") == "LINLI_ACCOUNT_MY_MP_AES_KEY"`."""
    return f"LINLI_ACCOUNT_{code.upper().replace('-', '_')}_{secret.upper()}"


def account_secrets(code: str, environ: Mapping[str, str] | None = None) -> AccountSecrets:
    """The secrets of the account with this 编号, each from its own variable; a missing one is "".

    Raises:
        SettingsError: a value cannot be right; the value itself is never told.
    """
    environ = os.environ if environ is None else environ
    found: dict[str, str] = {}
    problems: list[str] = []
    for name, (shape, remedy) in _SHAPES.items():
        value = environ.get(variable(code, name), "").strip()
        if value and not re.fullmatch(shape, value):
            problems.append(f"环境变量 {variable(code, name)}：现在有 {len(value)} 个字符，{remedy}")
        found[name] = value
    if problems:
        raise SettingsError(problems)
    return AccountSecrets(**found)
