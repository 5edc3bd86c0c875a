"""Doors, areas and phones as people write them, and phones that lie sealed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.door_cells import arabic, area_of, building_of, grid_code_of, room_of, unit_of
from models.ledger_cells import BadCell
from models.person_rows import masked, phone_of
from models.vault import Vault
from nlp.places import places


@pytest.mark.parametrize(
    ("how", "words", "number"),
    [
        (building_of, "3", "3"),
        (building_of, "3栋", "3"),
        (building_of, "三号楼", "3"),
        (building_of, "十二幢", "12"),
        (building_of, "二十一栋", "21"),
        (building_of, "A区3栋", "A3"),
        (building_of, "3a栋", "3A"),
        (building_of, "B座", "B"),
        (unit_of, "2单元", "2"),
        (unit_of, "二单元", "2"),
        (unit_of, "甲单元", "1"),
        (unit_of, "02", "2"),
        (room_of, "501室", "501"),
        (room_of, "5-1号", "5-1"),
        (room_of, "负101", "负101"),
        (area_of, "89.5", 8950),
        (area_of, "1,089.05㎡", 108905),
        (area_of, "76 平方米", 7600),
        (grid_code_of, "w01", "W01"),
        (phone_of, "139 0000 0001", "13900000001"),
        (phone_of, "+86-139-0000-0001", "13900000001"),
        (phone_of, "028-88880000", "02888880000"),
        (phone_of, "139****0001", ""),
    ],
)
def test_a_cell_as_it_is_written(how: object, words: str, number: object) -> None:
    assert how(words) == number  # type: ignore[operator]


@pytest.mark.parametrize(
    ("how", "words"),
    [
        (building_of, "综合楼"), (building_of, "槐树苑3栋"), (unit_of, "3栋2单元"), (room_of, "3栋501"), (room_of, "五楼"),
        (area_of, "0"), (area_of, "89.555"), (area_of, "-3"), (area_of, "大"), (grid_code_of, "网格一"),
        (phone_of, "1390000000"), (phone_of, "没有"), (phone_of, "12345678901"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused(how: object, words: str) -> None:
    with pytest.raises(BadCell, match="「"):
        how(words)  # type: ignore[operator]


@given(st.integers(1, 99), st.integers(1, 9))
def test_a_door_in_a_file_is_the_door_that_a_resident_says(building: int, unit: int) -> None:
    said = places(f"{building}栋{unit}单元")
    assert (building_of(f"{building}栋"), unit_of(f"{unit}单元")) == (said["building"], said["unit"])
    numeral = (
        ("" if building < 20 else "零一二三四五六七八九"[building // 10]) + "十" if building > 9 else ""
    ) + ("一二三四五六七八九"[building % 10 - 1] if building % 10 else "")
    assert arabic(f"{numeral}栋") == f"{building}栋"


def test_a_phone_opens_with_its_own_key_alone() -> None:
    vault, other = Vault("one secret of the operator"), Vault("another secret")
    sealed = vault.seal("13900000001")
    assert "1390" not in sealed and sealed != vault.seal("13900000001")
    assert vault.reveal(sealed) == "13900000001"
    assert Vault("one secret of the operator").reveal(sealed) == "13900000001"
    assert other.reveal(sealed) is None
    assert (vault.seal(""), vault.reveal(""), vault.fingerprint("phone", "")) == ("", "", "")
    prints = {v.fingerprint(kind, "13900000001") for v in (vault, other) for kind in ("phone", "code")}
    assert len(prints) == 4
    assert masked("13900000001") == "139****0001" and masked("02888880000") == "028****0000"


def test_without_a_key_nothing_is_sealed() -> None:
    for refuse in (
        lambda: Vault().seal("1"),
        lambda: Vault().fingerprint("phone", "1"),
        lambda: Vault().reveal("x"),
    ):
        with pytest.raises(RuntimeError):
            refuse()
