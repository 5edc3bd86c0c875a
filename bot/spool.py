"""Messages acknowledged before they could be answered: one file each, on disk before the acknowledgement leaves."""

import hashlib
import json
import os
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from handlers.message import Kind, Media, Message, Place


class Spool:
    """A folder of late messages; a file goes away when the answer is in the outbox."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def add(self, message: Message) -> None:
        """Write it so that it survives a power cut.

        Raises:
            OSError: it could not be written; the platform must not be told that we have it.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self._path(message)
        # The same message may be here several times at once: delivered again, or by two processes with one folder.
        scratch = path.with_suffix(f".{os.getpid()}-{threading.get_ident()}.tmp")
        with scratch.open("w", encoding="utf-8") as file:
            json.dump(_plain(message), file)  # as ASCII: half a character must not stop it
            file.flush()
            os.fsync(file.fileno())
        scratch.replace(path)
        handle = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

    def remove(self, message: Message) -> None:
        self._path(message).unlink(missing_ok=True)

    def set_aside(self, message: Message) -> None:
        """Keep a message that nothing can be done with where no replay finds it, for whoever looks into it.

        Raises:
            OSError: it could not be written.
        """
        self.add(message)
        path = self._path(message)
        path.replace(path.with_suffix(".refused"))

    def replay(self) -> Iterator[Message]:
        """What an earlier process left behind, the oldest first; another one may be at work in the same folder."""
        for path in sorted(self.folder.glob("*.json"), key=_written_at):
            with suppress(FileNotFoundError):  # answered just now
                yield _message(json.loads(path.read_text(encoding="utf-8")))

    def age(self, message: Message) -> float:
        """When it was written, in seconds since the epoch; for ever young when it is gone."""
        return _written_at(self._path(message))

    def _path(self, message: Message) -> Path:
        name = hashlib.sha256(f"{message.account}\n{message.id}".encode()).hexdigest()[:32]
        return self.folder / f"{name}.json"


def _written_at(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return float("inf")


def _plain(message: Message) -> dict[str, Any]:
    plain = asdict(message)
    plain["sent_at"], plain["heard_at"] = message.sent_at.isoformat(), message.heard_at.isoformat()
    return plain


def _message(plain: dict[str, Any]) -> Message:
    plain["kind"] = Kind(plain["kind"])
    plain["media"] = tuple(Media(**{**media, "kind": Kind(media["kind"])}) for media in plain["media"])
    plain["place"] = Place(**plain["place"]) if plain["place"] else None
    plain["sent_at"] = datetime.fromisoformat(plain["sent_at"])
    plain["heard_at"] = datetime.fromisoformat(plain["heard_at"])
    plain["signed"] = tuple(plain["signed"]) if plain.get("signed") else None
    plain["late"] = True
    return Message(**plain)
