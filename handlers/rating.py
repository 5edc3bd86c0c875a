"""After the work: rating, 「没解决」, and having it done again."""

import re

from handlers import wording
from handlers.context import Context, Handler, Service
from handlers.message import Choice, Dialog, Message, Turn
from handlers.ticket import NUMBER, own_ticket, pick, said
from models.errors import DomainError
from models.ticket import DONE, Actor, State, Step, Ticket

_YES = re.compile(r"^(1|是|是的|对|确定|好|好的|嗯+|要得|可以|行|要|重新办理?|办)(吧|嘛|了|哈|[。！!])*$")
_NO = re.compile(r"^(2|不用|不|算了|不要|不必|取消)(吧|嘛|了|哈|办|[。！!])*$")
# What may be a rating at all, said out of the blue.
SOUNDS = re.compile(
    r"^(评价|(都|已经|已)?(解决|修好|弄好|搞定|处理好)了?([。！!，, ]|$)|已解决|(问题)?(还是|还|根本)?(没有|没|未|不)(有)?(解决|修好|弄好|搞好|好)|"
    r"(都|已经)?好了([。！!，, ]|$)|灯?亮了|(很|非常|比较|挺|不)?满意|[1-5一二三四五]\s*(颗)?星|[1-5]分|[1-5]$|可以了$|没用$|差评|好评)"
)
_STILL = re.compile(
    r"还是(不|没|坏|漏|堵|老样子|那样)|又(坏|不亮|漏|堵|不行)了?|(没有?|未)(给我)?(解决|修好|弄好|搞好)"
)
_OVER = (State.RATED, State.ARCHIVED)
RATING = re.compile(
    r"^(?P<no>(问题)?(还是|还|根本)?(没有|没|未|不)(有)?(解决|修好|弄好|搞定|处理)(好)?|不满意|没用|没好|差评)?"
    r"(?P<yes>(已经|已|都)?(解决|修好|弄好|搞定|处理好)(了)?|(很|非常|比较|挺)?满意|(灯|都|已经)?(好|亮)了|可以了|好评)?"
    r"[，,。；; 　]*(?P<stars>[1-5一二三四五])?\s*(颗)?(星|分)?[，,。；; 　]*(?P<rest>.*)$"
)
_DIGITS = {"一": 1, "二": 2, "三": 3, "四": 4, "五": 5}


def waits_for_rating(person_key: str, context: Context) -> list[Ticket]:
    """His own and those he follows, each once; closed is enough: his own answer is the feedback."""
    return context.desk.rateable_by(person_key, context.desk.tickets_of(person_key))


def sounds(words: str, message: Message, context: Context) -> bool:
    """Whether words out of the blue may be a rating; 「还是不亮」 only while one is waited for."""
    if SOUNDS.match(words):
        return True
    return bool(_STILL.search(words)) and len(words) <= 30 and bool(waits_for_rating(message.person, context))


def rate(message: Message, dialog: Dialog, context: Context) -> Turn | None:
    """「已解决 5星」, 「没解决」, a number of stars: rates the ticket that waits for it."""
    words = NUMBER.sub("", message.text).strip()
    if dialog.form == "rate.reopen":
        return _reopen_or_not(words, message, dialog, context)
    if dialog.form == "rate.which" and not dialog.answers.get("words"):
        return None
    named = own_ticket(message, context)
    words = str(dialog.answers.get("words", words))
    waiting = [named] if named is not None else waits_for_rating(message.person, context)
    if not waiting:
        tickets = context.desk.tickets_of(message.person)
        if tickets and all(t.state in DONE for t in tickets) and tickets[0].state in _OVER:
            return Turn((context.texts.say("rate.over", 编号=tickets[0].number),))
        return None
    if len(waiting) > 1:
        choices = tuple(Choice(f"{t.number} {_called(t, message)}", f"评价 {t.number}") for t in waiting)
        return Turn(
            (context.texts.say("choose.ticket"),), Dialog("rate.which", {"words": words}, choices), choices
        )
    return _rate(waiting[0], words.removeprefix("评价").strip(), message, context)


