"""Money questions answered on one phone screen: figures, period, how fresh they are, the page."""

from collections.abc import Sequence
from datetime import date

from handlers import talk
from handlers.context import Context
from handlers.fund_periods import Period, before, month_of, this_year
from handlers.fund_words import Ask
from models.desk.funds import CategorySum, FundSummary, TrustSummary
from models.fund import AccountType, Fund, FundAccount, FundKind, RemunerationMode
from models.ledger import CHENGDU, local_day, yuan

MOST = 5  # lines of a list that still fit one screen


def answer(fund: Fund, ask: Ask, periods: Sequence[Period], context: Context, *, tag: str = "") -> str:
    """The words for one question about one fund; `periods` empty means this year."""
    desk = context.desk
    today = local_day(desk.now)
    span = desk.fund_span(fund)
    if span is None:
        return talk.say("fund.empty", context)
    period = periods[0] if periods else this_year(today)
    if ask is Ask.COMPARE:
        return _compare(fund, periods, context)
    if ask is Ask.BALANCE and (not periods or period.last >= today):
        return _balance(fund, context)
    if ask is not Ask.BALANCE and desk.count_entries(fund, period.first, period.last) == 0:
        return _say(
            "fund.no_period", fund, period, context, 最早=_day(span[0], today), 最近=_day(span[1], today)
        )
    if ask is Ask.DONORS:
        return _donors(fund, period, context, tag)
    if ask is Ask.BIGGEST:
        return _biggest(fund, period, context)
    if fund.kind is FundKind.TRUST and ask in (Ask.COMPANY, Ask.OVERVIEW):
        trust = desk.trust_summary(fund, period.first, min(period.last, today))
        return (_company if ask is Ask.COMPANY else _trust)(trust, period, context)
    summary = desk.fund_summary(fund, period.first, min(period.last, today))
    places = _sums(summary, context)
    if ask is Ask.SPENT and summary.uses:
        return _say("fund.spent", fund, period, context, 去向=_parts(summary.uses), **places)
    if ask is Ask.SPENT:
        return _say("fund.nothing_spent", fund, period, context, **places)
    if ask is Ask.INCOME and summary.sources:
        return _say("fund.income", fund, period, context, 来源=_parts(summary.sources), **places)
    if ask is Ask.INCOME:
        return _say("fund.nothing_in", fund, period, context, **places)
    return _say("fund.balance_at" if ask is Ask.BALANCE else "fund.overview", fund, period, context, **places)


def answer_category(fund: Fund, account: FundAccount, periods: Sequence[Period], context: Context) -> str:
    """What one category brought or cost, and its share of all."""
    today = local_day(context.desk.now)
    period = periods[0] if periods else this_year(today)
    summary = context.desk.fund_summary(fund, period.first, min(period.last, today))
    coming_in = account.type is AccountType.INCOME
    parts, whole = (summary.sources, summary.income_fen) if coming_in else (summary.uses, summary.expense_fen)
    fen = next((part.amount_fen for part in parts if part.code == account.code), 0)
    if fen <= 0 or whole <= 0:
        return _say("fund.category_none", fund, period, context, 类别=account.name)
    return _say(
        "fund.category",
        fund,
        period,
        context,
        类别=account.name,
        收支="收入" if coming_in else "支出",
        金额=yuan(fen),
        占比=_percent(fen, whole),
    )


