"""The town, for every test of this room."""

from tests.chaos.town import town

__all__ = ["town"]
