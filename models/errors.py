"""A rule said no: the code that the router turns into words."""

from typing import Any


class DomainError(Exception):
    """A rule forbids it. `code` is a key of the texts (`error.<code>`), `places` fill that text."""

    def __init__(self, code: str, **places: object) -> None:
        super().__init__(code, places)
        self.code = code
        self.places = places

    def __reduce__(self) -> Any:
        """Travels between processes whole."""
        return _again, (self.code, self.places)


def _again(code: str, places: dict[str, object]) -> DomainError:
    return DomainError(code, **places)


class ImportProblem(Exception):
    """A file that cannot be imported: every mistake as (row, column, what is wrong and how to write it).

    `row` counts lines of the file from 1, the header being line 1; `column` is the header's name or "".
    Nothing was imported.
    """

    def __init__(self, mistakes: list[tuple[int, str, str]]) -> None:
        super().__init__(mistakes)
        self.mistakes = mistakes

    def __str__(self) -> str:
        return "\n".join(
            f"第 {row} 行{f'「{column}」列' if column else ''}：{what}" for row, column, what in self.mistakes
        )
