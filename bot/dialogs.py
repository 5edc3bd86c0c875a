"""Dialogs and answers as they are stored: JSON in, frozen data out, and when an idle dialog falls asleep."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from handlers.message import Choice, Dialog, Turn
from handlers.parking import sleeps
from models.desk.inbox import StoredDialog

_NEVER = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Spoken:
    """Where a conversation stands, with the draft that 「继续」 takes up."""

    dialog: Dialog = field(default_factory=Dialog)
    draft: Dialog | None = None
    updated_at: datetime = _NEVER

    @classmethod
    def of(cls, row: StoredDialog) -> "Spoken":
        return cls(_dialog(row.state), _dialog(row.draft) if row.draft else None, row.updated_at)

    def as_row(self, community_id: int, chat: str, person: str) -> dict[str, Any]:
        return {
            "community_id": community_id,
            "chat": chat,
            "person": person,
            "state": _plain(self.dialog),
            "draft": _plain(self.draft) if self.draft is not None else None,
            "updated_at": self.updated_at,
        }


def sleepy(spoken: Spoken, now: datetime, idle: timedelta) -> tuple[Spoken, bool]:
    """An open dialog that nobody touched for `idle` becomes the draft; whether that happened just now."""
    if spoken.dialog.form and now - spoken.updated_at > idle:
        if not sleeps(spoken.dialog):  # a word about the last answer is no draft: an older one stays
            return Spoken(Dialog(), spoken.draft, spoken.updated_at), False
        return Spoken(Dialog(), spoken.dialog, spoken.updated_at), True
    return spoken, False


def _plain(dialog: Dialog) -> dict[str, Any]:
    if not dialog.form and not dialog.choices:
        return {}
    plain: dict[str, Any] = {"form": dialog.form, "answers": dict(dialog.answers)}
    if dialog.choices:
        plain["choices"] = [[choice.label, choice.say] for choice in dialog.choices]
    if dialog.around:
        plain["around"] = dict(dialog.around)
    return plain


def _dialog(plain: Mapping[str, Any]) -> Dialog:
    if not plain:
        return Dialog()
    return Dialog(
        plain.get("form", ""),
        plain.get("answers", {}),
        tuple(Choice(label, say) for label, say in plain.get("choices", ())),
        plain.get("around", {}),
    )


def as_answer(turn: Turn) -> dict[str, Any]:
    """What a retry needs to say the same again."""
    plain: dict[str, Any] = {"texts": list(turn.texts)}
    if turn.choices:
        plain["choices"] = [[choice.label, choice.say] for choice in turn.choices]
    return plain


def answer_of(plain: Mapping[str, Any]) -> Turn:
    choices = tuple(Choice(label, say) for label, say in plain.get("choices", ()))
    return Turn(tuple(plain.get("texts", ())), choices=choices)
