"""What is answered when nothing is sure: a question back, a kind word to small talk, and at last a way to people."""

import re

from handlers import talk, wording
from handlers.context import Context
from handlers.frame import LOST, Frame
from handlers.message import Choice, Dialog, Kind, Message, Turn
from nlp.masking import masked
from nlp.understanding import Decision

# What people chat about with a machine, the special before the general; each has its answer `chat.<name>`.
_CHAT: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "who",
        re.compile(
            r"你(?:是|叫)(?:谁|哪个|啥子|什么|啥)|你(?:是不?是)?(?:真)?人(?:吗|么|嘛|还是)|(?:是|个)机器人|你(?:几|多大)岁?|哪个做的你"
        ),
    ),
    (
        "scold",
        re.compile(
            r"(?:傻|笨|蠢|憨|瓜娃子|瓜兮兮|智障|废物|没用|垃圾)(?:机器人|客服|东西|得很|死了|子|的|$)|滚|人工智障"
        ),
    ),
    ("weather", re.compile(r"天气|下雨|落雨|气温|多少度|冷不冷|热不热|出太阳|降温|带伞|台风|空气质量")),
    ("praise", re.compile(r"你(?:真|好|太|很|可)?(?:聪明|厉害|能干|乖|可爱|棒|得行)|真不错|点赞|太牛了?")),
    (
        "joke",
        re.compile(
            r"笑话|讲个?故事|唱(?:首|个|支)?歌|背(?:首|个)?诗|猜谜|摆(?:哈|下|个)?龙门阵|聊(?:聊|哈)?天|陪我|无聊"
        ),
    ),
    (
        "feeling",
        re.compile(
            r"(?:好|很|有点|心里|太)(?:难过|伤心|孤独|寂寞|烦|累|郁闷|想哭)|睡不着觉|心情不好|没人陪|想家"
        ),
    ),
    ("money", re.compile(r"股票|股市|彩票|基金定投|黄金|贷款利息|汇率|比特币|房价")),
    ("health", re.compile(r"(?:头|肚子|牙|胃|腰|腿)(?:痛|疼)|感冒|发烧|吃(?:什么|啥子?)药|血压|挂号|失眠")),
    (
        "know",
        re.compile(
            r"(?:帮我)?(?:写|翻译|算|作)(?:一?[篇首个段下]|作文|诗)|等于(?:几|多少)|世界上|宇宙|为什么天|历史|总统|首都|明星|球赛|世界杯|新闻|导航|外卖|快递到|打车|菜谱|怎么做菜"
        ),
    ),
    ("time", re.compile(r"(?:现在)?几点(?:了|钟)|今天(?:几|星期|周|农历)|几号了")),
)
_MANY_AGAIN = 3


def unsure(message: Message, dialog: Dialog, frame: Frame, context: Context) -> Turn | None:
    """「您是想…还是…？」 where two intents may be meant; None where there is nothing to ask."""
    heard, office = context.heard, context.office
    if heard.decision is not Decision.ASK:
        return None
    names = [heard.intent, *(intent for intent, _ in heard.alternatives)]
    cards = [(name, office.intents[name]) for name in dict.fromkeys(names) if name in office.intents][:2]
    if not cards:
        return None
    key = "common.ask" if len(cards) == 2 else "common.ask_one"
    places = {"第一": cards[0][1].name} | ({"第二": cards[1][1].name} if len(cards) == 2 else {})
    question = talk.say(key, context, **places)
    choices = tuple(Choice(one.name, f"意图:{name}") for name, one in cards)
    answers = {"said": message.text, "slots": dict(heard.slots)}
    return Turn((*echo(message, context), question), Dialog("ask", answers, choices))


def lost(message: Message, dialog: Dialog, frame: Frame, context: Context) -> Turn:
    """Not understood: said differently each time, and from the second time with a way to people."""
    remember(message.text, context)
    known = dialog.answers if dialog.form == LOST else {}
    times = int(known.get("times", frame.lost)) + 1
    kind = small_talk(message.text)
    before = str(known.get("kind", ""))
    here = Dialog(LOST, {"said": message.text[:200], "times": times, "kind": kind})
    if kind and kind != before:
        more = (talk.say("common.human_way", context),) if times > 1 else ()
        return Turn((talk.say(f"chat.{kind}", context), *more), here)
    if times == 1:
        key = "common.lost"
    elif times < _MANY_AGAIN:
        key = "common.lost_again"
    else:
        key = "common.lost_still" if times % 2 else "common.lost_again"
    return Turn((*echo(message, context), talk.say(key, context)), here)


def remember(words: str, context: Context) -> None:
    """Keep, without the person in it, what was not understood: the community's admin teaches the bot from it."""
    context.desk.keep_unmatched(masked(words[:200]), context.heard.intent)


def small_talk(words: str) -> str:
    """What a message chats about, "" when it does not look like a chat."""
    if len(words) > 40:
        return ""
    return next((name for name, sign in _CHAT if sign.search(words)), "")


def echo(message: Message, context: Context) -> tuple[str, ...]:
    """What was heard in a voice note, for one who cannot see why the answer misses the point."""
    if message.kind is not Kind.VOICE or not message.text.strip():
        return ()
    return (context.texts.say("common.heard", 原话=wording.shorten(message.text.strip(), 60)),)
