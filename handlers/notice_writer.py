"""Writes the notices of one fact: keys, recipients and the places of their texts in one place."""

from collections.abc import Mapping
from typing import Any

from handlers import wording
from handlers.context import Office
from handlers.message import Notice
from handlers.ticket_words import promised, what_next, who
from handlers.worker_words import how, phone_of
from models.desk import Desk
from models.ticket import Stage, Ticket, Urgency

# What a worker may miss without harm: nobody else need act in his place.
_FOR_KNOWING = frozenset(
    {
        "worker.soon",
        "worker.accepted_by_other",
        "worker.reassigned_from",
        "worker.cancelled",
        "worker.answered",
        "worker.supplement",
    }
)


def _known(ticket: Ticket, desk: Desk, office: Office) -> dict[str, Any]:
    photos = sum(a.kind == "image" for a in desk.attachments_of(ticket))
    return {
        "编号": ticket.number,
        "地点": wording.place(ticket),
        "情况": wording.situation(ticket.text, 60),
        "类别": ticket.category,
        "附件": f"（{photos} 张照片）" if photos else "",
        "电话": phone_of(ticket),
        "受理时限": promised(desk.rule_for(ticket, Stage.ACCEPT)),
        "负责人": who(ticket, desk),
        "网格员": who(ticket, desk),
        "值班电话": office.phone,
        "怎么做": how(ticket, office),
        "下一步": what_next(ticket, desk, office),
    }


class Writer:
    """Notices of one fact: keys and recipients in one place."""

    def __init__(self, key: str, ticket: Ticket, desk: Desk, office: Office, **more: object) -> None:
        self.key, self.ticket, self.desk, self.office = key, ticket, desk, office
        self.known = {**_known(ticket, desk, office), **more}
        self.notices: list[Notice] = []
        self._told: set[str] = set()

    def worker(self, userid: str, text: str, **options: Any) -> None:
        """Tell one worker once; without a 企业微信 account in the configuration nobody can be told."""
        if userid and userid != "system" and self.office.worker_account and userid not in self._told:
            self._told.add(userid)
            self._add(
                self.office.worker_key(userid), text, {"must_reach": text not in _FOR_KNOWING, **options}
            )

    def resident(self, text: str, template: str = "", **options: Any) -> None:
        """Tell the reporter, unless he took back his consent (R11)."""
        if not self.ticket.reporter:
            return
        fields = {
            "编号": self.ticket.number,
            "状态": wording.STATES[self.ticket.state],
            "情况": wording.shorten(self.ticket.text, 20),
            "网格员": str(self.known["网格员"]),
        }
        self._add(self.ticket.reporter, text, {"template": template, "fields": fields, **options})

    def followers(self, progress: str, text: str = "notice.followed") -> None:
        """Tell everyone who follows: number, place and kind, never what the reporter wrote (R8)."""
        followers = self.desk.followers_of(self.ticket)
        if not followers:
            return
        said = self.office.texts.say(progress, **self.known) if progress else ""
        for person, number in followers.items():
            known = {
                "称呼": "您关注的 " if number == self.ticket.number else "您报的 ",
                "编号": number,
                "地点": wording.public_place(self.ticket),
                "进展": said,
            }
            self._add(person, text, {}, known)

    def _add(
        self, person: str, text: str, options: Mapping[str, Any], known: Mapping[str, Any] | None = None
    ) -> None:
        said = self.office.texts.say(text, **{**self.known, **(known or {})})
        urgent = self.ticket.urgency is Urgency.EMERGENCY
        self.notices.append(
            Notice(
                f"{self.key}:{person}:{text}",
                person,
                said,
                **{"urgent": urgent, "about": self.ticket.number, **options},
            )
        )
