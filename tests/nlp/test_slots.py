"""Places, numbers and moments in a sentence."""

import json
from datetime import datetime

import pytest
from samples import NOW, rows

from nlp.normalise import normalise
from nlp.slots import LOCAL, slots

ADDRESS = ("building", "unit", "room", "floor", "zone", "phone")


def found(text: str, *, past: bool = False, **more: list[str]) -> dict[str, str]:
    return slots(normalise(text), NOW, past=past, **more)


@pytest.mark.parametrize("row", rows("addresses_dev.tsv"), ids=lambda row: row["text"])
def test_address_samples(row: dict[str, str]) -> None:
    place = {key: value for key, value in found(row["text"]).items() if key in ADDRESS and key != "phone"}
    assert place == json.loads(row["gold"])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("我家住12-2-501", {"building": "12", "unit": "2", "room": "501"}),
        ("14-602漏水", {"building": "14", "room": "602"}),
        ("三号楼二十三层", {"building": "3", "floor": "23"}),
        ("5栋3楼2号", {"building": "5", "floor": "3", "room": "2"}),
        ("2栋1502水管爆了", {"building": "2", "room": "1502"}),
        ("A座1203", {"building": "A", "room": "1203"}),
        ("3#楼2单元", {"building": "3", "unit": "2"}),
        ("负一楼车库积水", {"floor": "-1"}),
        ("保利二期5号楼", {"zone": "2期", "building": "5"}),
        ("成华区的路灯坏了", {}),
        ("2024-11-20", {}),
        ("13912345678", {"phone": "13912345678"}),
        ("打我电话 139 1234 5678", {"phone": "13912345678"}),
        ("座机028-86512345", {"phone": "02886512345"}),
        ("幺三九一二三四五六七八", {"phone": "13912345678"}),
        ("交了1200元", {}),
    ],
)
def test_places_and_phones(text: str, expected: dict[str, str]) -> None:
    assert {key: value for key, value in found(text).items() if key in ADDRESS} == expected


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("小区北门的路灯坏了", "小区北门"),
        ("槐树苑三栋门口漏水", "槐树苑3栋门口"),
        ("3栋2单元楼道灯坏了", "3栋2单元楼道"),
        ("路灯坏了", None),
    ],
)
def test_the_words_that_name_a_place(text: str, place: str | None) -> None:
    assert found(text, estates=["槐树苑"]).get("place") == place


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("我和老伴报名重阳宴", "2"),
        ("一家三口报名", "3"),
        ("我们五个人都去", "5"),
        ("两大一小", "3"),
        ("2个大人1个小孩", "3"),
        ("帮我和邻居陈嬢嬢占两个名额", "2"),
        ("我和我老公还有娃", "3"),
        ("我和爸妈", "3"),
        ("我和两个朋友", "3"),
        ("我们俩都去", "2"),
        ("帮我妈报个名", "1"),
        ("给爷爷奶奶报名", "2"),
        ("算我一个", "1"),
        ("写我名字，刘建国", "1"),
        ("我要报名", None),
        ("路灯坏了", None),
        ("报个太极拳班", None),
    ],
)
def test_people(text: str, count: str | None) -> None:
    assert found(text).get("people") == count


@pytest.mark.parametrize(
    ("text", "ticket"),
    [
        ("进度 261012-W01-0003", "261012-W01-0003"),
        ("261012w010003怎么样了", "261012-W01-0003"),
        ("进度0003", "0003"),
        ("补充 0003 是晚上漏", "0003"),
        ("查单 WG-3312", "WG-3312"),
        ("0003", "0003"),
        ("取消3栋的报修", None),
        ("捐500元", None),
    ],
)
def test_ticket_numbers(text: str, ticket: str | None) -> None:
    assert found(text).get("ticket") == ticket


@pytest.mark.parametrize(
    ("text", "fen"),
    [
        ("愿意出500块", "50000"),
        ("捐一千", "100000"),
        ("3块5", "350"),
        ("12.5元", "1250"),
        ("三万元", "3000000"),
        ("5块地砖烂了", None),
    ],
)
def test_money(text: str, fen: str | None) -> None:
    assert found(text).get("amount_fen") == fen


def test_an_activity_is_known_by_its_name_or_a_part_of_it() -> None:
    names = ["槐树苑重阳宴", "中秋晚会", "社区茶艺课"]
    assert found("报名重阳宴", activities=names)["activity"] == "槐树苑重阳宴"
    assert found("茶艺课我来", activities=names)["activity"] == "社区茶艺课"
    assert "activity" not in found("社区有啥活动", activities=names)


