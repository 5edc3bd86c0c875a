"""The Desk's part for working calendars: which holidays are known, which calendar a clock counts by, what is missing."""

from collections.abc import Mapping
from datetime import date, timedelta

from sqlmodel import col, select

from models.calendar import CHINA, Calendar
from models.desk.base import DeskBase
from models.desk.memory import Shelf, remembered
from models.duty_calendar import as_json, duty_calendar, from_json
from models.holidays import HolidayYear, known_until, read_year, shipped
from models.policy import CalendarVersion, HolidayEntry, PolicyVersion
from models.rules import DutyHours

# Another process's import is seen half a minute later; this one's own at once.
HOLIDAYS = Shelf(
    "holidays", timedelta(seconds=30), lambda _: None, frozenset({"holiday_year", "calendar_version"})
)


class CalendarDesk(DeskBase):
    """Calendars and the versions that clocks were started under."""

    @remembered(HOLIDAYS)
    def holidays(self) -> Mapping[int, HolidayYear]:
        """Every year whose holidays are known: those shipped, and over them those imported."""
        rows = self.session.exec(
            select(HolidayEntry).where(HolidayEntry.community_id == self.community_id)
        ).all()
        return {**shipped(), **{row.year: read_year(row.body) for row in rows}}

    @remembered(HOLIDAYS)
    def calendar_for(self, duty: DutyHours) -> Calendar:
        """The calendar of 值班时间 as it is now."""
        return duty_calendar(duty, self.holidays())

    @remembered(HOLIDAYS)
    def calendar_named(self, version: str) -> Calendar | None:
        """The calendar that a clock was started under; None for natural time.

        Raises:
            LookupError: nobody kept this version.
        """
        if not version:
            return None
        if self.rules.sla.duty is not None:
            present = self.calendar_for(self.rules.sla.duty)
            if present.version == version:
                return present
        kept = self.session.get(CalendarVersion, (self.community_id, version))
        if kept is None:
            raise LookupError(f"no calendar version {version}")
        return from_json(kept.body, version)

    def keep_calendar(self, calendar: Calendar) -> None:
        """Write a calendar down before a clock counts by it; nothing when that was done before."""
        if self.session.get(CalendarVersion, (self.community_id, calendar.version)) is None:
            self.session.add(
                CalendarVersion(
                    community_id=self.community_id,
                    version=calendar.version,
                    body=as_json(calendar),
                    since=self.now,
                )
            )
            self.session.flush()

    def sync_policies(self) -> None:
        """Keep the rules in force as versions that clocks can name (domain.md §3 e)."""
        sla = self.rules.sla
        if self.session.get(PolicyVersion, (self.community_id, sla.version)) is None:
            self.session.add(
                PolicyVersion(
                    community_id=self.community_id,
                    version=sla.version,
                    body=sla.model_dump(mode="json", exclude={"duty", "quiet_from", "quiet_to"}),
                    since=self.now,
                )
            )
        if sla.duty is not None:
            self.keep_calendar(self.calendar_for(sla.duty))
        self.session.flush()

    def import_holidays(self, year: HolidayYear) -> bool:
        """Enter a year, or replace it; False when it says what was known already."""
        known = self.holidays().get(year.year)
        if known is not None and known.digest == year.digest:
            return False
        row = self.session.exec(
            select(HolidayEntry).where(
                HolidayEntry.community_id == self.community_id, col(HolidayEntry.year) == year.year
            )
        ).first() or HolidayEntry(
            community_id=self.community_id, year=year.year, body={}, digest="", imported_at=self.now
        )
        row.body, row.digest, row.imported_at = year.as_json(), year.digest, self.now
        self.session.add(row)
        self.session.flush()
        return True

    def holidays_known_until(self) -> date:
        """The last day of the unbroken years of which the present one is the first."""
        return known_until(self.holidays(), self.now.astimezone(CHINA).date())
