"""Every invariant that can be asked of the database as it stands, as named checks by noun: `linli audit`."""

from models.audit import activities, clocks, communities, ledger, messages, places, tickets
from models.audit.check import Check, Finding, Look, Result, examine

CHECKS: tuple[Check, ...] = (
    *communities.CHECKS,
    *places.CHECKS,
    *tickets.CHECKS,
    *clocks.CHECKS,
    *messages.CHECKS,
    *activities.CHECKS,
    *ledger.CHECKS,
)

__all__ = ["CHECKS", "Check", "Finding", "Look", "Result", "examine"]
