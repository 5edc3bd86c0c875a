"""值班时间, 按 and 另行规定 as admins write them, and the slips they make, each told with its line."""

import re
from datetime import date, timedelta

import pytest

from bot.config import changes
from models.rules import HOUR, MINUTE
from tests.bot.test_config import GOOD, bad, good, line_of

DUTY = """\
值班时间:
  周一至周五: [09:00-12:00, 14:00-18:00]
  周六: 9:00～12:00
  节假日: 休息
  另定:
    2026-12-31: 休息
    2027-01-02至2027-01-03: 10:00-11:00
    2027/1/4: 当周六
    2027-01-05: 上班

"""
ON_DUTY = (GOOD.replace("办结: {限: 1天, 从: 受理}", "办结: {限: 7小时, 从: 受理, 按: 值班时间}")).replace(
    "时限:\n", DUTY + "时限:\n"
)
POLICIES = """\
  另行规定:
    - {紧急: [紧急, 加急], 到场: 30分钟}
    - 小区: 槐树苑
      类型: [咨询, 建议]
      办结: {限: 21小时, 按: 值班时间, 逐级上报: 1小时}
    - {类型: 咨询, 办结: 3小时}
"""


def with_policies(policies: str) -> str:
    return ON_DUTY.replace("  夜间不提醒:", policies + "  夜间不提醒:")


def test_working_hours_are_read() -> None:
    duty = good(ON_DUTY).rules.sla.duty
    assert duty is not None and duty.holidays
    office = ((32400, 43200), (50400, 64800))
    assert duty.week == (office,) * 5 + (((32400, 43200),), ())
    assert duty.days == (
        (date(2026, 12, 31), ()),
        (date(2027, 1, 2), ((36000, 39600),)),
        (date(2027, 1, 3), ((36000, 39600),)),
        (date(2027, 1, 4), ((32400, 43200),)),
        (date(2027, 1, 5), office),
    )
    sla = good(ON_DUTY).rules.sla
    assert (sla.close.calendar, sla.close.limit, sla.onsite.calendar) == ("duty", 7 * HOUR, "natural")
    assert sla.uses_duty
    assert not good(ON_DUTY.replace("节假日: 休息", "节假日: 照常")).rules.sla.uses_duty


def test_other_ways_to_name_the_days() -> None:
    duty = good(
        re.sub(
            r"  周一至周五: .*\n  周六: .*\n",
            "  工作日: 09:00-12:00\n  周末: [星期, 休息]\n".replace("[星期, 休息]", "休息"),
            ON_DUTY,
        ).replace("当周六", "当星期五")
    ).rules.sla.duty
    assert duty is not None and duty.week == (((32400, 43200),),) * 5 + ((), ())
    everyday = good(
        re.sub(r"  周一至周五: .*\n  周六: .*\n", "  每天: [00:00-24:00]\n", ON_DUTY)
    ).rules.sla.duty
    assert everyday is not None and everyday.week == (((0, 86400),),) * 7


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("09:00-12:00, 14:00-18:00", "9点到12点", "请写成「09:00-12:00」"),
        ("09:00-12:00, 14:00-18:00", "12:00-09:00", "要从早写到晚"),
        ("09:00-12:00, 14:00-18:00", "09:00-12:70", "00:00 到 24:00"),
        ("09:00-12:00, 14:00-18:00", "09:00-15:00, 14:00-18:00", "重叠"),
        ("周六:", "周五:", "周五写了两次"),
        ("周六:", "礼拜六:", "请写「周一」「周一至周五」"),
        ("周一至周五:", "周五至周一:", "前后颠倒"),
        ("节假日: 休息", "节假日: 不算", "「休息」"),
        ("2026-12-31: 休息", "12月31日: 休息", "请写日期"),
        ("2026-12-31: 休息", "2026-02-30: 休息", "请写日期"),
        ("2026-12-31: 休息", "2027-01-05: 休息", "写了两次"),
        ("2027-01-02至2027-01-03", "2027-01-03至2027-01-02", "从早写到晚"),
        ("2027-01-02至2027-01-03", "2027-01-06至2029-01-03", "最多一年"),
        ("当周六", "当周八", "请写成"),
    ],
)
def test_a_slip_in_the_hours_is_told_with_its_line(before: str, after: str, said: str) -> None:
    text = ON_DUTY.replace(before, after, 1)
    found = [mistake for mistake in bad(text) if said in mistake.what]
    assert found, [mistake.what for mistake in bad(text)]
    lines = {number for number, line in enumerate(text.splitlines(), start=1) if after in line}
    assert found[0].line in lines or text.count("2027-01-05") > 1


