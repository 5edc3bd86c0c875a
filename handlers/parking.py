"""What is interrupted waits: another wish is served first, then the person is brought back to it."""

from collections.abc import Callable
from dataclasses import replace

from handlers import wording
from handlers.context import Context
from handlers.frame import FILED, LOST, REPORT, Frame, Matter, asks
from handlers.message import Dialog, Turn

# Questions that are pointless once somebody wants something else, and that only a courtesy may interrupt.
_PASSING = frozenset({"ask", "fund.which", "rate.which"})
_COURTESY = frozenset({"问候", "感谢", "菜单", ""})
_TICKETS = frozenset(
    {"cancel", "urge", "supplement", "reopen", "shown", "contact", "rate.reopen", "report.again"}
)
_TICKET_SERVICES = frozenset({"查进度", "补充", "催办", "取消报事", "重新办理", "评价"})


def aside(turn: Turn, dialog: Dialog, frame: Frame, context: Context) -> Turn:
    """Keep the dialog that the turn has interrupted, unless the turn is about the same matter."""
    if not asks(dialog) or turn.dialog.form == dialog.form or not turn.texts:
        return turn
    card = context.office.intents.get(context.heard.intent)
    service = card.service if card is not None and context.heard.decision.value == "sure" else ""
    if service not in _COURTESY and not context.heard.emergency:
        same = dialog.form.partition(".")[0] == turn.dialog.form.partition(".")[0]
        if dialog.form in _PASSING or same or (dialog.form in _TICKETS and service in _TICKET_SERVICES):
            return turn
    if service == "问候":  # the menu would stand between the question and its answer
        turn = replace(turn, texts=(context.texts.say("common.hello"),))
    return wait(turn, frame.matter(dialog))


def wait(turn: Turn, *matters: Matter) -> Turn:
    """The turn with more that comes after it."""
    inside = Frame.of(turn.dialog)
    return replace(turn, dialog=replace(inside, waiting=(*inside.waiting, *matters)).around(turn.dialog))


def replaced(draft: Dialog, turn: Turn) -> bool:
    """Whether a report that fell asleep would be forgotten because another one begins."""
    if draft.form != REPORT or turn.dialog.form != REPORT:
        return False
    before, now = str(draft.answers.get("text", "")), str(turn.dialog.answers.get("text", ""))
    return bool(before) and before not in now and now not in before


def sleeps(dialog: Dialog) -> bool:
    """Whether 「继续」 can take the dialog up again after a pause."""
    return asks(dialog) or bool(Frame.of(dialog).waiting)


def settle(turn: Turn, context: Context, serve: Callable[[Matter], Turn]) -> Turn:
    """What waits comes back as soon as nothing else is asked, and the answer says so; never into an emergency.

    `serve` begins a wish that nobody has looked at yet.
    """
    frame = Frame.of(turn.dialog)
    if not frame.waiting or not turn.texts or turn.choices or not _gives_way(turn.dialog):
        return turn
    first, rest = frame.waiting[0], frame.waiting[1:]
    if first.wish is not None:
        begun = serve(first)
        said = (*turn.texts, *begun.texts)
        if not begun.dialog.form:  # what can still be said about the answer before stays open
            begun = replace(begun, dialog=replace(frame, waiting=()).around(turn.dialog))
        return settle(wait(replace(begun, texts=said), *rest), context, serve)
    also = None
    if turn.dialog.form not in ("", LOST, FILED):
        also = Matter(replace(turn.dialog, around={}))
    lost = int(turn.dialog.answers.get("times", 1)) if turn.dialog.form == LOST else 0
    inside = Frame(first.begun, first.asked, waiting=rest, also=also, lost=lost)
    texts = (*turn.texts, *_again(first, context))
    return Turn(texts, inside.around(first.dialog), first.dialog.choices)


def _gives_way(dialog: Dialog) -> bool:
    return not asks(dialog) and not (dialog.form == FILED and dialog.answers.get("urgent"))


def _again(matter: Matter, context: Context) -> tuple[str, ...]:
    say = context.texts.say
    said = wording.situation(matter.about or "刚才那件事", 20)
    if not matter.seen:
        return (say("common.next", 另一件=wording.shorten(matter.about, 20)), matter.asked)
    if matter.dialog.form == REPORT:
        key = "common.waiting" if matter.dialog.answers.get("asked") == "卡片" else "common.waiting_more"
        return (say(key, 情况=said),)
    return (say("common.back_to", 问题=matter.asked),)


def resumed(draft: Dialog) -> Turn | None:
    """A dialog that fell asleep, taken up where it stood; None when its question is not known any more."""
    frame = Frame.of(draft)
    if not frame.asked:
        return None
    return Turn((frame.asked,), draft, draft.choices)