def answer_activity(fund: Fund, tag: str, context: Context) -> str:
    """What one activity cost and who paid for it."""
    found = context.desk.fund_by_tag(fund, tag)
    if found is None:
        return talk.say("fund.no_activities", context)
    today = local_day(context.desk.now)
    days = _day(found.first, today)
    if found.first != found.last:
        days += f"至{_day(found.last, today)}"
    period = Period(found.first, found.last, days, f"{found.last:%Y-%m}")
    income, left = yuan(found.income_fen), found.income_fen - found.expense_fen
    if not found.expense_fen:
        return _say("fund.activity_in", fund, period, context, 活动=tag, 收入=income)
    key = "fund.activity_own"
    if found.income_fen:
        key = "fund.activity_left" if left >= 0 else "fund.activity_paid"
    source = context.texts.say(key, 收入=income, 差额=yuan(abs(left)), 账名=fund.name)
    entries = context.desk.biggest_entries(fund, found.first, found.last, tag=tag, limit=MOST + 1)
    shown = entries if len(entries) <= MOST else entries[: MOST - 1]
    lines = [f"{entry.memo} {yuan(entry.expense_fen)} 元" for entry in shown]
    rest = found.expense_fen - sum(entry.expense_fen for entry in shown)
    if rest:
        lines.append(f"其余 {yuan(rest)} 元")
    return _say(
        "fund.activity",
        fund,
        period,
        context,
        活动=tag,
        支出=yuan(found.expense_fen),
        去向="\n".join(lines),
        来源=source,
    )


def _balance(fund: Fund, context: Context) -> str:
    """Now, with this year's coming and going: the year says whether the money moves."""
    today = local_day(context.desk.now)
    period = this_year(today)
    summary = context.desk.fund_summary(fund, period.first, period.last)
    return _say("fund.balance", fund, period, context, **_sums(summary, context))


def _donors(fund: Fund, period: Period, context: Context, tag: str) -> str:
    gifts = context.desk.fund_donors(fund, period.first, period.last, tag=tag)
    if not gifts:
        return _say("fund.no_donors", fund, period, context)
    shown = gifts if len(gifts) <= MOST + 2 else gifts[: MOST + 1]
    lines = [
        f"{gift.name} {yuan(gift.amount_fen)} 元" + (f"（{gift.times} 笔）" if gift.times > 1 else "")
        for gift in shown
    ]
    rest = gifts[len(shown) :]
    if rest:
        lines.append(f"还有 {len(rest)} 位，共 {yuan(sum(gift.amount_fen for gift in rest))} 元")
    return _say(
        "fund.donors",
        fund,
        Period(period.first, period.last, f"{period.label}「{tag}」" if tag else period.label, period.month),
        context,
        合计=yuan(sum(gift.amount_fen for gift in gifts)),
        笔数=sum(gift.times for gift in gifts),
        名单="\n".join(lines),
    )


def _biggest(fund: Fund, period: Period, context: Context) -> str:
    today = local_day(context.desk.now)
    entries = context.desk.biggest_entries(fund, period.first, period.last)
    if not entries:
        return answer(fund, Ask.SPENT, [period], context)
    lines = [
        f"{number}. {_day(entry.occurred_on, today)} {yuan(entry.expense_fen)} 元 {entry.memo}"
        for number, entry in enumerate(entries, 1)
    ]
    return _say("fund.biggest", fund, period, context, 笔数=len(entries), 名单="\n".join(lines))


def _trust(trust: TrustSummary, period: Period, context: Context) -> str:
    return _say(
        "fund.trust",
        trust.summary.fund,
        period,
        context,
        物业费=yuan(trust.fees_fen),
        酬金=yuan(trust.remuneration_fen),
        服务支出=yuan(trust.service_fen),
        约定=_agreed(trust, context),
        **_sums(trust.summary, context),
    )


def _company(trust: TrustSummary, period: Period, context: Context) -> str:
    rate = trust.agreement.donation_rate
    gives = context.texts.say("fund.donation_agreed", 比例=_rate(rate)) if rate else ""
    return _say(
        "fund.company",
        trust.summary.fund,
        period,
        context,
        酬金=yuan(trust.remuneration_fen),
        累计酬金=yuan(trust.to_date_remuneration_fen),
        占比=_percent(trust.to_date_remuneration_fen, trust.to_date_fees_fen),
        约定=_agreed(trust, context),
        捐赠=f"\n{gives}" if gives else "",
    )


def _agreed(trust: TrustSummary, context: Context) -> str:
    if trust.agreement.mode is RemunerationMode.FIXED:
        return context.texts.say("fund.agreed_fixed", 金额=yuan(trust.agreement.fixed_fen))
    return context.texts.say("fund.agreed_rate", 比例=_rate(trust.agreement.remuneration_rate))


