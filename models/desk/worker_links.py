"""The Desk's part for workers' own 公众号: bound by a code said there, so that a push can go that way as well."""

import secrets
from datetime import timedelta

from sqlmodel import col, select

from models.desk.base import DeskBase
from models.worker_link import WorkerLink

CODE_GOOD_FOR = timedelta(minutes=10)
DIGITS = 8  # one of a hundred million, good for ten minutes and once


class WorkerLinkDesk(DeskBase):
    """Workers' second way."""

    def new_link_code(self, userid: str) -> str:
        """What the worker must say in the 公众号 within ten minutes; an earlier code is void."""
        code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"
        row = self.session.get(WorkerLink, (self.community_id, userid))
        if row is None:
            row = WorkerLink(community_id=self.community_id, userid=userid)
        row.code, row.code_until = code, self.now + CODE_GOOD_FOR
        self.session.add(row)
        self.session.flush()
        return code

    def link_worker(self, code: str, person: str) -> str:
        """The worker whose code it is, from now on reached at `person`; "" when the code is not good (any more)."""
        row = self.session.exec(
            select(WorkerLink).where(
                WorkerLink.community_id == self.community_id,
                WorkerLink.code == code,
                col(WorkerLink.code_until) > self.now,
            )
        ).first()
        if row is None or not code:
            return ""
        for other in self.session.exec(
            select(WorkerLink).where(
                WorkerLink.community_id == self.community_id, WorkerLink.person == person
            )
        ).all():
            other.person = ""  # one phone is one worker's
            self.session.add(other)
        row.person, row.bound_at, row.code, row.code_until = person, self.now, "", None
        self.session.add(row)
        self.session.flush()
        return row.userid

    def unlink_worker(self, userid: str) -> bool:
        """Nothing goes to the worker's 公众号 any more; False when nothing did."""
        row = self.session.get(WorkerLink, (self.community_id, userid))
        if row is None or not row.person:
            return False
        row.person, row.bound_at = "", None
        self.session.add(row)
        self.session.flush()
        return True

    def link_of(self, userid: str) -> str:
        """The person key of the worker's own 公众号; "" when he has bound none."""
        row = self.session.get(WorkerLink, (self.community_id, userid))
        return row.person if row is not None else ""

    def worker_linked(self, person: str) -> str:
        """Whose own 公众号 this is; "" when nobody's."""
        found = self.session.exec(
            select(WorkerLink.userid).where(
                WorkerLink.community_id == self.community_id, WorkerLink.person == person
            )
        ).first()
        return found or ""
