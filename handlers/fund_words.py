"""What a money question asks for, told by the words that residents use."""

import re
from collections.abc import Iterable
from enum import StrEnum
from functools import lru_cache

from models import ledger_categories
from models.fund import AccountType, FundAccount, FundKind


class Ask(StrEnum):
    OVERVIEW = "overview"
    BALANCE = "balance"
    SPENT = "spent"
    INCOME = "income"
    DONORS = "donors"
    BIGGEST = "biggest"
    COMPANY = "company"
    COMPARE = "compare"


_COMPANY = re.compile(
    r"酬金|提成|公司(一共|总共|到底)?(拿|收|赚|挣|提|得|抽|分)|物业(公司)?(拿|赚|挣|抽|得)了?|赚了?(多少|好多)"
)
_DONORS = re.compile(
    r"谁.{0,6}(捐|给的|出的钱|赞助)|(哪些|哪个|哪几|多少)人?.{0,4}捐|捐款(人|名单|者)|捐赠(人|名单|者)|捐了款|收到.{0,4}捐|捐了(多少|好多)|名单"
)
_BIGGEST = re.compile(r"最大|大额|大笔|最多的|最贵|最高的|哪几笔|大头")
_COMPARE = re.compile(r"比|多还是少|涨了|少了多少|多了多少")
_SPENT = re.compile(
    r"花|用到|用在|用去|用途|用了|用掉|支出|开支|开销|去向|去哪|干啥|干什么|怎么用|咋个用|出的钱|拨的|使用|贴在哪"
)
_INCOME = re.compile(r"收入|收了|收到|来源|哪来|哪里来|从哪|进账|进了|募了|募集|收好多|收多少")
_BALANCE = re.compile(r"还有|还剩|剩|余额|结余|有多少|有好多|有几多|好多了|多少钱了|账上|账户")
_TRUST = re.compile(
    r"物业|物管|酬金|信托|公摊|停车|车位|公共收益|电梯|保安|保洁|秩序维护|绿化|广告|快递柜|包干"
)
_MICRO = re.compile(r"基金|捐|募|义卖|善款|公益金|爱心款|互助金|慰问|帮扶|积分")
_ELSEWHERE = re.compile(
    r"(我|我们|咱|俺)家|交了没|缴了没|没交|怎么交|咋个交|咋交|在哪交|哪里交|交到哪|缴费|欠|发票|收据|涨价|打折|优惠"
    r"|一平|每平|标准|按月交|按年交|补缴|补交|滞纳|二维码|空房|空置|怎么收的"
)
_REPAIR_FUND = re.compile(r"维修(资金|基金)|大修")
_RULES = re.compile(r"签字|审批|谁批|哪个批|谁管|有没有人管|银行|多久公布|公布一次|每个?季度公布|每月公布")
_EXPLAIN = re.compile(
    r"(信托制?|酬金制|包干制).{0,8}(啥|什么|意思|区别|怎么回事|咋回事|是不是)|(啥|什么)是(信托|酬金|包干)"
)


def asked(words: str) -> Ask:
    """The one question that fits; two of in, out and the company together are the overview."""
    if _BIGGEST.search(words):
        return Ask.BIGGEST
    company, spent, income = (pattern.search(words) for pattern in (_COMPANY, _SPENT, _INCOME))
    if company and (spent or re.search(r"收了|收入", words)):
        return Ask.OVERVIEW
    if company:
        return Ask.COMPANY
    if _DONORS.search(words):
        return Ask.DONORS
    if _COMPARE.search(words):
        return Ask.COMPARE
    if spent and income:
        return Ask.OVERVIEW
    if spent:
        return Ask.SPENT
    if income:
        return Ask.INCOME
    if _BALANCE.search(words):
        return Ask.BALANCE
    return Ask.OVERVIEW


def kind_meant(words: str) -> FundKind | None:
    """Which sort of fund the words speak of; None when they do not say."""
    if _MICRO.search(words):
        return FundKind.MICRO
    return FundKind.TRUST if _TRUST.search(words) else None


def not_in_the_books(words: str) -> str:
    """The text for what a public ledger cannot tell (one's own fees, rules, words explained), or ""."""
    if _EXPLAIN.search(words):
        return "fund.explain_trust"
    if _REPAIR_FUND.search(words):
        return "fund.elsewhere"
    if _RULES.search(words):
        return "fund.rules"
    return "fund.elsewhere" if _ELSEWHERE.search(words) and kind_meant(words) is not FundKind.MICRO else ""


_TOO_COMMON = {"property_fee", "remuneration", "bank", "opening", "remuneration_donation"}
_COMMON_WORDS = {
    "捐赠",
    "捐款",
    "活动",
    "活动费",
    "活动经费",
    "补贴",
    "人工",
    "办公",
    "现金",
    "存款",
    "杂费",
    "工资",
    "居民捐款",
    "居民捐赠",
    "社会捐赠",
    "个人捐赠",
}


def category_in(words: str, accounts: Iterable[FundAccount]) -> FundAccount | None:
    """The category that the words name, by its name or an alias, the longest name first."""
    best: tuple[int, FundAccount] | None = None
    for account in accounts:
        code = account.code
        if code in _TOO_COMMON or account.type not in (AccountType.INCOME, AccountType.EXPENSE):
            continue
        for name in _telling_names(code, account.name):
            if name in words and (best is None or len(name) > best[0]):
                best = (len(name), account)
    return best[1] if best else None


@lru_cache(maxsize=1024)
def _telling_names(code: str, name: str) -> tuple[str, ...]:
    """The name and the aliases of a category, without those that may mean something else."""
    known = ledger_categories.BY_CODE.get(code)
    names = (name, *(known.aliases if known else ()))
    return tuple(one for one in names if len(one) > 1 and one not in _COMMON_WORDS)


def tag_in(words: str, slot: str, tags: Iterable[str]) -> str:
    """The activity that the words or the slot name, of those that money was booked under; "" when none."""
    known = list(tags)
    for tag in known:
        if tag in words or (slot and (tag in slot or slot in tag)):
            return tag
    near = [tag for tag in known if len(tag) > 2 and tag[:2] in words and _EVENT.search(words)]
    return near[0] if len(near) == 1 else ""


_BANQUET = re.compile(r"[\u4e00-\u9fff]{2}宴")


def banquet_in(words: str) -> str:
    """A banquet that the words name, booked or not: 「坝坝宴」."""
    found = _BANQUET.search(words)
    return found[0] if found else ""


_EVENT = re.compile(r"宴|节|活动|义卖|赛|晚会|聚餐")
