"""What is wrong in a file, where, and how to write it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mistake:
    """`line` counts from 1 (0: the file as a whole); `where` is the way to the place, e.g. `时限 ▸ 办结`."""

    file: str
    line: int
    where: str
    what: str

    def __str__(self) -> str:
        place = f"{self.file} 第 {self.line} 行" if self.line else self.file
        return f"{place}：{self.where}：{self.what}" if self.where else f"{place}：{self.what}"


class ConfigError(Exception):
    """The file cannot be used; `mistakes` holds all that were found, in the order of their lines."""

    def __init__(self, mistakes: list[Mistake]) -> None:
        self.mistakes = sorted(dict.fromkeys(mistakes), key=lambda mistake: mistake.line)
        super().__init__(self.mistakes)

    def __str__(self) -> str:
        return "\n".join(map(str, self.mistakes))
