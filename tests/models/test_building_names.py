"""A building's name in the configuration and a building in a resident's words become the same number."""

import pytest

from handlers.ticket_words import places
from models.desk.places import split_building


@pytest.mark.parametrize(
    ("name", "slots"),
    [
        ("3栋", {"building": "3"}),
        ("A3栋", {"building": "a3"}),
        ("A区3栋", {"zone": "A", "building": "3"}),
        ("槐树苑东区12栋", {"zone": "东", "building": "12", "estate": "槐树苑"}),
        ("二期3栋", {"zone": "2期", "building": "3"}),
        ("1区2栋", {"zone": "1", "building": "2"}),
    ],
)
def test_the_same_building_said_and_configured(name: str, slots: dict[str, str]) -> None:
    estate, no = split_building(name)
    found = places(slots)
    assert (found.get("estate", ""), found["building"]) == (estate, no)


def test_building_2_of_zone_1_is_not_building_12() -> None:
    assert split_building("1区2栋") != split_building("12栋")
