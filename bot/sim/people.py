"""The residents and workers whose phones can be picked up."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

RESIDENT = "resident"
WORKER = "worker"


@dataclass(slots=True)
class Person:
    """Somebody with a phone. `platform_id` is the openid of a resident or the WeCom userid of a worker.

    `extra` people are made by the load test: the page does not list them.
    """

    id: str
    name: str
    role: str
    platform_id: str
    note: str = ""
    subscribed: bool = True
    extra: bool = False

    def public(self) -> dict[str, Any]:
        return asdict(self)


def resident(id: str, name: str, note: str = "", *, extra: bool = False) -> Person:
    """A follower whose openid is made from the id, so that it stays the same after a restart."""
    digest = hashlib.sha256(f"linli resident {id}".encode()).hexdigest()
    return Person(id, name, RESIDENT, f"oSim{digest[:24]}", note, extra=extra)


def worker(userid: str, name: str = "", note: str = "") -> Person:
    return Person(userid, name or WORKER_NAMES.get(userid, userid), WORKER, userid, note)


WORKER_NAMES = {"zhangsan": "张三", "lisi": "李四", "wangwu": "王五", "zhaoliu": "赵六"}


def demo_residents() -> list[Person]:
    return [
        resident("wang", "王婆婆", "3栋2单元 · 独居，爱发语音"),
        resident("li", "李师傅", "1栋1单元 · 退休电工"),
        resident("chen", "小陈", "5栋3单元 · 上班族"),
        resident("liu", "刘孃孃", "2栋1单元 · 坝坝舞领队"),
        resident("zhou", "周大爷", "6栋1单元 · 院委会"),
    ]


def demo_workers() -> list[Person]:
    return [
        worker("zhangsan", note="W01 槐树苑1-3栋 · 负责"),
        worker("lisi", note="W02 槐树苑4-6栋 · 负责"),
        worker("wangwu", note="网格长 · 社区"),
    ]


class People:
    """Everybody, found by id, name or the platform's id."""

    def __init__(self, people: Iterable[Person]) -> None:
        self._people: dict[str, Person] = {}
        for person in people:
            self._people.setdefault(person.id, person)

    def __iter__(self) -> Iterator[Person]:
        return iter(self._people.values())

    def find(self, key: str) -> Person | None:
        if key in self._people:
            return self._people[key]
        return next((one for one in self if key in (one.name, one.platform_id)), None)

    def by_platform_id(self, platform_id: str) -> Person | None:
        return next((one for one in self if one.platform_id == platform_id), None)

    def refresh(self, person: Person) -> None:
        """Somebody new, or somebody known whose name or duty has changed."""
        known = self._people.setdefault(person.id, person)
        known.name, known.note = person.name, person.note

    def add(self, person: Person) -> Person:
        return self._people.setdefault(person.id, person)

    def reset(self) -> None:
        """Everybody follows again, and the load test's crowd goes home."""
        self._people = {key: one for key, one in self._people.items() if not one.extra}
        for person in self:
            person.subscribed = True
