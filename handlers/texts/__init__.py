"""Every sentence a person may read: our defaults by `area.moment`, and the community's own wording over them."""

from collections.abc import Iterator, Mapping
from string import Formatter

from handlers.texts import activity, alarm, casework, common, fund, place, ticket, worker

DEFAULTS: dict[str, str] = {
    **common.TEXTS,
    **ticket.TEXTS,
    **worker.TEXTS,
    **casework.TEXTS,
    **fund.TEXTS,
    **activity.TEXTS,
    **place.TEXTS,
    **alarm.TEXTS,
}


def places_in(text: str) -> set[str]:
    """The named places of a text: `places_in("编号 {编号}") == {"编号"}`.

    Raises:
        ValueError: a brace is not closed, or a place has no name.
    """
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


class Texts(Mapping[str, str]):
    """The defaults with the community's wording laid over them; `say` fills the places.

    A wording may use only the places that the default text of the same key offers, so a handler can never meet a
    place it does not fill: `bot.config` checks that with `misfits` and tells the admin the line.
    """

    def __init__(self, wording: Mapping[str, str] | None = None) -> None:
        self._texts = {**DEFAULTS, **(wording or {})}

    def __getitem__(self, key: str) -> str:
        return self._texts[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._texts)

    def __len__(self) -> int:
        return len(self._texts)

    def say(self, key: str, **places: object) -> str:
        """The text of `key` with its places filled; a place left unfilled is a bug and raises KeyError."""
        return self._texts[key].format(**places).strip()


def misfits(key: str, text: str) -> set[str]:
    """The places of an admin's wording that the handler does not offer."""
    return places_in(text) - OFFERED.get(key, places_in(DEFAULTS[key]))


# Texts that may use more places than their default wording does.
OFFERED: dict[str, set[str]] = {
    **common.OFFERED,
    **ticket.OFFERED,
    **worker.OFFERED,
    **casework.OFFERED,
    **fund.OFFERED,
    **activity.OFFERED,
    **place.OFFERED,
    **alarm.OFFERED,
}
