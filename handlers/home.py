"""A resident's own door: bound by a code on paper (绑定 AB12CD), and then a help wherever a place is missing."""

import re
import unicodedata

from handlers import wording
from handlers.context import Context, Handler
from handlers.message import Choice, Dialog, Kind, Message, Turn
from models.desk.households import CODE_KIND, CODE_LENGTH, CODE_LETTERS, Home
from models.person import Relation

BIND, UNBIND = "home.bind", "home.unbind"
RELATIONS = {"业主": Relation.OWNER, "家人": Relation.FAMILY, "租客": Relation.TENANT}

_BIND = re.compile(
    r"^(?:我要|我想|帮我)?绑定(?:我家|住址|地址|房子|房号|户|码是?)*[\s：:，,]*(?P<code>[A-Za-z0-9]{2,10})?(?P<rest>.*)$"
)
_UNBIND = re.compile(r"^(?:我要|我想|帮我)?(?:解绑|解除绑定|取消绑定)(?:住址|我家|房子)?[。！!]*$")
_WHERE = re.compile(r"^我?(?:的住址|绑定的?(?:是哪里|哪里|住址|是哪户)|绑的是哪[里儿户])[？?]*$")
_SURE = re.compile(r"^(确认|确定|是|是的|对|好|好的|1)[。！!]*$")
_WRONG = re.compile(r"^(不是|不对|错了|都不是)[。！!]*$")
_NAME = re.compile(r"[\s，,、我叫是]*(?P<name>[一-鿿·]{2,8})$")
YES_HOME = re.compile(
    r"^(1|是|是的|对|对的|就是|我家|就?在?我家这?边?|家里|就是我家|就在家里|就是这里|就是这儿)[。！!]*$"
)

# What stands in or at somebody's own building, and what does not.
_INSIDE = re.compile(
    r"楼道|楼梯|电梯|单元门|过道|走廊|楼顶|天台|楼上|楼下|隔壁|对门|门禁|顶楼|水表|电表|我们?(家|楼|单元|这栋|这幢|栋)|咱们?(家|楼|单元|栋)"
)
_INDOORS = re.compile(r"我们?家|咱们?家|屋头|屋里|家里|厨房|厕所|卫生间|阳台|客厅|卧室|天花板|马桶|下水道返")
_ELSEWHERE = re.compile(
    r"小区|院子|院坝|大门|车库|车棚|路灯|路上|路面|马路|花园|花坛|广场|街|对面|旁边|社区|门口|围墙|绿化|垃圾|健身|停车|道闸|公园|学校|菜市场"
)


def home(message: Message, context: Context) -> Turn | None:
    """绑定, 解绑, 我的住址; None when the words are about something else."""
    if message.kind not in (Kind.TEXT, Kind.VOICE):
        return None
    words = unicodedata.normalize("NFKC", message.text).strip()
    if found := _BIND.match(words):
        return _ask(found["code"] or "", found["rest"].strip(), message, context)
    if _UNBIND.match(words):
        return _unbind(message, context)
    if _WHERE.match(words):
        homes = context.desk.homes_of(message.person)
        if not homes:
            return Turn((context.texts.say("home.none"),))
        return Turn((context.texts.say("home.mine", 地址="、".join(map(address, homes))),))
    return None


def address(home: Home) -> str:
    return wording.place_of(home.estate, home.building, home.unit, home.room, "")


def own_home(person: str, context: Context) -> Home | None:
    """The one household that a person is bound to; with several nobody can know which is meant."""
    homes = context.desk.homes_of(person)
    return homes[0] if len(homes) == 1 else None


def about_home(words: str) -> str:
    """ "unit" when the words speak of one's own building, "room" of one's own rooms, "" when they may be elsewhere."""
    if _ELSEWHERE.search(words):
        return ""
    if _INDOORS.search(words):
        return "room"
    return "unit" if _INSIDE.search(words) else ""


def door(home: Home, how: str) -> dict[str, str]:
    """The parts of a ticket's place, down to the unit or to the room."""
    found = {"estate": home.estate, "building": home.building, "unit": home.unit}
    return found | ({"room": home.room} if how == "room" else {})


def _ask(code: str, rest: str, message: Message, context: Context) -> Turn | None:
    code = code.upper()
    spread = re.sub(r"\s", "", code + rest).upper()  # 「AB 23 CD」
    if len(spread) == CODE_LENGTH and spread.isascii():
        code, rest = spread, ""
    if not code:
        return Turn((context.texts.say("home.how"),)) if not rest or "码" in rest else None
    if len(code) != CODE_LENGTH or set(code) - set(CODE_LETTERS):
        return Turn((context.texts.say("home.code_form"),))
    code_print = context.office.vault.fingerprint(CODE_KIND, code)
    found = context.desk.home_of_code(message.person, code_print)
    if found is None:
        return Turn((context.texts.say("home.code_unknown", 值班电话=context.office.phone),))
    named = _NAME.match(rest)
    answers = {"code": code_print, "name": named["name"] if named else "", "address": address(found)}
    choices = tuple(Choice(word, word) for word in RELATIONS)
    question = context.texts.say("home.which", 地址=address(found))
    return Turn((question,), Dialog(BIND, answers, choices), choices)


def bind(message: Message, dialog: Dialog, context: Context) -> Turn | None:
    """「业主」「家人」「租客」: the answer confirms the door as well."""
    words = message.text.strip().rstrip("。！!")
    if _WRONG.match(words):
        return Turn((context.texts.say("home.not_mine", 值班电话=context.office.phone),))
    relation = RELATIONS.get(words.removeprefix("我是").removeprefix("是"))
    if relation is None:
        return None
    answers = dialog.answers
    found = context.desk.bind(message.person, str(answers["code"]), relation, str(answers["name"]))
    return Turn((context.texts.say("home.bound", 地址=address(found)),))


def _unbind(message: Message, context: Context) -> Turn:
    homes = context.desk.homes_of(message.person)
    if not homes:
        return Turn((context.texts.say("home.none"),))
    known = Dialog(UNBIND, {"household": homes[0].household_id, "address": address(homes[0])})
    return Turn((context.texts.say("home.unbind", 地址=address(homes[0])),), known)


def unbind(message: Message, dialog: Dialog, context: Context) -> Turn | None:
    if not _SURE.match(message.text.strip()):
        return None
    context.desk.unbind(message.person, int(dialog.answers["household"]))
    return Turn((context.texts.say("home.unbound", 地址=str(dialog.answers["address"])),))


FORMS: dict[str, Handler] = {BIND: bind, UNBIND: unbind}
