"""The Desk's part for 议事: a ticket that many have to talk about becomes a proposal with its own number."""

from datetime import timedelta

from models.desk.numbering import NumberDesk
from models.proposal import Proposal, ProposalState
from models.ticket import Ticket

MARK = (
    "YS"  # stands for the grid in a proposal's number; the counter is shared, so no ticket can have the same
)
SCREEN_WITHIN = timedelta(days=7)


class ProposalDesk(NumberDesk):
    """Proposals."""

    def raise_proposal(self, ticket: Ticket, title: str, *, owner: str) -> Proposal:
        """RAISED from a ticket: its words, place and people; `owner` answers for the screening within a week."""
        proposal = Proposal(
            community_id=self.community_id,
            number=self._number(MARK),
            state=ProposalState.RAISED,
            title=title[:100],
            text=ticket.text,
            category=ticket.category,
            grid_path=ticket.grid_path,
            raised_by=ticket.reporter,
            owner=owner,
            raised_at=self.now,
            due_at=self.now + SCREEN_WITHIN,
        )
        self.session.add(proposal)
        self.session.flush()
        return proposal

    def proposal_of(self, ticket: Ticket) -> Proposal | None:
        """What a ticket became; None when it did not."""
        return None if ticket.proposal_id is None else self.session.get(Proposal, ticket.proposal_id)