def _called(ticket: Ticket, message: Message) -> str:
    own = ticket.reporter == message.person
    return wording.situation(ticket.text, 16) if own else f"关注的{ticket.category}"


def _rate(ticket: Ticket, words: str, message: Message, context: Context) -> Turn:
    desk = context.desk
    ticket = desk.primary_of(ticket)
    number = desk.number_for(ticket, message.person)
    role = desk.resident_role(ticket, message.person)
    open_still = ticket.state is State.RATED and desk.rating_of(ticket, message.person) is None
    if ticket.state not in (State.CLOSED, State.FED_BACK) and not open_still:
        key = "rate.over" if ticket.state in DONE else "rate.not_yet"
        state = wording.STATES[ticket.state]
        return Turn((context.texts.say(key, 编号=number, 状态=state),))
    found = RATING.match(words)
    stars_word = found["stars"] if found else None
    stars = _DIGITS.get(stars_word, 0) or int(stars_word) if stars_word else None
    solved = False if found and found["no"] else True if found and found["yes"] else None
    if solved is None and _STILL.search(words):
        solved = False
    if solved is None and stars is not None:
        solved = stars >= 3
    if solved is None:
        own = role is Actor.REPORTER
        said = wording.situation(ticket.text, 30) if own else ticket.category
        return Turn((context.texts.say("rate.which", 编号=number, 情况=said),))
    rest = found["rest"].strip() if found else ""
    if ticket.state is State.CLOSED:  # domain.md §2: feedback by the system, here by the answer itself
        context.desk.move_ticket(
            ticket,
            Step.FEEDBACK,
            actor="system",
            role=Actor.SYSTEM,
            payload={"answered": True, "solved": solved, "stars": stars, "text": rest[:500]},
        )
    context.desk.move_ticket(
        ticket,
        Step.RATE,
        actor=message.person,
        role=role,
        payload={"solved": solved, "stars": stars, "text": rest[:500]},
    )
    if not solved and role is not Actor.REPORTER:  # whether it is done again, the lead decides
        return Turn((context.texts.say("rate.unsolved_follower"),))
    if not solved:
        question = context.texts.say("rate.unsolved", 编号=ticket.number)
        return Turn((question,), Dialog("rate.reopen", {"number": ticket.number, "words": rest or words}))
    return Turn((context.texts.say("rate.thanks", 编号=number),))


def _reopen_or_not(words: str, message: Message, dialog: Dialog, context: Context) -> Turn | None:
    ticket = context.desk.find_ticket(str(dialog.answers["number"]), reporter=message.person)
    if ticket is None:
        return None
    if _NO.match(words):
        return Turn((context.texts.say("reopen.no"),))
    if not (_YES.match(words) or "重新" in words):
        return None
    return _reopen(ticket, message, context, str(dialog.answers.get("words", "")))


def reopen(message: Message, dialog: Dialog, context: Context) -> Turn | None:
    """「重新办理 编号」."""

    def act(ticket: Ticket, message: Message, context: Context) -> Turn:
        return _reopen(ticket, message, context, "")

    states = (State.FED_BACK, *_OVER)
    return pick(message, dialog, context, "reopen", states, act)


def _reopen(ticket: Ticket, message: Message, context: Context, why: str) -> Turn:
    if ticket.state is State.MERGED or ticket.reporter != message.person:  # then the lead decides
        raise DomainError("step.not_yours", 编号=ticket.number, 谁=(Actor.REPORTER, Actor.LEAD))
    again = context.desk.reopen_ticket(ticket, actor=message.person, role=Actor.REPORTER, why=why)
    if not again:  # it goes to the community's people
        phone = context.office.phone
        return Turn((context.texts.say("reopen.community", 编号=ticket.number, 值班电话=phone),))
    return Turn((said("reopen.done", ticket, context),))


SERVICES: dict[str, Service] = {"重新办理": Service(reopen), "评价": Service(rate)}
FORMS: dict[str, Handler] = {"reopen": reopen, "rate.reopen": rate, "rate.which": rate}
