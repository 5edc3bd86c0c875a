"""The accounts the simulator plays the platform for, with the switches a console would have."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.channel import Account

OFFICIAL = "公众号"
WECOM = "企业微信"
PLAYED = (OFFICIAL, WECOM)
MODES = {"plain": "明文模式", "compat": "兼容模式", "safe": "安全模式"}
FORMATS = ("xml", "json")


@dataclass(slots=True)
class SimAccount:
    """One account as the platform keeps it. `mode` and `format` can be switched while everything runs.

    `original` is the 原始 ID (gh_…) that stands in ToUserName; a WeCom account uses its corp id there.
    `templates`: template id -> (title, {our field: keyword}).
    """

    code: str
    kind: str
    app_id: str
    secret: str
    token: str
    aes_key: str
    agent_id: str
    can_push: bool
    original: str
    mode: str
    format: str = "xml"
    templates: Mapping[str, tuple[str, Mapping[str, str]]] = field(default_factory=dict)

    @property
    def encrypts(self) -> bool:
        return self.mode != "plain"

    def switch(self, *, mode: str | None = None, format: str | None = None) -> None:
        """Change what the console would change.

        Raises:
            ValueError: a Chinese sentence saying why not.
        """
        if mode is not None:
            if mode not in MODES:
                raise ValueError("加解密方式只有 plain、compat、safe 三种。")
            if self.kind == WECOM and mode != "safe":
                raise ValueError("企业微信只有安全模式。")
            if mode != "plain" and not self.aes_key:
                raise ValueError("这个账号没有 EncodingAESKey，只能用明文模式。")
        if format is not None:
            if format not in FORMATS:
                raise ValueError("数据格式只有 xml、json 两种。")
            if self.kind == WECOM and format != "xml":
                raise ValueError("企业微信应用消息只有 XML 格式。")
        self.mode = mode or self.mode
        self.format = format or self.format

    def public(self) -> dict[str, Any]:
        """What the page may show: no secrets."""
        return {
            "code": self.code,
            "kind": self.kind,
            "app_id": self.app_id,
            "agent_id": self.agent_id if self.kind == WECOM else "",
            "can_push": self.can_push,
            "mode": self.mode,
            "format": self.format,
            "templates": [
                {"id": name, "title": title, "keywords": dict(keywords)}
                for name, (title, keywords) in self.templates.items()
            ],
        }


def played(account: Account) -> SimAccount:
    """The platform's side of an account of the configuration."""
    wecom = account.kind == WECOM
    return SimAccount(
        code=account.code,
        kind=account.kind,
        app_id=account.app_id,
        secret=account.secret,
        token=account.token,
        aes_key=account.aes_key,
        agent_id=account.agent_id,
        can_push=account.can_push or wecom,
        original=account.app_id
        if wecom
        else "gh_" + hashlib.sha256(account.app_id.encode()).hexdigest()[:12],
        mode="safe" if account.aes_key else "plain",
        templates={
            template_id: (title, dict(keywords))
            for title, (template_id, keywords) in account.templates.items()
        },
    )
