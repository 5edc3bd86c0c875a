"""A report that is interrupted waits: another wish is served first, then the person is reminded of it."""

from dataclasses import replace

from handlers import wording
from handlers.context import Context
from handlers.filed import FORM as FILED
from handlers.message import Choice, Dialog, Turn
from handlers.report import FORM as REPORT

_KEY = "parked"
# Dialogs that only remember that nothing was understood: the waiting report comes back at once.
_IDLE = frozenset({"", "lost", "lost2"})


def _may_give_way(dialog: Dialog) -> bool:
    """Whether the waiting report may come back at once; never into an emergency."""
    return dialog.form in _IDLE or (dialog.form == FILED and not dialog.answers.get("urgent"))


def split(dialog: Dialog) -> tuple[Dialog, Dialog | None]:
    """The dialog that is open, and the report that waits behind it."""
    waiting = dialog.answers.get(_KEY)
    if waiting is None:
        return dialog, None
    answers = {name: value for name, value in dialog.answers.items() if name != _KEY}
    choices = tuple(Choice(label, say) for label, say in waiting.get("choices", ()))
    return replace(dialog, answers=answers), Dialog(REPORT, waiting["answers"], choices)


def replaced(draft: Dialog, turn: Turn) -> bool:
    """Whether a report that fell asleep would be forgotten because another one begins."""
    if draft.form != REPORT or turn.dialog.form != REPORT:
        return False
    before, now = str(draft.answers.get("text", "")), str(turn.dialog.answers.get("text", ""))
    return bool(before) and before not in now and now not in before


def join(turn: Turn, parked: Dialog | None, context: Context) -> Turn:
    """Keep the report behind the dialog that has opened; without one it is open again, and the answer says so."""
    if parked is None or parked.form != REPORT or _KEY in turn.dialog.answers or turn.dialog == parked:
        return turn
    if turn.choices or not _may_give_way(turn.dialog):
        waiting = {
            "answers": dict(parked.answers),
            "choices": [[choice.label, choice.say] for choice in parked.choices],
        }
        return replace(turn, dialog=replace(turn.dialog, answers={**turn.dialog.answers, _KEY: waiting}))
    if not turn.texts:
        return replace(turn, dialog=parked)
    said = wording.situation(str(parked.answers.get("text", "")) or "刚才那件事", 20)
    key = "common.waiting" if parked.answers.get("asked") == "卡片" else "common.waiting_more"
    return replace(turn, texts=(*turn.texts, context.texts.say(key, 情况=said)), dialog=parked)