@pytest.mark.parametrize("row", rows("time_expressions_dev.tsv"), ids=lambda row: row["text"])
def test_time_samples(row: dict[str, str]) -> None:
    base = datetime.strptime(row["base"], "%Y-%m-%d %H:%M").replace(tzinfo=LOCAL)
    read = slots(normalise(row["text"]), base)
    assert (read.get("date", ""), read.get("time", "")) == (row["gold_date"], row["gold_time"])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("明早8点", {"date": "2026-10-13", "time": "08:00"}),
        ("下周三下午", {"date": "2026-10-21"}),
        ("周五下午两点到四点", {"date": "2026-10-16", "time": "14:00", "time_to": "16:00"}),
        ("明天下午三点一刻", {"date": "2026-10-13", "time": "15:15"}),
        ("月底", {"date": "2026-10-31"}),
        ("11.23上午10点", {"date": "2026-11-23", "time": "10:00"}),
        ("重阳节那天", {"date": "2026-10-18"}),
        ("正月十五", {"date": "2027-02-20"}),
        ("八月十五", {"date": "2027-09-15"}),
        ("除夕", {"date": "2027-02-05"}),
        ("清明节", {"date": "2027-04-05"}),
        ("这周末", {"date": "2026-10-17", "date_to": "2026-10-18"}),
        ("三天后", {"date": "2026-10-15"}),
        ("半小时后", {"date": "2026-10-12", "time": "10:30"}),
        ("晚上七点半", {"time": "19:30"}),
        ("中午12点", {"time": "12:00"}),
        ("9月1号到5号", {"date": "2027-09-01", "date_to": "2027-09-05"}),
        ("3号楼漏水", {}),
        ("有一点漏", {}),
        ("报名重阳宴", {}),
        ("等了三个小时了", {}),
    ],
)
def test_dates_ahead(text: str, expected: dict[str, str]) -> None:
    moments = {"date", "date_to", "time", "time_to", "month"}
    assert {key: value for key, value in found(text).items() if key in moments} == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("上个月", {"month": "2026-09"}),
        ("9月花了多少", {"month": "2026-09"}),
        ("12月份", {"month": "2025-12"}),
        ("本月", {"month": "2026-10"}),
        ("去年", {"date": "2025-01-01", "date_to": "2025-12-31"}),
        ("上季度", {"date": "2026-07-01", "date_to": "2026-09-30"}),
        ("上半年", {"date": "2026-01-01", "date_to": "2026-06-30"}),
        ("去年9月", {"month": "2025-09"}),
        ("国庆节", {"date": "2026-10-01"}),
        ("周五", {"date": "2026-10-09", "date_or": "2026-10-16"}),
    ],
)
def test_dates_that_look_back(text: str, expected: dict[str, str]) -> None:
    assert found(text, past=True) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("12栋3单元7楼2号", "12/3/2/7"),
        ("6幢1402", "6//1402/"),
        ("我住5-3-1101", "5/3/1101/"),
        ("二十六栋二单元十八楼", "26/2//18"),
        ("3号楼1单元五零二室", "3/1/502/"),
        ("B栋1203室", "B//1203/"),
        ("七号楼", "7///"),
        ("在2单元门口", "/2//"),
        ("3座16楼D", "3///16"),
        ("11-1-9", "///"),
        ("10号楼2-1503", "10/2/1503/"),
        ("北区5栋", "5///"),
        ("1栋底楼", "1///"),
        ("二期8栋2单元803", "8/2/803/"),
        ("东苑12号楼三单元", "12/3//"),
        ("8栋8楼803", "8//803/8"),
        ("楼下302", "//302/"),
        ("三栋二单元门口", "3/2//"),
        ("阳光小区15栋4单元2003", "15/4/2003/"),
    ],
)
def test_addresses_as_building_unit_room_floor(text: str, expected: str) -> None:
    read = found(text)
    assert "/".join(read.get(name, "") for name in ("building", "unit", "room", "floor")) == expected


@pytest.mark.parametrize(
    ("text", "day", "clock"),
    [
        ("大后天早上九点", "2026-10-15", "09:00"),
        ("这周五下午3点半", "2026-10-16", "15:30"),
        ("下下周二", "2026-10-27", ""),
        ("15号晚上8点", "2026-10-15", "20:00"),
        ("11月3日", "2026-11-03", ""),
        ("两天前", "2026-10-10", ""),
        ("上周日", "2026-10-11", ""),
        ("明晚7点", "2026-10-13", "19:00"),
        ("十一月十一号", "2026-11-11", ""),
        ("中秋节", "2027-09-15", ""),
        ("后天中午", "2026-10-14", ""),
        ("前天晚上十点", "2026-10-10", "22:00"),
        ("今天下午四点", "2026-10-12", "16:00"),
        ("周日早上7:30", "2026-10-18", "07:30"),
        ("20分钟后", "2026-10-12", "10:20"),
        ("下个月1号", "2026-11-01", ""),
        ("月初", "2026-11-01", ""),
        ("三月八号", "2027-03-08", ""),
        ("冬至", "2026-12-22", ""),
        ("礼拜天上午10点半", "2026-10-18", "10:30"),
        ("正月初一", "2027-02-06", ""),
        ("五一", "2027-05-01", ""),
        ("昨天半夜", "2026-10-11", ""),
        ("今晚十二点", "2026-10-13", "00:00"),
        ("上午八点四十", "", "08:40"),
        ("十点一刻", "", "10:15"),
        ("一周后", "2026-10-19", ""),
        ("半个月后", "2026-10-27", ""),
        ("下午2点到5点", "", "14:00"),
        ("周三", "2026-10-14", ""),
        ("10月20日下午两点", "2026-10-20", "14:00"),
        ("2026年12月1日", "2026-12-01", ""),
        ("刚刚", "2026-10-12", "10:00"),
        ("前几天", "", ""),
        ("九点五十", "", "09:50"),
        ("明天一早", "2026-10-13", ""),
        ("傍晚六点", "", "18:00"),
        ("三个月前", "2026-07-12", ""),
    ],
)
def test_day_and_clock(text: str, day: str, clock: str) -> None:
    read = found(text)
    assert (read.get("date", ""), read.get("time", "")) == (day, clock)
