"""活动 in conversation: handlers called directly, the router played by `Phone`."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection
from sqlmodel import Session

from handlers.activity import FORMS, SERVICES, answer_offer
from handlers.activity_notices import NOTICES
from handlers.context import Card, Context, Office, Question
from handlers.links import Links
from handlers.message import Dialog, Kind, Message, Notice, Turn
from handlers.texts import Texts
from models.activity import SignUpState
from models.community import Community
from models.database import Database, session_on
from models.desk import Desk
from models.desk.activity_demo import demo_activities
from models.desk.activity_plan import ActivityPlan, plan_of
from models.rules import Rules
from nlp.understanding import Decision, Understanding

NOW = datetime(2026, 10, 12, 2, 0, tzinfo=UTC)
INTENTS = {
    "活动清单": "event_list",
    "活动报名": "event_signup",
    "取消报名": "event_cancel",
    "报事": "file_request",
}


def an_office(*questions: Question) -> Office:
    return Office(
        name="示例社区",
        phone="028-8888-0000",
        hours="",
        texts=Texts(),
        links=Links("https://linli.example", "secret"),
        worker_account="work",
        admins=(),
        intents={
            name: Card(service, service, questions=questions if service == "活动报名" else ())
            for service, name in INTENTS.items()
        },
    )


@dataclass
class Phone:
    """One person's phone: says words, plays the router, keeps the dialog as the engine would."""

    desk: Desk
    office: Office
    person: str = "mp:li"
    dialog: Dialog = field(default_factory=Dialog)

    def says(self, words: str, service: str = "", **slots: str) -> str:
        if words.isdigit() and 1 <= int(words) <= len(self.dialog.choices):
            words = self.dialog.choices[int(words) - 1].say
        message = Message("1", "mp", "wechat_mp", self.person, self.person, Kind.TEXT, NOW, NOW, text=words)
        decision = Decision.SURE if service else Decision.UNKNOWN
        heard = Understanding(words, decision, INTENTS.get(service, ""), slots=slots)
        context = Context(self.desk, self.office, heard)
        turn: Turn | None = None
        if self.dialog.form:
            turn = FORMS[self.dialog.form](message, self.dialog, context)
        if turn is None:
            turn = answer_offer(message, self.dialog, context)
        if turn is None:
            assert service, f"nothing of ours understood 「{words}」"
            turn = SERVICES[service].run(message, self.dialog, context)
        self.dialog = replace(turn.dialog, choices=turn.choices)
        lines = [f"{number} {choice.label}" for number, choice in enumerate(turn.choices, 1)]
        return "\n".join([*turn.texts, *lines])

    def pushed(self) -> list[Notice]:
        """The notices of everything noted so far."""
        facts, self.desk.facts = self.desk.facts, []
        return [n for f in facts if type(f) in NOTICES for n in NOTICES[type(f)](f, self.desk, self.office)]

    def seats(self, code: str) -> int:
        activity = self.desk.activity(code)
        assert activity is not None
        return activity.taken


@pytest.fixture
def phone(sqlite: Database):  # type: ignore[no-untyped-def]
    with sqlite.write() as connection:
        desk = desk_on(connection)
        demo_activities(desk)
        yield Phone(desk, an_office())


def desk_on(connection: Connection, now: datetime = NOW) -> Desk:
    session: Session = session_on(connection)
    if session.get(Community, 1) is None:
        session.add(Community(id=1, code="demo", name="示例社区"))
        session.flush()
    return Desk(session, community_id=1, now=now, rules=Rules())


@pytest.fixture
def neighbour(phone: Phone) -> Callable[[str], Phone]:
    return lambda person: Phone(phone.desk, phone.office, person)


