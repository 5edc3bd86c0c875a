"""「返回」「不是这个意思」「都算了」: words about the conversation itself, understood at every point of it."""

import re
from dataclasses import replace

from handlers import talk
from handlers.context import Context
from handlers.frame import Frame, asks
from handlers.message import Choice, Dialog, Message, Turn
from handlers.registry import FORMS, SERVICES

_END = r"(?:了|吧|嘛|哈|啊|呀|一下|[。！!，,～~\s])*$"
BACK = re.compile(rf"^(?:返回|上一步|退回去?|倒回去|回到?上一步|返回上一步|回上一步|后退){_END}")
MEANT = re.compile(
    r"^(?:不对[，,]?)?(?:我|你)?(?:不是|不得是)(?:这个|那个|这|勒个)意思(?:啦|了|嘛|哦|呀|[。！!])*$"
    r"|^(?:你|机器人)?(?:理解|搞|弄|听|会)错(?:我的)?(?:意思|话)(?:了|啦|哦|[。！!])*$"
    r"|^你(?:理解|听|搞)错了[。！!]*$|^我(?:问|说|要)的不是这个(?:[。！!])*$|^(?:我)?不是(?:问|说|要)这个(?:[。！!])*$|^答非所问[。！!]*$"
)
ALL_OFF = re.compile(rf"^(?:全部?|都|两个都|两件都|统统)(?:算了|不要|不用|取消|不弄|不办|不报){_END}")
OFFERED = 3
_OFFERABLE = SERVICES.keys() - {"紧急", "问候", "感谢"}


def about_the_talk(message: Message, dialog: Dialog, frame: Frame, context: Context) -> Turn | None:
    """The turn for such words; None for any others."""
    words = message.text.strip()
    if len(words) > 16:
        return None
    if BACK.match(words):
        if dialog.form == "cancel":  # 「确定不办了吗」: who steps back keeps it
            kept = FORMS["cancel"](replace(message, text="保留"), dialog, context)
            return kept if kept is not None else _back(dialog, frame, context)
        return _back(dialog, frame, context)
    if MEANT.match(words):
        return _meant(message, dialog, frame, context)
    if ALL_OFF.match(words) and (asks(dialog) or frame.waiting):
        return Turn((talk.say("common.all_dropped", context),))
    return None


def _back(dialog: Dialog, frame: Frame, context: Context) -> Turn:
    """One step back; from the first step out of the matter."""
    if frame.back and frame.back[0].asked:
        before = frame.back[0]
        inside = Frame(before.begun, before.asked, back=frame.back[1:])
        texts = (context.texts.say("common.step_back"), before.asked)
        return Turn(texts, inside.around(before.dialog), before.dialog.choices)
    if asks(dialog):
        return Turn((talk.say("common.left", context),))
    return Turn((talk.say("common.nothing_open", context),))


def _meant(message: Message, dialog: Dialog, frame: Frame, context: Context) -> Turn:
    """What else the words may have meant: the next likeliest meanings of where the matter began, and the menu."""
    begun = frame.begun if dialog.form else ""
    lately = context.desk.said_lately(message.account, message.person, begun, message.id)
    said = next((one for one in lately if not _about_itself(one.text)), None)
    if said is None:
        return Turn((talk.say("common.meant_nothing", context),))
    cards = context.office.intents
    others = [name for name in said.others if name in cards and cards[name].service in _OFFERABLE]
    choices = tuple(Choice(cards[name].name, f"意图:{name}") for name in others[:OFFERED])
    if not choices:
        return Turn((talk.say("common.meant_nothing", context),))
    choices += (Choice(context.texts.say("common.none_of_these"), "都不是"),)
    answers = {"said": said.text, "slots": dict(said.slots)}
    return Turn((talk.say("common.meant", context),), Dialog("ask", answers, choices), choices)


def _about_itself(words: str) -> bool:
    words = words.strip()
    return len(words) < 2 or any(sign.match(words) for sign in (BACK, MEANT, ALL_OFF))
