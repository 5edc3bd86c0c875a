"""The Desk's part for what the lead and the community's desk decide: refuse, appeal, transfer, refer, make a proposal."""

from collections.abc import Mapping
from typing import Any

from sqlmodel import col, select

from models.desk.clocks import STOPS_ALL
from models.desk.proposals import ProposalDesk
from models.desk.ticket_merging import TicketMerging
from models.errors import DomainError
from models.place import Grid
from models.ticket import Stage, State, Step, Ticket

# Why a ticket may be refused (domain.md §2): nothing else is a reason.
REFUSALS = ("不属于本社区职责", "司法程序", "信息不足且联系不上", "恶意")
TO_PROPOSAL, REFERRED = "转议事", "转办"


class TicketOffice(TicketMerging, ProposalDesk):
    """Decisions about where a ticket belongs."""

    def find_grid(self, words: str) -> str:
        """The code of a grid that is named by code or by name; "" when there is none, or it has ended."""
        return (
            self.session.exec(
                select(Grid.code).where(
                    Grid.community_id == self.community_id,
                    (Grid.code == words.upper()) | (Grid.name == words),
                    col(Grid.valid_to).is_(None),
                    Grid.code != "",
                )
            ).first()
            or ""
        )

    def _guard_office(self, ticket: Ticket, step: Step, payload: Mapping[str, Any]) -> None:
        text, number = str(payload.get("text", "")).strip(), ticket.number
        match step:
            case Step.REJECT:
                if payload.get("reason") not in REFUSALS:
                    raise DomainError("step.reject_reason", 编号=number)
                if len(text) < 4:
                    raise DomainError("step.reject_text", 编号=number)
            case Step.APPEAL:
                if ticket.appealed_at is not None:
                    raise DomainError("step.appeal_once", 编号=number)
                if len(text) < 2:
                    raise DomainError("step.appeal_text", 编号=number)
            case Step.TRANSFER:
                route = self.route_of_grid(self.find_grid(str(payload.get("grid", ""))))
                if not route.grid_code:
                    raise DomainError("step.transfer_grid", 编号=number)
                if route.grid_code == ticket.grid_code:
                    raise DomainError("step.transfer_same", 编号=number, 网格=route.grid_name)
            case Step.REFER:
                if len(str(payload.get("to", "")).strip()) < 2:
                    raise DomainError("step.refer_to", 编号=number)
            case Step.SPLIT:
                if not payload.get("new"):
                    raise DomainError("step.split_text", 编号=number)
            case Step.CONVERT:
                if len(text) < 2:
                    raise DomainError("step.convert_text", 编号=number)

    def _effect_office(self, ticket: Ticket, step: Step, actor: str, payload: Mapping[str, Any]) -> None:
        now, text = self.now, str(payload.get("text", "")).strip()
        match step:
            case Step.REJECT:
                ticket.outcome, ticket.resolution, ticket.closed_at = str(payload["reason"]), text, now
            case Step.APPEAL:
                ticket.appealed_at, ticket.closed_at = now, None
                ticket.outcome = ticket.resolution = ""
                self.revive_clocks(ticket, STOPS_ALL[Step.REJECT], actor=actor, reason="appeal")
            case Step.TRANSFER:
                self._transfer(ticket, str(payload["grid"]))
            case Step.REFER:
                ticket.type, ticket.referred_to = "referral", str(payload["to"]).strip()[:64]
                ticket.outcome, ticket.assignee = REFERRED, actor
                for clock in self.clocks_of(ticket):  # nobody of ours goes there any more
                    if clock.stage in (Stage.ONSITE, Stage.REPORT):
                        self._stop(clock, "referred")
                self.reprioritise(ticket, actor=actor, reason=ticket.referred_to)
            case Step.CONVERT:
                proposal = self.raise_proposal(ticket, text, owner=actor)
                ticket.proposal_id, ticket.outcome = proposal.id, TO_PROPOSAL
                ticket.closed_at, ticket.resolution = now, f"{TO_PROPOSAL}，议题 {proposal.number}"

    def _transfer(self, ticket: Ticket, code: str) -> None:
        """To the people of another grid; from now on it counts there (what was counted before stays in the events)."""
        route = self.route_of_grid(self.find_grid(code))
        ticket.grid_code, ticket.grid_path = route.grid_code, route.grid_path
        if ticket.state is not State.ACCEPTED:
            heirs = (route.worker, route.backup, route.lead, *route.dispatchers)
            ticket.assignee = next((userid for userid in heirs if userid), ticket.assignee)
