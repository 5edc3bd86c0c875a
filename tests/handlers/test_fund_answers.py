"""Money questions over the demo books: the figures, the right book, the honest answer where there is none."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from handlers.context import Context, Office
from handlers.fund import FORMS, SERVICES
from handlers.links import Links
from handlers.message import Dialog, Kind, Message, Turn
from handlers.texts import Texts
from models.community import Community
from models.database import Database, session_on
from models.desk import Desk
from models.fund import FundKind
from models.ledger import NewEntry, received
from models.ledger_demo import demo_ledgers
from models.rules import Rules
from nlp.understanding import Decision, Understanding

NOW = datetime(2026, 10, 12, 2, 0, tzinfo=UTC)
OFFICE = Office(
    name="示例社区",
    phone="028-8888-0000",
    hours="周一至周五",
    texts=Texts(),
    links=Links("https://linli.example.org", "secret"),
    worker_account="work",
    admins=(),
    intents={},
)


@pytest.fixture
def empty(sqlite: Database) -> Iterator[Desk]:
    with sqlite.write() as connection:
        session = session_on(connection)
        session.add(Community(id=1, code="demo", name="示例社区"))
        session.flush()
        yield Desk(session, community_id=1, now=NOW, rules=Rules())


@pytest.fixture
def books(empty: Desk) -> Desk:
    demo_ledgers(empty)
    return empty


def say(
    desk: Desk, words: str, dialog: Dialog | None = None, *, service: str = "查账", **slots: str
) -> Turn | None:
    context = Context(desk, OFFICE, Understanding(words, Decision.SURE, slots=slots))
    message = Message("1", "mp", "wechat_mp", "mp:a", "mp:a", Kind.TEXT, NOW, NOW, text=words)
    if dialog is not None:
        return FORMS[dialog.form](message, dialog, context)
    return SERVICES[service].run(message, Dialog(), context)


def answer(desk: Desk, words: str, *, service: str = "查账", **slots: str) -> str:
    turn = say(desk, words, service=service, **slots)
    assert turn is not None
    return "\n".join(turn.texts)


def test_the_balance_comes_with_its_year_its_moment_and_the_page(books: Desk) -> None:
    assert answer(books, "微基金还有多少钱") == (
        "「社区微基金」现有 30,499.00 元。\n"
        "今年以来收入 45,969.00 元，支出 15,470.00 元。\n"
        "截至 10月12日 10:00，账记到 10月9日。\n"
        "明细：https://linli.example.org/r/funds/WJJ"
    )


@pytest.mark.parametrize(
    ("words", "service", "expected"),
    [
        ("微基金9月花了多少", "查账", "9月支出 7,130.00 元"),
        ("微基金9月份花了好多", "查账", "9月支出 7,130.00 元"),
        ("微基金上个月收了多少", "查账", "9月收入 8,670.00 元"),
        ("微基金8月底还有多少", "查账", "8月末结余 24,754.00 元；现在是 30,499.00 元"),
        ("捐的钱都用来干啥子了", "查账", "今年以来支出 15,470.00 元"),
        ("上季度基金支出明细", "查账", "第三季度支出 11,060.00 元"),
        ("重阳宴花了好多", "查账", "其余 2,110.00 元由「社区微基金」出"),
        ("重阳节的宴席花了多少钱", "查账", "「重阳宴」（9月2日至9月16日）支出 6,370.00 元"),
        ("重阳宴谁捐的", "查账", "收到捐款 2 笔，共 4,260.00 元"),
        ("小桔灯义卖收了多少", "查账", "募集 860.00 元，还没有支出"),
        ("坝坝宴的钱是从微基金出的不", "查账", "账上没有记到「坝坝宴」名下的钱"),
        ("慰问困难户用了多少", "查账", "困难群众帮扶支出 2,800.00 元，占支出的 18%"),
        ("槐树苑物业费9月和8月比", "物业费账", "9月多支出 12,897.00 元，主要是维修养护多 12,600.00 元"),
        ("金河绿洲物业公司拿了多少", "物业费账", "占已收物业费的 13.7%（约定不超过 15%）"),
        ("金河绿洲电梯维保一年要多少钱", "物业费账", "电梯维保支出 33,600.00 元"),
        ("我家物业费交了没有", "物业费账", "账本里查不到"),
        ("动用大修基金要怎么弄", "物业费账", "账本里查不到"),
        ("信托制是啥意思", "物业费账", "公司只拿约定的酬金"),
        ("微基金用钱要哪个签字", "查账", "由谁审批"),
    ],
)
def test_each_question_has_its_figure(books: Desk, words: str, service: str, expected: str) -> None:
    said = answer(books, words, service=service)
    assert expected in said
    assert len(said.split("明细：")[0]) < 200


def test_a_month_that_was_understood_counts_when_the_words_have_none(books: Desk) -> None:
    assert "9月支出" in answer(books, "微基金入秋那阵花了多少", month="2026-09")
    span = answer(books, "微基金那几天花了多少", date="2026-09-10", date_to="2026-09-15")
    assert "9月10日至9月15日支出 5,950.00 元" in span


def test_givers_are_masked_and_counted(books: Desk) -> None:
    said = answer(books, "微基金8月谁捐的")
    assert "李** 300.00 元" in said
    assert "未留名 500.00 元" in said
    assert "李德福" not in said


def test_two_estates_are_asked_and_the_answer_goes_on(books: Desk) -> None:
    asked = say(books, "上个月物业费花到哪去了", service="物业费账")
    assert asked is not None
    assert [choice.label for choice in asked.choices] == ["槐树苑物业费账", "金河绿洲物业费账"]
    picked = say(books, "金河绿洲", asked.dialog)
    assert picked is not None
    assert picked.texts[0].startswith("「金河绿洲物业费账」9月支出")
    later = say(books, "那8月呢？", picked.dialog)
    assert later is not None
    assert later.texts[0].startswith("「金河绿洲物业费账」8月支出 85,630.00 元")
    other = say(books, "槐树苑呢", later.dialog)
    assert other is not None
    assert other.texts[0].startswith("「槐树苑物业费账」8月支出 38,607.00 元")
    assert say(books, "路灯坏了", other.dialog) is None
    assert say(books, "8月路灯就坏了", other.dialog) is None
    assert say(books, "随便", asked.dialog) is None


def test_a_named_estate_is_not_asked_for(books: Desk) -> None:
    assert answer(books, "槐树苑物业费还有多少", service="物业费账").startswith("「槐树苑物业费账」现有")
    by_slot = answer(books, "我们那儿物业费还有多少", service="物业费账", estate="金河绿洲")
    assert by_slot.startswith("「金河绿洲物业费账」现有")


def test_the_question_of_the_trust_in_four_figures(books: Desk) -> None:
    assert answer(books, "槐树苑物业费收了多少、花了多少、公司拿了多少", service="物业费账").startswith(
        "「槐树苑物业费账」今年以来\n收物业费 390,925.00 元\n公司酬金 53,730.00 元（约定不超过 15%）\n"
        "服务支出 189,998.00 元\n账上结余 190,597.00 元\n"
    )


def test_a_period_without_books_says_from_when_they_are(books: Desk) -> None:
    assert "2月没有记账；账从 4月8日 记到 10月9日" in answer(books, "微基金2月花了多少")


def test_without_books_the_phone_is_told(empty: Desk) -> None:
    for words in ("微基金还有多少钱", "谁捐的", "查账"):
        said = answer(empty, words)
        assert "还没有录入" in said
        assert "028-8888-0000" in said
    empty.open_fund("WJJ", "微基金", FundKind.MICRO)
    assert "还没有录入" in answer(empty, "微基金还有多少钱")


def test_with_one_book_only_the_other_kind_is_told_apart(empty: Desk) -> None:
    fund = empty.open_fund("WJJ", "微基金", FundKind.MICRO)
    empty.post_entry(fund, NewEntry(NOW.date(), received("interest", 5)))
    assert "物业费的账" in answer(empty, "物业费花到哪去了", service="物业费账")
    assert answer(empty, "查账").startswith("「微基金」今年以来收入 0.05 元")
    assert "还没有捐款记录" in answer(empty, "谁捐的")
    assert "没有支出" in answer(empty, "微基金花到哪去了")
    assert "还没有记到活动名下的钱" in answer(empty, "坝坝宴花了好多")


def test_the_biggest_are_numbered(books: Desk) -> None:
    said = answer(books, "微基金9月最大几笔")
    assert "9月最大的 3 笔支出：\n1. 9月14日 4,800.00 元 重阳宴食材和餐具\n2. 9月15日 1,150.00 元" in said