def test_hours_that_never_come_are_refused() -> None:
    """A policy with a calendar that never works would count for ever."""
    never = re.sub(r"  周一至周五: .*\n  周六: .*\n", "  每天: 休息\n", ON_DUTY)
    for text in (
        re.sub(r"  另定:\n(    .*\n)+", "", never),
        re.sub(r"  周一至周五: .*\n  周六: .*\n", "", re.sub(r"  另定:\n(    .*\n)+", "", ON_DUTY)),
    ):
        (mistake,) = bad(text)
        assert "没有一天有人值班" in mistake.what and mistake.line == line_of(text, "值班时间:\n")
    # Days that work, but then no more.
    assert any(
        "没有一天" in mistake.what for mistake in bad(never.replace("当周六", "休息").replace("上班", "休息"))
    )
    shut = "    2027-02-01至2027-12-31: 休息\n    2028-01-01至2028-12-31: 休息\n"
    assert any(
        "没有一天" in mistake.what
        for mistake in bad(ON_DUTY.replace("    2026-12-31", shut + "    2026-12-31"))
    )


def test_a_stage_on_duty_without_hours_is_refused_where_it_says_so() -> None:
    text = ON_DUTY.replace(DUTY, "")
    (mistake,) = bad(text)
    assert "要先写一段「值班时间」" in mistake.what and mistake.line == line_of(text, "按: 值班时间")
    assert "自然时间、值班时间" in bad(ON_DUTY.replace("按: 值班时间", "按: 工作时间"))[0].what


def test_policies_are_read_and_inherit_what_they_do_not_say() -> None:
    sla = good(with_policies(POLICIES)).rules.sla
    urgent, estate, desk = sla.policies
    assert urgent.urgencies == ("emergency", "urgent")
    onsite = sla.stage("onsite", type="field", urgency="emergency", estate="")
    assert (onsite.limit, onsite.start, onsite.before) == (30 * MINUTE, "accepted", (15 * MINUTE,))
    assert onsite.ladder == sla.onsite.ladder
    close = sla.stage("close", type="deliberate", urgency="normal", estate="槐树苑")
    assert (close.limit, close.calendar, close.ladder) == (21 * HOUR, "duty", (HOUR,))
    assert sla.stage("close", type="desk", urgency="normal", estate="桂花苑").calendar == "duty"
    assert sla.stage("close", type="field", urgency="normal", estate="槐树苑") == sla.close
    assert (estate.types, desk.types) == (("desk", "deliberate"), ("desk",))


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        ("    - {到场: 30分钟}\n", "请写明管哪些报事"),
        ("    - {紧急: 紧急}\n", "没有写改哪个时限"),
        ("    - {紧急: 很急, 到场: 30分钟}\n", "紧急、加急、普通"),
        ("    - {类型: 投诉, 到场: 30分钟}\n", "上门、咨询、建议"),
        ("    - {紧急: 紧急, 到场: 一会儿}\n", "请写成「10分钟」"),
        ("    - {紧急: 紧急, 到场: {限: 30分钟, 从: 办结}}\n", "只能从"),
        ("    - {紧急: 紧急, 到场: {限: 10分钟, 提前提醒: 15分钟}}\n", "小于时限"),
        ("    - {紧急: 紧急, 到厂: 30分钟}\n", "到场"),
    ],
)
def test_a_slip_in_a_policy_is_told_with_its_line(policy: str, said: str) -> None:
    text = with_policies("  另行规定:\n" + policy)
    found = [mistake for mistake in bad(text) if said in mistake.what]
    assert found, [mistake.what for mistake in bad(text)]
    assert abs(found[0].line - line_of(text, policy)) <= 1


def test_a_policy_that_is_never_reached_is_told() -> None:
    text = with_policies(
        "  另行规定:\n    - {类型: 咨询, 办结: 3小时}\n    - {类型: 咨询, 紧急: 加急, 办结: 1小时}\n"
    )
    (mistake,) = bad(text)
    assert "前面第 1 条" in mistake.what and mistake.line == line_of(text, "{类型: 咨询, 紧急")
    good(
        with_policies(
            "  另行规定:\n    - {类型: 咨询, 紧急: 加急, 办结: 1小时}\n    - {类型: 咨询, 办结: 3小时}\n"
        )
    )


def test_what_an_admin_may_not_have_meant_is_said() -> None:
    remarks = " ".join(good(with_policies(POLICIES).replace("限: 21小时", "限: 1天")).remarks)
    assert "1天就是 24 个小时的值班时间" in remarks
    assert "小区「槐树苑」没有写在「网格」的「范围」里" in remarks


def test_what_changed_is_said() -> None:
    assert changes(good(), good(ON_DUTY)) == "时限：办结 1天 → 7小时，值班时间"
    natural = good(ON_DUTY.replace(", 按: 值班时间", ""))
    assert changes(natural, good(ON_DUTY)) == "时限：办结改按值班时间"
    assert changes(good(ON_DUTY), good(with_policies(POLICIES))) == "时限：另行规定"


def test_the_policy_version_is_that_of_the_deadlines_alone() -> None:
    """(e): quiet hours and the calendar do not make another policy; a limit does."""
    version = good(ON_DUTY).rules.sla.version
    assert (
        good(ON_DUTY.replace("22:00-07:00", "不设").replace("10:00-11:00", "休息")).rules.sla.version
        == version
    )
    assert good(ON_DUTY.replace("限: 7小时", "限: 8小时")).rules.sla.version != version
    assert good(ON_DUTY).rules.sla.close.limit == timedelta(hours=7)