def _compare(fund: Fund, periods: Sequence[Period], context: Context) -> str:
    """Two periods side by side, the earlier first; one alone is compared with the one before it."""
    today = local_day(context.desk.now)
    if len(periods) < 2:
        only = periods[0] if periods else month_of(today.year, today.month, today)
        periods = (before(only, today), only)
    earlier, later = sorted(periods[:2], key=lambda period: period.first)
    sums = [
        context.desk.fund_summary(fund, period.first, min(period.last, today)) for period in (earlier, later)
    ]
    more = sums[1].expense_fen - sums[0].expense_fen
    change = context.texts.say("fund.same_spent")
    if more:
        change = context.texts.say(
            "fund.more_spent" if more > 0 else "fund.less_spent",
            后期=later.label,
            差额=yuan(abs(more)),
            主要=_differences(sums[0].uses, sums[1].uses, more),
        )
    return _say(
        "fund.compare",
        fund,
        later,
        context,
        前期=earlier.label,
        后期=later.label,
        前期收入=yuan(sums[0].income_fen),
        前期支出=yuan(sums[0].expense_fen),
        后期收入=yuan(sums[1].income_fen),
        后期支出=yuan(sums[1].expense_fen),
        变化=change,
    )


def _differences(earlier: Sequence[CategorySum], later: Sequence[CategorySum], more: int) -> str:
    """The two categories that moved most in the direction of the whole."""
    sign = 1 if more > 0 else -1
    change: dict[str, int] = {}
    for parts, way in ((earlier, -1), (later, 1)):
        for part in parts:
            change[part.name] = change.get(part.name, 0) + way * sign * part.amount_fen
    most = sorted(((fen, name) for name, fen in change.items() if fen > 0), reverse=True)[:2]
    word = "多" if sign > 0 else "少"
    return "、".join(f"{name}{word} {yuan(fen)} 元" for fen, name in most)


def _sums(summary: FundSummary, context: Context) -> dict[str, object]:
    return {
        "收入": yuan(summary.income_fen),
        "支出": yuan(summary.expense_fen),
        "结余": yuan(summary.closing_fen),
        "现有": yuan(context.desk.fund_balance(summary.fund)),
    }


def _say(key: str, fund: Fund, period: Period, context: Context, **places: object) -> str:
    now = context.desk.now.astimezone(CHENGDU)
    span = context.desk.fund_span(fund)
    as_of = f"{now.month}月{now.day}日 {now:%H:%M}"
    if span is not None and span[1] < now.date():
        as_of += f"，账记到 {_day(span[1], now.date())}"
    return talk.say(
        key,
        context,
        **{
            "小区": fund.estate or fund.name,
            "账名": fund.name,
            "月份": period.label,
            "期间": period.label,
            "截至": as_of,
            "链接": context.office.links.fund(fund.code, period.month),
            **places,
        },
    )


def _parts(parts: Sequence[CategorySum]) -> str:
    shown = parts if len(parts) <= MOST + 1 else parts[:MOST]
    lines = [f"{part.name} {yuan(part.amount_fen)} 元" for part in shown]
    rest = parts[len(shown) :]
    if rest:
        lines.append(f"其余 {len(rest)} 项 {yuan(sum(part.amount_fen for part in rest))} 元")
    return "\n".join(lines)


def _percent(part: int, whole: int) -> str:
    """Rounded down to a tenth, so a share never reads higher than it is."""
    if whole <= 0:
        return "0%"
    tenths = part * 1000 // whole
    return f"{tenths // 10}%" if tenths % 10 == 0 else f"{tenths // 10}.{tenths % 10}%"


def _rate(basis_points: int) -> str:
    return f"{basis_points / 100:g}%"


def _day(day: date, today: date) -> str:
    return f"{day.month}月{day.day}日" if day.year == today.year else f"{day.year}年{day.month}月{day.day}日"
