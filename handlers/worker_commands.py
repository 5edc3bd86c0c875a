"""What a worker's reply orders: the words of each order, the number that it names, and the rest."""

import re
from dataclasses import dataclass

from handlers.worker_steps import Order
from models.ticket import Step

# `soft` words are also said in passing: they act only where they can mean one thing. `kept` words are themselves
# the report of what was done.
_ORDERS: tuple[tuple[Order, str, bool, bool], ...] = (
    (Step.CANCEL, r"同意取消", False, False),
    (Step.EXTEND, r"同意延期", False, False),
    (Step.DENY, r"不(?:同意|批准)", False, False),
    (Step.HOLD, r"(?:同意|申请)?挂起|暂停办理|暂缓办理", False, False),
    ("allow", r"同意|批准", False, False),
    (Step.RESUME, r"(?:恢复(?:办理|计时|处理)?|(?:解除|取消)挂起)(?=$|[\s，,：:。\d])", False, False),
    (Step.ASK_EXTEND, r"(?:申请)?延期|申请延长", False, False),
    (Step.UNMERGE, r"(?:撤销|取消|撤回)合并", False, False),
    (Step.MERGE, r"合并|并入", False, False),
    (Step.SPLIT, r"拆分|拆单", False, False),
    (Step.CONVERT, r"转(?:为)?(?:议事|提事|议题)", False, False),
    (Step.REFER, r"转(?:给)?(?:外单位|外部门|其他部门|部门)", False, False),
    (Step.REJECT, r"驳回|不予受理|不受理", False, False),
    (Step.REOPEN, r"重办|重新办理", False, False),
    (Step.ACCEPT, r"受理|接单", False, False),
    (Step.ARRIVE, r"(?:我)?(?:已经?)?(?:到现场|到场|到达)了?", False, False),
    (Step.REPORT, r"上报", False, False),
    (Step.CLOSE, r"(?:已经?)?办结了?", False, False),
    (Step.FEEDBACK, r"已?(?:反馈|回访)了?", False, False),
    (Step.DECLINE, r"退回|退单", False, False),
    (Step.REASSIGN, r"(?:转交|转派|转|交|指派|派)给?(?!\d{0,3}$)(?=[\s，,：:@\d]|[一-鿿]{2})", False, False),
    ("locate", r"地点|位置|定位", False, False),
    (
        Step.CLOSE,
        r"(?:已经?|都)?(?:办好|办完|修好|修完|处理好|处理完|弄好|搞好|换好|清理好|清理完|解决|完成|完工|搞定)(?!不|没|得了)了?",
        True,
        True,
    ),
    (Step.ARRIVE, r"(?:我)?已?到了|在现场了?", True, False),
    (
        Step.ACCEPT,
        r"收到|好的?|好嘞|要得|行|可以|明白|晓得了?|知道了?|ok|嗯+|(?:我)?(?:马上|立刻|现在|这就)(?:就)?(?:到|去|来|过去|过来|办|处理)",
        True,
        False,
    ),
)
_FULL = r"\d{6}-?[A-Za-z0-9]{1,16}-?\d{4}(?!\d)"
_AFTER = re.compile(
    rf"^[\s，,：:]*(?:编号|工单)?(?P<number>{_FULL}|0\d{{3}}(?![\d室号])|\d{{1,4}}(?=[\s，,：:。]|$)(?!\s*(?:个|小时|分钟|天|钟头)))?[\s，,：:]*(?P<rest>.*)$",
    re.DOTALL,
)
_ANYWHERE = re.compile(rf"(?<!\d)({_FULL}|0\d{{3}}(?![\d室号]))")
_COMMANDS = tuple(
    (order, re.compile(rf"^{words}" if not soft or kept else rf"^(?:{words})(?:$|(?=[\s，,。！!～~了哈啊的]))", re.I), soft, kept)
    for order, words, soft, kept in ((o, f"(?:{w})", s, k) for o, w, s, k in _ORDERS)
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Command:
    """What a reply orders: `soft` when the words are also said in passing."""

    order: Order
    number: str
    rest: str
    soft: bool


def command_in(words: str) -> Command | None:
    for order, pattern, soft, kept in _COMMANDS:
        found = pattern.match(words)
        if found is None:
            continue
        after = _AFTER.match(words[found.end() :])
        assert after is not None
        number, rest = after["number"] or "", after["rest"].strip()
        if not number and (named := _ANYWHERE.search(rest)):
            number, rest = named[1], (rest[: named.start()] + rest[named.end() :]).strip(" ，,：:")
        if kept:
            rest = f"{found[0]} {rest}".strip() if rest else found[0]
        return Command(order, number, rest, soft)
    return None
