"""A worker's second way: 「绑定公众号」 in 企业微信 gives a code, said in the 公众号 it binds that account to him."""

import re

from handlers.context import Context
from handlers.message import Kind, Message, Turn
from models.desk.worker_links import CODE_GOOD_FOR

_BIND = re.compile(r"^(我要|我想)?绑(定|一下)(一下)?(我的)?(微信)?公众号[。！!]*$")
_UNBIND = re.compile(r"^(解除绑定|取消绑定|解绑)(我的)?(微信)?公众号[。！!]*$")
_CODE = re.compile(r"^(?:我是)?(?:微)?网格员[\s，,：:]*(?P<code>\d{8})[。！!]*$")


def at_work(message: Message, context: Context) -> Turn | None:
    """In 企业微信: asking for a code, or to be let go of."""
    words = message.text.strip()
    texts = context.texts
    if _BIND.match(words):
        code = context.desk.new_link_code(context.userid)
        minutes = int(CODE_GOOD_FOR.total_seconds() // 60)
        return Turn((texts.say("link.code", 验证码=code, 分钟=minutes),))
    if _UNBIND.match(words):
        done = context.desk.unlink_worker(context.userid)
        return Turn((texts.say("link.undone" if done else "link.none"),))
    return None


def in_public(message: Message, context: Context) -> Turn | None:
    """In the 公众号: the code makes this account the worker's."""
    if "网格员" not in message.text or message.kind not in (Kind.TEXT, Kind.VOICE):
        return None
    found = _CODE.match(message.text.strip())
    if found is None:
        return None
    userid = context.desk.link_worker(found["code"], message.person)
    if not userid:
        return Turn((context.texts.say("link.bad"),))
    return Turn((context.texts.say("link.done", 姓名=context.desk.name_of(userid)),))
