"""A SQLite file system that writes down what it does: every write, every fsync, in order, with the bytes.

It is registered beside SQLite's own (by ctypes, in the library that Python itself uses) and hands each call on, so
the database behaves as always. From the record the disk can be put together as it would stand had the power been cut
after any of these steps: what was synced is there, what was not is gone, or there in part.
"""

import ctypes
import random
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

NAME = "linli-recorder"
SECTOR = 512


@dataclass(frozen=True, slots=True)
class Step:
    """`write` of data at an offset, `cut` to a length, `sync`, `gone` (deleted); or `said`: an answer has left (path is the message)."""

    kind: str
    path: str
    offset: int = 0
    data: bytes = b""


class _Methods(ctypes.Structure):
    """struct sqlite3_io_methods, version 3."""

    _fields_ = (
        ("version", ctypes.c_int),
        *((name, ctypes.c_void_p) for name in ("close", "read", "write", "truncate", "sync", "size", "lock")),
        *((f"rest{number}", ctypes.c_void_p) for number in range(11)),
    )


class _Vfs(ctypes.Structure):
    """struct sqlite3_vfs, version 3."""

    _fields_ = (
        *((name, ctypes.c_int) for name in ("version", "file_size", "longest_path")),
        ("next", ctypes.c_void_p),
        ("name", ctypes.c_char_p),
        ("data", ctypes.c_void_p),
        ("open", ctypes.c_void_p),
        ("delete", ctypes.c_void_p),
        *((f"rest{number}", ctypes.c_void_p) for number in range(14)),
    )


_P, _I, _L = ctypes.c_void_p, ctypes.c_int, ctypes.c_int64
# The name as SQLite's own pointer: it keeps it for as long as the file is open.
_OPEN = ctypes.CFUNCTYPE(_I, _P, _P, _P, _I, _P)
_DELETE = ctypes.CFUNCTYPE(_I, _P, ctypes.c_char_p, _I)
_WRITE = ctypes.CFUNCTYPE(_I, _P, _P, _I, _L)
_TRUNCATE = ctypes.CFUNCTYPE(_I, _P, _L)
_SYNC = ctypes.CFUNCTYPE(_I, _P, _I)


def _library() -> Any:
    """The SQLite that Python's own module speaks to, wherever it is: a library of its own, or inside Python."""
    sqlite3.connect(":memory:").close()
    with Path("/proc/self/maps").open() as maps:
        paths = {
            line.split()[-1]
            for line in maps
            if "sqlite3" in line and line.rstrip().split()[-1].startswith("/")
        }
    for path in (*sorted(path for path in paths if "libsqlite3" in path), *sorted(paths), None):
        library = ctypes.CDLL(path)
        if hasattr(library, "sqlite3_vfs_find"):
            return library
    raise RuntimeError("the SQLite of this Python cannot be reached")


