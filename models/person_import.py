"""`linli import people`: a file of residents and of people on duty, all of it or nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import insert, update
from sqlmodel import col

from models.database import take_turn
from models.desk import Desk
from models.desk.absences import Unmanned
from models.duty_import import DutyImport, Someone, begin, current, end, every
from models.errors import ImportProblem
from models.person import Binding, Person, VerifiedBy
from models.person_rows import PersonRow, read_people
from models.place import Duty, Worker
from models.sheet import read_sheet
from models.vault import Vault

PHONE_KIND = "phone"


@dataclass(frozen=True, slots=True)
class PeopleImported:
    """What one file brought: new and changed rows by noun."""

    rows: int
    new: Mapping[str, int]
    changed: Mapping[str, int]
    unmanned: tuple[Unmanned, ...]


def import_people(
    desk: Desk, path: Path, vault: Vault, *, sheet: str = "", dry_run: bool = False
) -> PeopleImported:
    """Read a CSV or XLSX and lay it over what is there; nobody is removed, nobody doubled.

    `dry_run` does it all and takes it back.

    Raises:
        ImportProblem: every mistake with row and column; nothing was written.
    """
    rows = read_people(read_sheet(path, sheet))
    take_turn(desk.session.connection(), desk.community_id)
    nested = desk.session.begin_nested()
    try:
        done = _Import(desk, rows, vault).run()
    except BaseException:
        nested.rollback()
        raise
    if dry_run:
        nested.rollback()
    else:
        nested.commit()
    return done


@dataclass(slots=True)
class _Import:
    """One import on its way: who is who is found first, then mistakes are told, then all is written in bulk."""

    desk: Desk
    rows: list[PersonRow]
    vault: Vault
    new: dict[str, int] = field(default_factory=dict)
    changed: dict[str, int] = field(default_factory=dict)
    doors: dict[tuple[str, str, str, str], int] = field(default_factory=dict)
    estates: dict[str, str] = field(default_factory=dict)
    people: list[tuple[PersonRow, Someone]] = field(default_factory=list)
    by_door: dict[tuple[int, str], Someone] = field(default_factory=dict)
    by_phone: dict[tuple[str, str], Someone] = field(default_factory=dict)
    by_account: dict[str, Someone] = field(default_factory=dict)
    by_post: dict[tuple[str, str, int | None, int | None], Someone] = field(default_factory=dict)
    bindings: dict[tuple[int, int], Binding] = field(default_factory=dict)

    def run(self) -> PeopleImported:
        self.desk.sync_places()  # the configuration as it now is
        self._load()
        duties = DutyImport(self.desk, self._count)
        for each in self.rows:
            duties.check(each)
            self.people.append((each, self._who(each, duties.places.get(each.row.number))))
        self._check_representatives()
        self._refuse()
        self._write_people()
        self._write_bindings()
        duties.write(self.people)
        return PeopleImported(len(self.rows), self.new, self.changed, tuple(self.desk.unmanned()))

    def _refuse(self) -> None:
        mistakes = [mistake for each in self.rows for mistake in each.row.mistakes]
        if mistakes:
            raise ImportProblem(sorted(mistakes))

    def _count(self, noun: str, new: bool, by: int = 1) -> None:
        counts = self.new if new else self.changed
        counts[noun] = counts.get(noun, 0) + by

    def _load(self) -> None:
        self.estates = self.desk.estate_names()
        self.doors = {(h.estate, h.building, h.unit, h.room): h.household_id for h in self.desk.homes()}
        someone = {one.id: Someone(one.name, 0, known=one, number=one.id) for one in every(self.desk, Person)}
        accounts = {worker.id: worker.userid for worker in every(self.desk, Worker)}
        for one in someone.values():
            if one.known is not None and one.known.phone_print:
                self.by_phone[one.name, one.known.phone_print] = one
        for binding in current(self.desk, Binding):
            self.bindings[binding.person_id, binding.household_id] = binding
            self.by_door[binding.household_id, someone[binding.person_id].name] = someone[binding.person_id]
        for duty in every(self.desk, Duty):
            if duty.worker_id and duty.person_id:
                self.by_account[accounts[duty.worker_id]] = someone[duty.person_id]
            elif duty.person_id:
                holder = someone[duty.person_id]
                self.by_post[holder.name, duty.role, duty.grid_id, duty.building_id] = holder

    # Who is who.

    def _door(self, each: PersonRow) -> int | None:
        """The household of a row; a mistake when there is none."""
        estate = self.estates.get(each.estate, each.estate)
        door = (estate, each.building, each.unit, each.room)
        if door not in self.doors and not estate:
            fitting = {known for known in self.doors if known[1:] == door[1:]}
            if len(fitting) > 1:
                names = "、".join(sorted(known[0] for known in fitting))
                each.row.wrong("小区", f"{names} 都有这一户，请写是哪个小区")
                return None
            door = next(iter(fitting), door)
        if door not in self.doors:
            where = f"{each.estate}{each.building}栋{each.unit and each.unit + '单元'}{each.room}"
            each.row.wrong("房号", f"没有「{where}」这一户；请先用 linli import places 导入，或核对这几格")
            return None
        return self.doors[door]

    def _who(self, each: PersonRow, place: tuple[int | None, int | None] | None) -> Someone:
        """The person of a row: by account, by door and name, by name and phone, by name and post; else somebody new."""
        phone_print = self.vault.fingerprint(PHONE_KIND, each.phone)
        door = self._door(each) if each.home and each.building else None
        keys = (
            self.by_account.get(each.userid) if each.userid else None,
            self.by_door.get((door, each.name)) if door is not None else None,
            self.by_phone.get((each.name, phone_print)) if phone_print else None,
            self.by_post.get((each.name, each.role, *place))
            if place is not None and not each.userid
            else None,
        )
        someone = next((one for one in keys if one is not None), None)
        if someone is None:
            someone = Someone(each.name, each.row.number)
        if each.userid and someone.name != each.name:
            each.row.wrong("姓名", f"企业微信账号 {each.userid} 是「{someone.name}」，请核对")
        if each.phone:
            if someone.phone and someone.phone != each.phone:
                each.row.wrong(
                    "电话", f"与第 {someone.first} 行的「{each.name}」电话不一样；不是同一个人请核对房号"
                )
            someone.phone = someone.phone or each.phone
            self.by_phone.setdefault((each.name, phone_print), someone)
        if each.birth_month:
            if someone.birth_month not in ("", each.birth_month):
                each.row.wrong("出生年月", f"与第 {someone.first} 行的「{each.name}」不一样，请核对")
            someone.birth_month = each.birth_month
        someone.first = someone.first or each.row.number
        if door is not None:
            self.by_door.setdefault((door, each.name), someone)
        if each.userid:
            self.by_account.setdefault(each.userid, someone)
        elif place is not None:
            self.by_post.setdefault((each.name, each.role, *place), someone)
        return someone

    def _check_representatives(self) -> None:
        """A household has one representative at most (G5), and a row for somebody says something."""
        named: dict[int, tuple[int, Someone]] = {}
        seen: dict[tuple[int, Someone], int] = {}
        for each, someone in self.people:
            door = self._door_known(each)
            if door is None:
                continue
            first = seen.setdefault((door, someone), each.row.number)
            if first != each.row.number and not each.role:
                each.row.wrong("姓名", f"与第 {first} 行是同一个人、同一户，请删去一行")
            if each.representative:
                before = named.setdefault(door, (each.row.number, someone))
                if before[1] is not someone:
                    each.row.wrong("户代表", f"一户只能有一个户代表，第 {before[0]} 行已经是了")
            if (
                each.relation is None
                and (someone.number, door) not in self.bindings
                and first == each.row.number
            ):
                each.row.wrong("关系", "没有填关系，请写「业主」「家人」或「租客」")

    def _door_known(self, each: PersonRow) -> int | None:
        return self._door(each) if each.home and each.building and not each.row.mistakes else None

    # Writing.

    def _write_people(self) -> None:
        everyone = list(dict.fromkeys(someone for _, someone in self.people))
        fresh = [one for one in everyone if one.known is None]
        rows = [
            {
                "community_id": self.desk.community_id,
                "name": one.name,
                "phone_enc": self.vault.seal(one.phone),
                "phone_print": self.vault.fingerprint(PHONE_KIND, one.phone),
                "birth_month": one.birth_month,
            }
            for one in fresh
        ]
        if rows:
            statement = insert(Person).returning(col(Person.id), sort_by_parameter_order=True)
            for one, number in zip(fresh, self.desk.session.scalars(statement, rows).all(), strict=True):
                one.number = number or 0
        self._count("人", True, len(fresh))
        for one in everyone:
            if one.known is None:
                continue
            phone_print = self.vault.fingerprint(PHONE_KIND, one.phone) or one.known.phone_print
            birth = one.birth_month or one.known.birth_month
            if (phone_print, birth) != (one.known.phone_print, one.known.birth_month):
                if phone_print != one.known.phone_print:
                    one.known.phone_enc, one.known.phone_print = self.vault.seal(one.phone), phone_print
                one.known.birth_month = birth
                self._count("人", False)
        self.desk.session.flush()

    def _write_bindings(self) -> None:
        new: dict[tuple[int, int], dict[str, Any]] = {}
        representatives: dict[int, int] = {}
        for each, someone in self.people:
            door = self._door_known(each)
            if door is None:
                continue
            key = (someone.number, door)
            if each.representative:
                representatives[door] = someone.number
            since, until = (None, None) if each.role else (begin(each.since), end(each.until))
            binding = self.bindings.get(key)
            if binding is not None:
                self._change_binding(binding, each, until)
            elif key not in new and (until is None or until > self.desk.now):
                new[key] = {
                    "community_id": self.desk.community_id,
                    "person_id": someone.number,
                    "household_id": door,
                    "relation": each.relation,
                    "verified_by": VerifiedBy.WORKER,
                    "is_representative": False,
                    "valid_from": since or self.desk.now,
                    "valid_to": until,
                }
        self.desk.session.flush()
        if new:
            self.desk.session.execute(insert(Binding), list(new.values()))
        self._count("住户登记", True, len(new))
        self._name_representatives(representatives)

    def _change_binding(self, binding: Binding, each: PersonRow, until: datetime | None) -> None:
        before = (binding.relation, binding.valid_to, binding.is_representative)
        binding.relation = each.relation or binding.relation
        if until is not None:
            binding.valid_to = until
        if each.representative is False or (until is not None and until <= self.desk.now):
            binding.is_representative = False
        if before != (binding.relation, binding.valid_to, binding.is_representative):
            self._count("住户登记", False)

    def _name_representatives(self, wanted: Mapping[int, int]) -> None:
        """Whoever the file names takes over: the old ones first, so that a household never has two (G5)."""
        session = self.desk.session
        held = {
            row.household_id: row.person_id for row in current(self.desk, Binding) if row.is_representative
        }
        moving = {door: person for door, person in wanted.items() if held.get(door) != person}
        for flag, doors in ((False, {door for door in moving if door in held}), (True, set(moving))):
            for door in sorted(doors):
                person = moving[door] if flag else held[door]
                session.execute(
                    update(Binding)
                    .where(
                        col(Binding.household_id) == door,
                        col(Binding.person_id) == person,
                        col(Binding.valid_to).is_(None) | (col(Binding.valid_to) > self.desk.now),
                    )
                    .values(is_representative=flag)
                )
        self._count("户代表", True, sum(door not in held for door in moving))
        self._count("户代表", False, sum(door in held for door in moving))
