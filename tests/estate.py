"""Files of a made-up estate for tests: 1,143 households and 2,534 residents, the size of a real resettlement estate."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from models.database import session_on
from models.desk import Desk
from models.desk.households import CODE_KIND, CODE_VALID
from models.person import HouseholdCode
from models.place_import import import_places
from models.rules import GridRule, Rules, WorkerRule
from models.vault import Vault
from tests.talk import Talk

HOUSEHOLDS, RESIDENTS = 1143, 2534
PLACE_HEADER = ("小区", "楼栋", "单元", "房号", "面积", "状态", "微网格", "微网格名称", "网格", "网格名称")
PEOPLE_HEADER = ("姓名", "电话", "小区", "楼栋", "单元", "房号", "关系", "户代表")
SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
GIVEN = ("秀英", "建国", "丽华", "志强", "桂兰", "明", "小红", "国庆", "玉梅", "勇")

RULES = Rules(
    grids=(
        GridRule(code="W01", name="一网格", buildings=("1栋", "2栋"), worker="a", backup="b", lead="l"),
        GridRule(code="W02", name="二网格", buildings=("3栋",), worker="c"),
    ),
    workers=(WorkerRule(userid="a", name="阿甲"), WorkerRule(userid="b", name="阿乙")),
    community_desk=("d",),
)


def doors() -> list[tuple[str, str, str, str]]:
    """(estate, building, unit, room) of every household: two estates that both have a 4栋."""
    found = [
        (estate, str(building), str(unit), f"{floor}{door:02d}")
        for estate, first, last in (("鸿运小区", 4, 12), ("桂花苑", 4, 10))
        for building in range(first, last + 1)
        for unit in (1, 2, 3)
        for floor in range(1, 7)
        for door in (1, 2, 3, 4)
    ]
    assert len(found) >= HOUSEHOLDS
    return found[:HOUSEHOLDS]


def place_table() -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for at, (estate, building, unit, room) in enumerate(doors()):
        code = f"{'H' if estate == '鸿运小区' else 'G'}{int(building):02d}"
        general = ("G1", "鸿运网格") if estate == "鸿运小区" else ("G2", "桂花网格")
        area, status = f"{60 + at % 70}.{at % 10}", ("自住", "出租", "空置")[at % 3]
        door = (f"{building}栋", f"{unit}单元", f"{room}室")
        rows.append((estate, *door, area, status, code, f"{estate}{building}栋", *general))
    return rows


def people_table() -> list[tuple[str, ...]]:
    homes = doors()
    rows: list[tuple[str, ...]] = []
    for at in range(RESIDENTS):
        estate, building, unit, room = homes[at % HOUSEHOLDS]
        member = at // HOUSEHOLDS
        name = SURNAMES[at % 20] + GIVEN[(at // 7 + member) % 10]
        rows.append(
            (
                name,
                f"139{at:08d}",
                estate,
                building,
                unit,
                room,
                ("业主", "家人", "租客")[member],
                "是" if member == 0 else "",
            )
        )
    return rows


def written(
    path: Path, header: Sequence[str], rows: Sequence[Sequence[str]], encoding: str = "utf-8"
) -> Path:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(header)
    writer.writerows(rows)
    path.write_text(text.getvalue(), encoding=encoding)
    return path


def settle(talk: Talk, estate: str, building: str, unit: str, room: str, *codes: str) -> None:
    """One household of a talk's community, with codes on paper that are known beforehand."""
    state, settings = talk.service.state, talk.service.settings
    vault = Vault(settings.secret_key.get_secret_value())
    row = (estate, f"{building}栋", f"{unit}单元" if unit else "", room)
    file = written(settings.home / "door.csv", PLACE_HEADER[:4], [row])
    with talk.database.write() as connection:
        session = session_on(connection)
        desk = Desk(session, community_id=state.community_id, now=talk.clock.at, rules=state.rules)
        import_places(desk, file)
        home = next(
            home for home in desk.homes() if (home.building, home.unit, home.room) == (building, unit, room)
        )
        session.add_all(
            HouseholdCode(
                community_id=state.community_id,
                household_id=home.household_id,
                code_print=vault.fingerprint(CODE_KIND, code),
                issued_at=desk.now,
                expires_at=desk.now + CODE_VALID,
            )
            for code in codes
        )
        session.flush()
