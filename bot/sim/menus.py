"""The menu bar of each official account: what the service created, checked as the platform checks it."""

from collections.abc import Mapping
from typing import Any

# What an account shows before any program has set a menu: made by hand in the console. The keys are the 标识 of
# intents of the shipped configuration, as the manual tells an admin to fill them in.
BY_HAND: list[dict[str, Any]] = [
    {"type": "click", "name": "我要报事", "key": "file_request"},
    {"type": "click", "name": "查账", "key": "fund_query"},
    {
        "name": "更多服务",
        "sub_button": [
            {"type": "click", "name": "查进度", "key": "request_status"},
            {"type": "click", "name": "看活动", "key": "event_list"},
            {"type": "click", "name": "转人工", "key": "human"},
        ],
    },
]
MOST, MOST_BELOW = 3, 5
NAME_BYTES, NAME_BYTES_BELOW, KEY_BYTES = 16, 60, 128


class BadMenu(Exception):
    """`errcode` as the platform gives it."""

    def __init__(self, errcode: int, errmsg: str) -> None:
        super().__init__(errmsg)
        self.errcode = errcode


def check(menu: Any) -> list[dict[str, Any]]:
    """The buttons of a `menu/create` body.

    Raises:
        BadMenu: count, names or keys are not as the platform takes them.
    """
    buttons = menu.get("button") if isinstance(menu, Mapping) else None
    if not isinstance(buttons, list) or not 1 <= len(buttons) <= MOST:
        raise BadMenu(40016, "invalid button size")
    for button in buttons:
        below = button.get("sub_button") if isinstance(button, Mapping) else None
        if below:
            if not isinstance(below, list) or len(below) > MOST_BELOW:
                raise BadMenu(40023, "invalid sub button size")
            for one in below:
                _check_button(one, NAME_BYTES_BELOW)
            _check_name(button, NAME_BYTES)
        else:
            _check_button(button, NAME_BYTES)
    return buttons


def _check_name(button: Any, most: int) -> None:
    name = button.get("name") if isinstance(button, Mapping) else None
    if not isinstance(name, str) or not 1 <= len(name.encode()) <= most:
        raise BadMenu(40018, "invalid button name size")


def _check_button(button: Any, most: int) -> None:
    _check_name(button, most)
    kind = button.get("type")
    if kind == "view":
        if not str(button.get("url", "")).startswith(("http://", "https://")):
            raise BadMenu(40054, "invalid sub button url domain")
    elif kind == "miniprogram":
        return
    elif not isinstance(kind, str) or not kind:
        raise BadMenu(40017, "invalid button type")
    elif not 1 <= len(str(button.get("key", "")).encode()) <= KEY_BYTES:
        raise BadMenu(40019, "invalid button key size")


class Menus:
    def __init__(self) -> None:
        self._created: dict[str, list[dict[str, Any]]] = {}

    def create(self, account: str, menu: Any) -> None:
        self._created[account] = check(menu)

    def delete(self, account: str) -> None:
        self._created[account] = []

    def created(self, account: str) -> list[dict[str, Any]]:
        """What a program created; empty when there is none."""
        return self._created.get(account, [])

    def shown(self, account: str) -> list[dict[str, Any]]:
        """What the phone shows."""
        return self._created.get(account, BY_HAND)

    def clear(self) -> None:
        self._created.clear()
