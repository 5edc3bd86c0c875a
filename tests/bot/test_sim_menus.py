"""The menu made by hand opens what the shipped configuration has."""

from pathlib import Path

from bot.config import load_config
from bot.sim.menus import BY_HAND, check


def test_keys_are_intents_of_the_shipped_configuration() -> None:
    known = {intent.ident for intent in load_config(Path(__file__).parents[2] / "config.yaml").nlp.intents}
    leaves = [leaf for button in BY_HAND for leaf in (button.get("sub_button") or [button])]
    assert {leaf["key"] for leaf in leaves} <= known


def test_the_platform_would_take_it() -> None:
    assert check({"button": BY_HAND}) == BY_HAND
