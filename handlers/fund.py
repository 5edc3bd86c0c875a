"""查账 and 物业费账: which fund a money question is about, what it asks, and the short way to the next question."""

import re
from collections.abc import Mapping, Sequence

from handlers import talk
from handlers.context import Context, Handler, Service
from handlers.fund_answers import answer, answer_activity, answer_category
from handlers.fund_periods import Period, period_of_slots, periods_in, without_periods
from handlers.fund_words import Ask, asked, banquet_in, category_in, kind_meant, not_in_the_books, tag_in
from handlers.message import Choice, Dialog, Message, Turn
from models.desk.fund_stamp import BOOKS
from models.desk.memory import minute, recalled
from models.fund import Fund, FundAccount, FundKind
from models.ledger import local_day

WHICH = "fund.which"
MORE = "fund.more"


def books(message: Message, dialog: Dialog, context: Context) -> Turn:
    """办理: 查账. Any question about money; the words say whether the 微基金 or an estate's fees are meant."""
    return _known(message.text, context, None)


def fees(message: Message, dialog: Dialog, context: Context) -> Turn:
    """办理: 物业费账. The same, about an estate's trust account unless the words say otherwise."""
    return _known(message.text, context, FundKind.TRUST)


def _known(words: str, context: Context, usual: FundKind | None) -> Turn:
    """The same words in the same minute (an answer says 「截至」) get the same answer while the books read the same."""
    key = ("answer", words, tuple(sorted(context.heard.slots.items())), usual, minute(context.desk))
    return recalled(context.desk, BOOKS, key, lambda: _begin(words, context, usual))


def _begin(words: str, context: Context, usual: FundKind | None) -> Turn:
    if key := not_in_the_books(words):
        return Turn((talk.say(key, context),))
    kind = kind_meant(words) or usual
    desk, slots = context.desk, context.heard.slots
    funds = [fund for fund in desk.funds() if desk.fund_span(fund) is not None]
    if not funds:
        return Turn((talk.say("fund.empty", context),))
    ask = asked(words)
    tags = desk.fund_tags(funds)
    tag = tag_in(words, slots.get("activity", ""), tags)
    if tag and ask is not Ask.BIGGEST and ask is not Ask.COMPARE:
        holders = [fund for fund in funds if tag in desk.fund_tags([fund])]
        return _answer(words, ask, holders[0], context, tag=tag)
    if ask is Ask.DONORS:
        kind = FundKind.MICRO
    elif ask is Ask.COMPANY:
        kind = FundKind.TRUST
    fitting = _fitting(funds, kind, words, slots)
    if kind is not None and not fitting:
        return Turn((talk.say("fund.no_trust" if kind is FundKind.TRUST else "fund.no_micro", context),))
    named = banquet_in(words) or ("" if kind_meant(words) else slots.get("activity", ""))
    categories = {fund.code: _category(words, fund, context) for fund in fitting}
    if any(categories.values()):
        fitting = [fund for fund in fitting if categories[fund.code]]
    elif named and ask in (Ask.SPENT, Ask.OVERVIEW, Ask.INCOME):
        if not tags:
            return Turn((talk.say("fund.no_activities", context),))
        return Turn((talk.say("fund.no_activity", context, 活动=named, 清单="、".join(tags[:4])),))
    if len(fitting) == 1:
        return _answer(words, ask, fitting[0], context)
    choices = tuple(Choice(fund.name, fund.name) for fund in fitting)
    answers = {"words": words, "slots": dict(slots), "codes": [fund.code for fund in fitting]}
    return Turn((talk.say("fund.which", context),), Dialog(WHICH, answers, choices), choices)


def _fitting(
    funds: Sequence[Fund], kind: FundKind | None, words: str, slots: Mapping[str, str]
) -> list[Fund]:
    """The funds the words may mean: of the kind, and of the estate where one is named."""
    by_name = [fund for fund in funds if fund.name in words]
    if by_name:
        return by_name
    fitting = [fund for fund in funds if kind is None or fund.kind is kind]
    estate = slots.get("estate", "")
    of_estate = [fund for fund in fitting if fund.estate and (fund.estate in words or fund.estate == estate)]
    return of_estate or fitting


def _category(words: str, fund: Fund, context: Context) -> FundAccount | None:
    return category_in(words, context.desk.fund_accounts(fund).values())


def _answer(
    words: str,
    ask: Ask,
    fund: Fund,
    context: Context,
    *,
    tag: str = "",
    slots: Mapping[str, str] | None = None,
) -> Turn:
    periods = _periods(words, context, context.heard.slots if slots is None else slots)
    category = _category(words, fund, context)
    if tag and ask is not Ask.DONORS:
        text = answer_activity(fund, tag, context)
    elif category is not None and ask in (Ask.SPENT, Ask.INCOME, Ask.BALANCE, Ask.OVERVIEW):
        text = answer_category(fund, category, periods, context)
    else:
        text = answer(fund, ask, periods, context, tag=tag)
    return Turn((text,), Dialog(MORE, {"words": words, "code": fund.code}))


def _periods(words: str, context: Context, slots: Mapping[str, str]) -> list[Period]:
    today = local_day(context.desk.now)
    found = periods_in(words, today)
    if not found and (understood := period_of_slots(slots, today)) is not None:
        found = [understood]
    return found


def _which(message: Message, dialog: Dialog, context: Context) -> Turn | None:
    """The answer to 「您想看哪本账？」: the question of before, about the fund that was picked."""
    said = message.text.strip()
    for code in dialog.answers["codes"]:
        fund = context.desk.fund(str(code))
        if fund is not None and said and (said == fund.code or fund.name in said or _is_estate(said, fund)):
            words = str(dialog.answers["words"])
            return _answer(words, asked(words), fund, context, slots=dialog.answers["slots"])
    return None


def _is_estate(said: str, fund: Fund) -> bool:
    return bool(fund.estate) and (fund.estate in said or (len(said) > 1 and said in fund.estate))


_PARTICLES = re.compile(r"[那么呢嘛吗的？?。，,！!\s]|咋样|怎么样|又|份|再看看?|换成|看看?")


def _more(message: Message, dialog: Dialog, context: Context) -> Turn | None:
    """「那8月呢」「金河绿洲呢」 after an answer: the same question about another time or another estate."""
    said = message.text.strip()
    if not said or len(said) > 16:
        return None
    today = local_day(context.desk.now)
    periods = periods_in(said, today)
    other = next(
        (fund for fund in context.desk.funds() if fund.name in said or (fund.estate and fund.estate in said)),
        None,
    )
    rest = without_periods(said)
    if other is not None:
        rest = rest.replace(other.name, "").replace(other.estate, "")
    if _PARTICLES.sub("", rest) or (not periods and other is None):
        return None
    before = str(dialog.answers["words"])
    fund = other or context.desk.fund(str(dialog.answers["code"]))
    if fund is None:
        return None
    words = without_periods(before) + said if periods else before
    tag = tag_in(words, "", context.desk.fund_tags([fund]))
    return _answer(words, asked(words), fund, context, tag=tag, slots={})


SERVICES: dict[str, Service] = {
    "查账": Service(books, {"回复": "fund.overview", "没有时": "fund.empty"}),
    "物业费账": Service(fees, {"回复": "fund.trust", "没有时": "fund.no_trust"}),
}
FORMS: dict[str, Handler] = {WHICH: _which, MORE: _more}