class Recorder:
    """Register it once in a process; `steps` grows with every write of every database opened by `?vfs=`."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self._lock = threading.Lock()
        self._paths: dict[int, str] = {}
        self._kept: list[Any] = []  # whatever C holds pointers to
        library = _library()
        library.sqlite3_vfs_find.restype = ctypes.POINTER(_Vfs)
        library.sqlite3_vfs_find.argtypes = (ctypes.c_char_p,)
        library.sqlite3_vfs_register.argtypes = (ctypes.POINTER(_Vfs), _I)
        found = library.sqlite3_vfs_find(None)
        self._address = ctypes.cast(found, _P).value
        ours = _Vfs()
        ctypes.memmove(ctypes.byref(ours), found, ctypes.sizeof(_Vfs))
        self._open = _OPEN(found.contents.open)
        self._delete = _DELETE(found.contents.delete)
        opening, deleting = _OPEN(self._opened), _DELETE(self._deleted)
        ours.name = NAME.encode()
        ours.open = ctypes.cast(opening, _P).value
        ours.delete = ctypes.cast(deleting, _P).value
        self._kept += [ours, opening, deleting, library]
        self._tables: dict[int, _Methods] = {}
        assert library.sqlite3_vfs_register(ctypes.byref(ours), 0) == 0

    def say(self, what: str) -> None:
        """An answer has left: whatever is cut off later, this must be there."""
        with self._lock:
            self.steps.append(Step("said", what))

    def _note(self, step: Step) -> None:
        with self._lock:
            self.steps.append(step)

    def _opened(self, _: Any, name: int | None, file: int, flags: int, out: Any) -> int:
        result: int = self._open(self._address, name, file, flags, out)
        if result == 0 and name is not None:
            self._paths[file] = ctypes.string_at(name).decode()
            methods = ctypes.cast(file, ctypes.POINTER(_P))
            if methods[0] not in self._tables:
                self._tables[methods[0]] = self._listening(methods[0])
            methods[0] = ctypes.addressof(self._tables[methods[0]])
        return result

    def _deleted(self, _: Any, name: bytes, sync_folder: int) -> int:
        result: int = self._delete(self._address, name, sync_folder)
        if result == 0:
            self._note(Step("gone", name.decode()))
        return result

    def _listening(self, theirs: int) -> _Methods:
        """Their table of methods with our ears in three places."""
        ours = _Methods()
        ctypes.memmove(ctypes.byref(ours), theirs, ctypes.sizeof(_Methods))
        write, truncate, sync = _WRITE(ours.write), _TRUNCATE(ours.truncate), _SYNC(ours.sync)

        def on_write(file: int, data: int, size: int, offset: int) -> int:
            result: int = write(file, data, size, offset)
            if result == 0:
                self._note(Step("write", self._paths[file], offset, ctypes.string_at(data, size)))
            return result

        def on_truncate(file: int, size: int) -> int:
            result: int = truncate(file, size)
            if result == 0:
                self._note(Step("cut", self._paths[file], size))
            return result

        def on_sync(file: int, flags: int) -> int:
            result: int = sync(file, flags)
            if result == 0:
                self._note(Step("sync", self._paths[file]))
            return result

        ears = (_WRITE(on_write), _TRUNCATE(on_truncate), _SYNC(on_sync))
        ours.write, ours.truncate, ours.sync = (ctypes.cast(ear, _P).value for ear in ears)
        self._kept += [*ears, write, truncate, sync]
        return ours


def disk_after(steps: Sequence[Step], luck: random.Random | None) -> dict[str, bytes]:
    """The files as they stand when the power is cut after these steps.

    Without `luck` everything that was not synced is gone. With it each such write may be there, gone, or torn at a
    sector, in any mixture: a disk may write in any order until it is told to sync.
    """
    files: dict[str, bytearray] = {}
    loose: dict[str, list[Step]] = {}
    for step in steps:
        if step.kind == "said":
            continue
        if step.kind == "gone":  # SQLite syncs the folder too
            files.pop(step.path, None)
            loose.pop(step.path, None)
            continue
        files.setdefault(step.path, bytearray())
        if step.kind == "sync":
            for done in loose.pop(step.path, []):
                _do(files[step.path], done)
        else:
            loose.setdefault(step.path, []).append(step)
    if luck is not None:
        for path, rest in loose.items():
            for step in rest:
                for part in _torn(step, luck):
                    _do(files[path], part)
    return {path: bytes(file) for path, file in files.items()}


def _do(file: bytearray, step: Step) -> None:
    if step.kind == "cut":
        del file[step.offset :]
        return
    if len(file) < step.offset:
        file.extend(bytes(step.offset - len(file)))
    file[step.offset : step.offset + len(step.data)] = step.data


def _torn(step: Step, luck: random.Random) -> Iterator[Step]:
    chance = luck.random()
    if chance < 0.4:
        return
    if chance < 0.8 or step.kind == "cut":
        yield step
        return
    end = SECTOR * luck.randint(0, len(step.data) // SECTOR)
    yield Step("write", step.path, step.offset, step.data[:end])
