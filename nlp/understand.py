"""The door of this room: build an `Understander`, ask it, check what it was taught."""

from nlp.check import Expected, Finding, check, expected, findings, untrue_phrases
from nlp.understander import Explained, Understander

__all__ = [
    "Expected",
    "Explained",
    "Finding",
    "Understander",
    "check",
    "expected",
    "findings",
    "untrue_phrases",
]
