"""「不是3栋是5栋」「不是两个是三个」: what counts is what stands after the second 是."""

import re
from dataclasses import replace

from handlers.activity_people import bare_number
from handlers.context import Context
from handlers.message import Message
from nlp import numbers
from nlp.normalise import clean
from nlp.places import places

_NOT_BUT = re.compile(
    r"^(?:不对|错了|说错了|写错了|哦|啊|嗯|[，,。！!\s])*不是(?P<wrong>.{1,12}?)[，,。、；;\s]*(?:而是|应该是|是)(?P<right>.{1,40})$"
)
_PARTS = ("building", "unit", "room", "floor", "zone", "estate", "place", "people")


def meant(message: Message, context: Context) -> tuple[Message, Context]:
    """Message and context as if the person had said it right at once; any other message stays as it is."""
    if "不是" not in message.text or (found := _NOT_BUT.match(message.text.strip())) is None:
        return message, context
    wrong, right = clean(found["wrong"]), clean(found["right"])
    where, people = places(right), _people(right)
    if where and places(wrong):
        said = dict(where)
    elif people is not None and _people(wrong) is not None:
        said = {"people": str(people)}
        message = replace(message, text=f"改成{people}个人")
    else:
        return message, context
    kept = {name: value for name, value in context.heard.slots.items() if name not in _PARTS}
    return message, replace(context, heard=replace(context.heard, slots=kept | said))


def _people(words: str) -> int | None:
    """The number of people, also where 「人」 is not said."""
    number = bare_number(words) if not words.isdigit() else None
    return number if number is not None else numbers.people(words)