def small(desk: Desk, capacity: int = 4, **changes: object) -> None:
    """A 面塑课 with few seats."""
    starts_at = NOW + timedelta(days=5)
    plan = ActivityPlan("MSK", "面塑课", "社区活动室", starts_at, capacity)
    desk.create_activity(replace(plan, **changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("words", "code", "people"),
    [
        ("我和老伴报名重阳宴", "CYY", 2),
        ("给我们一家三口报名亲子风筝节", "FZJ", 3),
        ("坝坝会算我一个", "BBH", 1),
        ("我带两个娃儿去放风筝", "FZJ", 3),
        ("报名重阳节的宴，十个人", "CYY", 10),
    ],
)
def test_one_sentence_signs_up(phone: Phone, words: str, code: str, people: int) -> None:
    answer = phone.says(words, "活动报名")
    assert f"{people} 位" in answer
    assert "报好了" in answer
    assert "先按" not in answer
    assert phone.seats(code) == people


def test_one_is_assumed_and_said(phone: Phone) -> None:
    answer = phone.says("重阳宴我要参加", "活动报名")
    assert "1 位" in answer
    assert "先按 1 位登记" in answer
    assert "2 位" in phone.says("2个人")
    assert phone.seats("CYY") == 2


def test_the_slots_are_asked_first(phone: Phone) -> None:
    phone.says("那个我们要来", "活动报名", activity="重阳宴", people="4")
    assert phone.seats("CYY") == 4


def test_all_of_us_is_no_number(phone: Phone) -> None:
    assert "几位" in phone.says("重阳宴我们全家都去", "活动报名")
    assert "5 位" in phone.says("5")
    assert phone.seats("CYY") == 5


def test_the_configured_question_for_the_number_is_asked(phone: Phone) -> None:
    phone.office = an_office(Question("人数", "您家来几位？", "数字"))
    assert phone.says("报名重阳宴", "活动报名") == "您家来几位？"
    assert "3 位" in phone.says("三个")
    other = Phone(phone.desk, phone.office, "mp:wang")
    assert "1 位" in other.says("重阳宴我要参加", "活动报名")


def test_a_list_is_picked_by_number(phone: Phone) -> None:
    answer = phone.says("我要报名", "活动报名")
    assert "1 坝坝会 10月30日（周五）晚上7:00，还有 80 个名额" in answer
    assert "2 重阳宴 11月1日（周日）上午10:00" in answer
    assert "重阳宴，1 位" in phone.says("2")


def test_what_was_said_before_the_question_is_kept(phone: Phone) -> None:
    phone.says("我和老伴要报名", "活动报名")
    assert "亲子风筝节，2 位" in phone.says("3")


def test_a_number_beyond_the_list_asks_again(phone: Phone) -> None:
    phone.says("我要报名", "活动报名")
    assert "回复序号" in phone.says("9")
    assert "坝坝会" in phone.says("1")


def test_details_then_sign_up(phone: Phone) -> None:
    phone.says("最近有什么活动", "活动清单")
    answer = phone.says("2")
    for part in (
        "社区文化广场",
        "上午10:00到下午1:00",
        "还有 600 个名额",
        "身份证",
        "10月30日（周五）上午10:00",
    ):
        assert part in answer
    assert "2 位" in phone.says("我和老伴去")
    assert phone.seats("CYY") == 2


def test_details_by_name_show_where_one_stands(phone: Phone) -> None:
    phone.says("我和老伴报名重阳宴", "活动报名")
    assert "您已报名 2 位" in phone.says("重阳宴什么时候", "活动清单")
    assert "您已报名 2 位" in phone.says("我报名成功没有", "活动清单")


def test_change_and_cancel_right_after(phone: Phone) -> None:
    phone.says("我和老伴报名重阳宴", "活动报名")
    assert "3 位" in phone.says("改成3个人")
    assert "4 位" in phone.says("再加一个人")
    assert "2 位" in phone.says("少两个人")
    assert "已取消重阳宴" in phone.says("不去了")
    assert phone.seats("CYY") == 0
    assert "没有报名" in phone.says("取消报名", "取消报名")


def test_change_days_later(phone: Phone) -> None:
    phone.says("我和老伴报名重阳宴", "活动报名")
    phone.dialog = Dialog()
    assert "3 位" in phone.says("重阳宴改成3个人", "活动报名")
    phone.dialog = Dialog()
    assert "改成几位" in phone.says("我想改一下人数", "活动报名")
    assert "5 位" in phone.says("5")


def test_signing_up_twice_offers_to_change(phone: Phone) -> None:
    phone.says("我和老伴报名重阳宴", "活动报名")
    assert "您已经报了重阳宴，2 位" in phone.says("报名重阳宴", "活动报名")
    phone.dialog = Dialog()
    assert "要改成 3 位吗" in phone.says("重阳宴我们三个人", "活动报名")
    assert phone.seats("CYY") == 2
    assert "现在是 3 位" in phone.says("1")
    phone.dialog = Dialog()
    assert "要改成 5 位吗" in phone.says("重阳宴我们五个人", "活动报名")
    assert "还是 3 位" in phone.says("2")
    assert phone.seats("CYY") == 3


def test_which_of_several_to_cancel(phone: Phone) -> None:
    phone.says("报名重阳宴", "活动报名")
    phone.says("坝坝会算我一个", "活动报名")
    phone.dialog = Dialog()
    assert "您想取消哪一个" in phone.says("我来不了了", "取消报名")
    assert "已取消重阳宴" in phone.says("2")
    phone.dialog = Dialog()
    assert "已取消坝坝会" in phone.says("坝坝会不去了", "取消报名")


def test_cancelling_what_one_never_joined(phone: Phone) -> None:
    phone.says("报名重阳宴", "活动报名")
    phone.dialog = Dialog()
    assert "没有报坝坝会" in phone.says("坝坝会不去了", "取消报名")
    assert phone.seats("CYY") == 1


def test_a_report_is_not_taken_for_an_answer(phone: Phone) -> None:
    phone.says("我和老伴报名重阳宴", "活动报名")
    with pytest.raises(KeyError):  # goes on to the service it was understood as
        phone.says("3栋有5个人在打架", "报事")
    phone.dialog = Dialog("activity.mine", {"code": "CYY"})
    with pytest.raises(AssertionError):
        phone.says("我们楼下有3个人在半夜大声放音响吵得睡不着觉")
    assert phone.seats("CYY") == 2


def test_another_activity_after_a_sign_up(phone: Phone) -> None:
    phone.says("我和老伴报名重阳宴", "活动报名")
    assert "亲子风筝节，3 位" in phone.says("我们三个人报名风筝节", "活动报名")
    assert (phone.seats("CYY"), phone.seats("FZJ")) == (2, 3)


def test_full_means_a_place_in_line_and_an_offer(phone: Phone, neighbour: Callable[[str], Phone]) -> None:
    small(phone.desk)
    wang, zhao = neighbour("mp:wang"), neighbour("mp:zhao")
    phone.says("我们四个人报名面塑课", "活动报名")
    assert "候补第 1 位" in wang.says("我和老伴报名面塑课", "活动报名")
    assert "候补第 2 位" in zhao.says("面塑课算我一个", "活动报名")
    assert "第 2 位" in zhao.says("报名面塑课", "活动报名")
    phone.says("改成2个人")
    (notice,) = phone.pushed()
    assert notice.person == "mp:wang"
    assert "请在今天晚上10:00前" not in notice.text
    assert "回复「要」" in notice.text
    wang.dialog = Dialog()
    assert "定好了：面塑课，2 位" in wang.says("要")
    assert phone.seats("MSK") == 4
    assert phone.pushed() == []


def test_an_offer_turned_down_goes_on(phone: Phone, neighbour: Callable[[str], Phone]) -> None:
    small(phone.desk, 1)
    wang, zhao = neighbour("mp:wang"), neighbour("mp:zhao")
    for one in (phone, wang, zhao):
        one.says("面塑课算我一个", "活动报名")
    phone.says("不去了")
    wang.dialog = zhao.dialog = Dialog()
    assert "让给下一位" in wang.says("不要")
    assert [n.person for n in phone.pushed()] == ["mp:wang", "mp:zhao"]
    assert "定好了" in zhao.says("确认")


def test_too_late_for_the_offer(phone: Phone, neighbour: Callable[[str], Phone]) -> None:
    small(phone.desk, 1)
    wang = neighbour("mp:wang")
    phone.says("面塑课算我一个", "活动报名")
    wang.says("面塑课算我一个", "活动报名")
    phone.says("不去了")
    phone.desk.now = NOW + timedelta(days=1)
    phone.desk.tick_activities(10)
    wang.dialog = Dialog()
    assert "过了时间" in wang.says("要")
    assert [n.dedupe_key.split(":")[2] for n in phone.pushed()] == ["offer", "lapsed"]


def test_yes_without_an_offer_is_none_of_ours(phone: Phone) -> None:
    with pytest.raises(AssertionError):
        phone.says("要")


def test_too_many_and_too_few_seats(phone: Phone) -> None:
    assert "一次最多报 10 位" in phone.says("我们12个人报名重阳宴", "活动报名")
    assert "报好了：重阳宴，10 位" in phone.says("10")
    small(phone.desk, 3, waitlist=False)
    other = Phone(phone.desk, phone.office, "mp:wang")
    other.says("我们两个人报名面塑课", "活动报名")
    third = Phone(phone.desk, phone.office, "mp:zhao")
    answer = third.says("我们两个人报名面塑课", "活动报名")
    assert "只剩 1 个名额" in answer
    assert "报好了" in third.says("1个人")
    fourth = Phone(phone.desk, phone.office, "mp:sun")
    answer = fourth.says("报名面塑课", "活动报名")
    assert "只剩 0 个名额" not in answer
    assert "名额已经满了" in answer
    assert "1 坝坝会" in answer
    assert "面塑课 10月" not in answer


def test_more_people_than_seats_changes_nothing(phone: Phone) -> None:
    small(phone.desk, 3)
    phone.says("我和老伴报名面塑课", "活动报名")
    answer = phone.says("改成5个人")
    assert "一次最多报 3 位" in answer
    assert "还是 2 位" in answer
    other = Phone(phone.desk, phone.office, "mp:wang")
    other.says("面塑课算我一个", "活动报名")
    answer = phone.says("改成3个人")
    assert "名额已经满了" in answer
    assert "还是 2 位" in answer
    other.says("不去了")
    assert "现在是 3 位" in phone.says("改成3个人")


def test_nobody_passes_the_line(phone: Phone, neighbour: Callable[[str], Phone]) -> None:
    small(phone.desk, 4)
    phone.says("我和老伴报名面塑课", "活动报名")
    wang, zhao = neighbour("mp:wang"), neighbour("mp:zhao")
    assert "候补第 1 位" in wang.says("我们三个人报名面塑课", "活动报名")
    assert "候补第 2 位" in zhao.says("面塑课算我一个", "活动报名")
    assert "在候补，暂时不能加人" in phone.says("再加一个人")
    assert phone.seats("MSK") == 2


def test_closed_past_and_unknown_say_what_is_on(phone: Phone) -> None:
    small(phone.desk, 3, closes_at=NOW + timedelta(hours=1))
    phone.desk.now = NOW + timedelta(hours=2)
    answer = phone.says("报名面塑课", "活动报名")
    assert "截止" in answer
    assert "1 坝坝会" in answer
    phone.desk.now = NOW + timedelta(days=6)
    phone.dialog = Dialog()
    assert "已经结束" in phone.says("报名面塑课", "活动报名")
    phone.dialog = Dialog()
    assert "没有找到您说的活动" in phone.says("报名游泳课", "活动报名", activity="游泳课")


def test_nothing_on_at_all(phone: Phone) -> None:
    phone.desk.now = NOW + timedelta(days=60)
    for service in ("活动清单", "活动报名"):
        assert "没有可以报名的活动" in phone.says("最近有什么活动", service)
        phone.dialog = Dialog()


def test_not_open_yet(phone: Phone) -> None:
    small(phone.desk, 3, opens_at=NOW + timedelta(hours=25))
    assert "面塑课还没开始报名，明天上午11:00开始" in phone.says("报名面塑课", "活动报名")


def test_two_of_the_same_name_are_told_apart(phone: Phone) -> None:
    small(phone.desk)
    desk = phone.desk
    stored = desk.activity("MSK")
    assert stored is not None
    later = NOW + timedelta(days=8)
    second = replace(plan_of(stored), code="MSK2", starts_at=later, ends_at=None, closes_at=None)
    desk.create_activity(second)
    assert "哪个活动" in phone.says("我和老伴报名面塑课", "活动报名")
    assert "10月20日" in phone.says("2")
    assert (phone.seats("MSK"), phone.seats("MSK2")) == (0, 2)


def test_called_off_and_moved_reach_everybody_once(phone: Phone, neighbour: Callable[[str], Phone]) -> None:
    small(phone.desk, 2)
    wang = neighbour("mp:wang")
    phone.says("我和老伴报名面塑课", "活动报名")
    wang.says("面塑课算我一个", "活动报名")
    stored = phone.desk.activity("MSK")
    assert stored is not None
    phone.desk.update_activity(replace(plan_of(stored), place="党群服务中心"))
    moved = phone.pushed()
    assert sorted(n.person for n in moved) == ["mp:li", "mp:wang"]
    assert "党群服务中心" in moved[0].text
    phone.desk.cancel_activity("MSK", "老师生病")
    gone = phone.pushed()
    assert sorted(n.person for n in gone) == ["mp:li", "mp:wang"]
    assert "原因：老师生病。" in gone[0].text
    phone.desk.cancel_activity("MSK")
    assert phone.pushed() == []
    assert len({n.dedupe_key for n in moved + gone}) == 4
    phone.dialog = Dialog()
    assert "已经取消" in phone.says("报名面塑课", "活动报名")


def test_the_day_before(phone: Phone) -> None:
    phone.says("我和老伴报名重阳宴", "活动报名")
    phone.desk.now = datetime(2026, 10, 31, 9, 59, 59, tzinfo=UTC)
    phone.desk.tick_activities(10)
    assert phone.pushed() == []
    phone.desk.now += timedelta(seconds=1)
    phone.desk.tick_activities(10)
    (notice,) = phone.pushed()
    assert notice.text.startswith("【提醒】重阳宴：明天上午10:00，社区文化广场，您报了 2 位。\n请带身份证")
    assert notice.not_before is None
    phone.desk.tick_activities(10)
    assert phone.pushed() == []
    group = phone.desk.sign_ups_in("CYY")[0]
    assert group.state is SignUpState.CONFIRMED
    assert notice.dedupe_key == f"activity:CYY:remind:20261101:{group.id}"


def test_a_reminder_after_an_outage_waits_for_the_morning(phone: Phone) -> None:
    phone.says("我和老伴报名重阳宴", "活动报名")
    phone.desk.now = datetime(2026, 10, 31, 17, 0, tzinfo=UTC)  # 01:00 of the day itself
    phone.desk.tick_activities(10)
    (notice,) = phone.pushed()
    assert notice.not_before == datetime(2026, 10, 31, 23, 0, tzinfo=UTC)
    assert "重阳宴：今天上午10:00" in notice.text


def test_every_text_can_be_filled_and_is_short(phone: Phone) -> None:
    phone.says("我和老伴报名重阳宴", "活动报名")
    for words, service in [
        ("重阳宴", "活动清单"),
        ("报名重阳宴", "活动报名"),
        ("重阳宴我们三个人", "活动报名"),
    ]:
        phone.dialog = Dialog()
        answer = phone.says(words, service)
        assert len(answer) <= 200
        assert "\n\n" not in answer
