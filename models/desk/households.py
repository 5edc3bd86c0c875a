"""The Desk's part for households: who lives where, and codes on paper that bind a resident to his."""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import insert, update
from sqlmodel import col, select

from models.desk.base import DeskBase
from models.errors import DomainError
from models.person import Binding, ChannelIdentity, HouseholdCode, Person, Relation, VerifiedBy
from models.place import Building, Household, Unit
from models.vault import Vault

CODE_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # without 0, O, 1, I, which look alike on paper
CODE_LENGTH = 6
CODE_KIND = "household-code"
CODE_VALID = timedelta(days=180)
MAX_MISSES = 5
MISSES_FORGIVEN = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Home:
    """A household as people say it."""

    household_id: int
    estate: str
    building: str
    unit: str
    room: str


@dataclass(frozen=True, slots=True)
class PaperCode:
    """A code in the clear: it exists only here, on its way to the paper."""

    home: Home
    code: str


class HouseholdDesk(DeskBase):
    """Households, bindings, codes."""

    def homes(self, estate: str = "", building: str = "") -> list[Home]:
        """All households, or those of an estate or a building, in the order of their doors."""
        query = (
            select(Household, Unit, Building)
            .join(Unit, col(Unit.id) == col(Household.unit_id))
            .join(Building, col(Building.id) == col(Unit.building_id))
            .where(Household.community_id == self.community_id)
        )
        if estate:
            query = query.where(Building.estate == estate)
        if building:
            query = query.where(Building.no == building)
        found = [_home(*row) for row in self.session.exec(query).all()]
        return sorted(found, key=_door)

    def homes_of(self, person_key: str) -> list[Home]:
        """The households that whoever writes from this account is bound to."""
        rows = self.session.exec(
            select(Household, Unit, Building)
            .join(Unit, col(Unit.id) == col(Household.unit_id))
            .join(Building, col(Building.id) == col(Unit.building_id))
            .join(Binding, col(Binding.household_id) == col(Household.id))
            .join(ChannelIdentity, col(ChannelIdentity.person_id) == col(Binding.person_id))
            .where(
                ChannelIdentity.community_id == self.community_id,
                ChannelIdentity.person_key == person_key,
                col(Binding.valid_to).is_(None) | (col(Binding.valid_to) > self.now),
            )
            .order_by(col(Binding.id))
        ).all()
        return [_home(*row) for row in rows]

    def issue_codes(
        self, homes: Sequence[Home], vault: Vault, *, each: int = 1, again: bool = False
    ) -> list[PaperCode]:
        """New codes for these households; one that still has unused codes is left out unless `again` voids them."""
        now, live = self.now, self._with_live_codes()
        wanted = [home for home in homes if again or home.household_id not in live]
        if again and wanted:
            self.session.execute(
                update(HouseholdCode)
                .where(
                    col(HouseholdCode.household_id).in_([home.household_id for home in wanted]),
                    col(HouseholdCode.used_at).is_(None),
                    col(HouseholdCode.expires_at) > now,
                )
                .values(expires_at=now)
            )
        codes = [PaperCode(home, code) for home in wanted for code in _codes(each)]
        rows = [
            {
                "community_id": self.community_id,
                "household_id": one.home.household_id,
                "code_print": vault.fingerprint(CODE_KIND, one.code),
                "issued_at": now,
                "expires_at": now + CODE_VALID,
                "used_by": "",
            }
            for one in codes
        ]
        if rows:
            self.session.execute(insert(HouseholdCode), rows)
        return codes

    def _with_live_codes(self) -> set[int]:
        return set(
            self.session.exec(
                select(HouseholdCode.household_id).where(
                    HouseholdCode.community_id == self.community_id,
                    col(HouseholdCode.used_at).is_(None),
                    col(HouseholdCode.expires_at) > self.now,
                )
            ).all()
        )

    def home_of_code(self, person_key: str, code_print: str) -> Home | None:
        """The household a code on paper belongs to; None when there is no such code, which counts against the asker.

        Raises:
            DomainError: `home.too_many`, after five wrong codes within a day.
        """
        identity = self._identity(person_key)
        if identity.missed_at is not None and self.now - identity.missed_at > MISSES_FORGIVEN:
            identity.code_misses = 0
        if identity.code_misses >= MAX_MISSES:
            raise DomainError("home.too_many")
        code = self._live_code(code_print)
        if code is None:
            identity.code_misses += 1
            identity.missed_at = self.now
            self.session.flush()
            return None
        return self._home_by_id(code.household_id)

    def bind(self, person_key: str, code_print: str, relation: Relation, name: str = "") -> Home:
        """Use the code up and bind whoever writes from this account to its household.

        A member of the household on the community's list who has just this name is that person, unless another
        account is his already; otherwise somebody new is written down.

        Raises:
            DomainError: `home.code_gone`, somebody else was quicker; `home.already`.
        """
        code = self._live_code(code_print)
        if code is None:
            raise DomainError("home.code_gone")
        home = self._home_by_id(code.household_id)
        identity = self._identity(person_key)
        if any(one.household_id == home.household_id for one in self.homes_of(person_key)):
            raise DomainError("home.already")
        code.used_at, code.used_by = self.now, person_key
        known = self._listed(home.household_id, name) if identity.person_id is None else None
        if identity.person_id is None:
            identity.person_id = known or self._new_person(name)
            identity.bound_at = self.now
        identity.code_misses = 0
        if known is None:
            self.session.add(
                Binding(
                    community_id=self.community_id,
                    person_id=identity.person_id,
                    household_id=home.household_id,
                    relation=relation,
                    verified_by=VerifiedBy.CODE,
                    valid_from=self.now,
                )
            )
        self.session.flush()
        return home

    def unbind(self, person_key: str, household_id: int) -> bool:
        """End the binding of whoever writes from this account to a household; False when there was none."""
        identity = self._identity(person_key)
        rows = self.session.exec(
            select(Binding).where(
                Binding.community_id == self.community_id,
                Binding.person_id == identity.person_id,
                Binding.household_id == household_id,
                col(Binding.valid_to).is_(None) | (col(Binding.valid_to) > self.now),
            )
        ).all()
        for row in rows:
            row.valid_to = self.now
            row.is_representative = False
        self.session.flush()
        return bool(rows)

    def _identity(self, person_key: str) -> ChannelIdentity:
        row = self.session.exec(
            select(ChannelIdentity).where(
                ChannelIdentity.community_id == self.community_id, ChannelIdentity.person_key == person_key
            )
        ).first()
        if row is None:
            row = ChannelIdentity(community_id=self.community_id, person_key=person_key)
            self.session.add(row)
            self.session.flush()
        return row

    def _live_code(self, code_print: str) -> HouseholdCode | None:
        return self.session.exec(
            select(HouseholdCode)
            .where(
                HouseholdCode.community_id == self.community_id,
                HouseholdCode.code_print == code_print,
                col(HouseholdCode.used_at).is_(None),
                col(HouseholdCode.expires_at) > self.now,
            )
            .with_for_update()
        ).first()

    def _home_by_id(self, household_id: int) -> Home:
        row = self.session.exec(
            select(Household, Unit, Building)
            .join(Unit, col(Unit.id) == col(Household.unit_id))
            .join(Building, col(Building.id) == col(Unit.building_id))
            .where(Household.id == household_id)
        ).one()
        return _home(*row)

    def _listed(self, household_id: int, name: str) -> int | None:
        """The member of a household with this name who writes from no account yet."""
        if not name:
            return None
        taken = select(ChannelIdentity.person_id).where(col(ChannelIdentity.person_id).is_not(None))
        rows = self.session.exec(
            select(Person.id)
            .join(Binding, col(Binding.person_id) == col(Person.id))
            .where(
                Binding.household_id == household_id,
                col(Binding.valid_to).is_(None) | (col(Binding.valid_to) > self.now),
                Person.name == name,
                col(Person.id).not_in(taken),
            )
        ).all()
        return rows[0] if len(rows) == 1 else None

    def _new_person(self, name: str) -> int:
        row = Person(community_id=self.community_id, name=name[:64])
        self.session.add(row)
        self.session.flush()
        assert row.id is not None
        return row.id


def _home(household: Household, unit: Unit, building: Building) -> Home:
    return Home(household.id or 0, building.estate, building.no, unit.no, household.room)


def _door(home: Home) -> tuple[str, tuple[int, str], tuple[int, str], tuple[int, str]]:
    return home.estate, by_number(home.building), by_number(home.unit), by_number(home.room)


def by_number(words: str) -> tuple[int, str]:
    """A key that puts 2 before 10."""
    digits = "".join(letter for letter in words if letter.isdigit())
    return int(digits or 0), words


def _codes(count: int) -> Iterable[str]:
    """By chance alone: with 32^6 of them two equal ones are not to be expected, and the table refuses them."""
    return ["".join(secrets.choice(CODE_LETTERS) for _ in range(CODE_LENGTH)) for _ in range(count)]
