"""A YAML file read as plain text with the line of everything, and every slip of the hand explained in Chinese."""

from pathlib import Path

from bot.yamlfile.bytes import MAX_BYTES, decoded
from bot.yamlfile.mistake import ConfigError, Mistake
from bot.yamlfile.reader import read_text
from bot.yamlfile.tree import Document, Listing, Node, Path_, Scalar, Table

__all__ = [
    "ConfigError",
    "Document",
    "Listing",
    "Mistake",
    "Node",
    "Path_",
    "Scalar",
    "Table",
    "parse",
    "read",
    "read_bytes",
]


def read(path: Path) -> Document:
    """The file as a tree. Slips that can be put right in memory are, so that one reading finds them all; they
    are in `Document.mistakes` and the file must not be used while there are any.

    Raises:
        ConfigError: there is no such file, or nothing can be made of it.
    """
    return parse(read_bytes(path), path.name)


def read_bytes(path: Path) -> bytes:
    """The bytes of a file, at most a little more than is accepted.

    Raises:
        ConfigError: there is no such file, or it cannot be opened.
    """
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise ConfigError([Mistake(path.name, 0, "", f"找不到这个文件（{path}）")]) from None
    except OSError as problem:
        raise ConfigError([Mistake(path.name, 0, "", f"打不开这个文件：{problem.strerror}")]) from None


def parse(data: bytes, file: str) -> Document:
    """As `read`, from bytes; `file` is the name told in mistakes.

    Raises:
        ConfigError: nothing can be made of it.
    """
    return read_text(decoded(data, file), file)
