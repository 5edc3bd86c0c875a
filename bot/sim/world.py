"""Everything the simulator keeps, put together: platform, phones, people."""

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any

from bot.channel import Account
from bot.sim import phones as screens
from bot.sim.accounts import OFFICIAL, PLAYED, WECOM, SimAccount, played
from bot.sim.bus import Bus
from bot.sim.clock import SimClock
from bot.sim.codes import Codes
from bot.sim.delivery import BUDGET_S, Carrier, Outcome
from bot.sim.demo_accounts import with_demo_secrets
from bot.sim.faults import Faults
from bot.sim.media import SAMPLES, Media
from bot.sim.menus import Menus
from bot.sim.network import Network
from bot.sim.people import RESIDENT, WORKER, People, Person
from bot.sim.phones import Phones
from bot.sim.places import PLACES
from bot.sim.talk import CannotDo, Talk
from bot.sim.templates import SentTemplates
from bot.sim.tokens import Tokens
from bot.sim.windows import Windows


class World:
    """Holds the parts and the few acts that touch several of them; each part keeps its own rules."""

    def __init__(
        self,
        accounts: Sequence[Account],
        bot_url: str,
        people: Sequence[Person],
        budget_s: float = BUDGET_S,
        title: str = "",
    ) -> None:
        self.title = title
        self.accounts: dict[str, SimAccount] = {
            account.code: played(with_demo_secrets(account)) for account in accounts if account.kind in PLAYED
        }
        self.people = People(people)
        self.clock = SimClock()
        self.bus = Bus()
        self.network = Network(self.bus)
        self.faults = Faults(self.changed)
        self.phones = Phones(self.bus, self.clock)
        self.windows = Windows(self.clock)
        self.tokens = Tokens(self.clock)
        self.media = Media(self.clock)
        self.menus = Menus()
        self.codes = Codes()
        self.templates = SentTemplates(self.clock)
        self.carrier = Carrier(bot_url, self.network, self.faults, budget_s)
        self.talk = Talk(self.carrier, self.phones, self.windows, self.media)
        self.loading = False
        self._later: set[asyncio.Task[Any]] = set()

    def account(self, code: str, role: str = "") -> SimAccount:
        """The account of a code; without one the first that this role has on the phone.

        Raises:
            CannotDo: none such.
        """
        kind = WECOM if role == WORKER else OFFICIAL
        found = (
            self.accounts.get(code)
            if code
            else next((a for a in self.accounts.values() if a.kind == kind), None)
        )
        if found is None:
            raise CannotDo(f"没有账号「{code}」。可用的账号：{'、'.join(self.accounts) or '无'}。")
        return found

    def person(self, key: str) -> Person:
        """Somebody by id, name or platform id; "" is the first resident.

        Raises:
            CannotDo: nobody of that name.
        """
        found = (
            self.people.find(key) if key else next((one for one in self.people if one.role == RESIDENT), None)
        )
        if found is None:
            raise CannotDo(
                f"没有叫「{key}」的人。可选：{'、'.join(one.name for one in self.people if not one.extra)}。"
            )
        return found

    def later(self, work: Coroutine[Any, Any, Any]) -> None:
        """Run after the present answer has left, as a platform's own queue would."""
        task = asyncio.get_running_loop().create_task(work)
        self._later.add(task)
        task.add_done_callback(self._later.discard)

    @property
    def busy(self) -> bool:
        """Whether something put off by `later` is still to be done."""
        return bool(self._later)

    async def follow(self, account: SimAccount, person: Person, scene: str = "") -> list[Outcome]:
        """Follow by search, or by scanning a code; a follower who scans again gives SCAN instead."""
        show = self.phones.show
        self.windows.touch(account.code, person.id)
        ticket = self.codes.scan(account.code, scene).ticket if scene else ""
        if person.subscribed and scene:
            show(account.code, person.id, screens.SYSTEM, "tip", f"扫了二维码（{scene}）")
            self.changed()
            return await self.talk.event(account, person, "SCAN", {"EventKey": scene, "Ticket": ticket})
        person.subscribed = True
        show(
            account.code,
            person.id,
            screens.SYSTEM,
            "tip",
            f"扫码（{scene}）关注了公众号" if scene else "关注了公众号",
        )
        self.changed()
        more = {"EventKey": f"qrscene_{scene}", "Ticket": ticket} if scene else {"EventKey": ""}
        return await self.talk.event(account, person, "subscribe", more)

    async def unfollow(self, account: SimAccount, person: Person) -> list[Outcome]:
        person.subscribed = False
        self.windows.close(account.code, person.id)
        self.phones.show(account.code, person.id, screens.SYSTEM, "tip", "取消了关注")
        self.changed()
        return await self.talk.event(account, person, "unsubscribe", {"EventKey": ""}, hidden=True)

    async def click(self, account: SimAccount, person: Person, key: str, name: str = "") -> list[Outcome]:
        self.windows.touch(account.code, person.id)
        self.phones.show(account.code, person.id, screens.SYSTEM, "tip", f"点了菜单「{name or key}」")
        return await self.talk.event(
            account, person, "CLICK" if account.kind == OFFICIAL else "click", {"EventKey": key}
        )

    def status(self) -> dict[str, Any]:
        """What changes while running, small: sent with each `state` event."""
        return {
            "bot_url": self.carrier.bot_url,
            "clock": {"offset": self.clock.offset, "now": self.clock.now()},
            "faults": [fault.public() for fault in self.faults.waiting()],
            "loading": self.loading,
            "accounts": [account.public() for account in self.accounts.values()],
            "users": [one.public() for one in self.people if not one.extra],
            "menus": {
                code: self.menus.shown(code) for code, a in self.accounts.items() if a.kind == OFFICIAL
            },
            "codes": [code.public() for code in self.codes.known()],
        }

    def state(self) -> dict[str, Any]:
        """Everything a page needs to begin."""
        return self.status() | {
            "title": self.title,
            "budget_s": self.carrier.budget_s,
            "bubbles": [bubble.public() for bubble in self.phones],
            "network": [exchange.public() for exchange in self.network.recent()],
            "photos": SAMPLES,
            "places": [one.public() for one in PLACES],
        }

    def refresh(self, accounts: Sequence[Account], people: Sequence[Person]) -> None:
        """Learn of a changed configuration: new accounts, templates, rights and people; nobody is taken away."""
        for account in accounts:
            if account.kind in PLAYED:
                fresh = played(with_demo_secrets(account))
                known = self.accounts.setdefault(fresh.code, fresh)
                known.templates, known.can_push = fresh.templates, fresh.can_push
        for person in people:
            self.people.refresh(person)
        self.changed()

    def changed(self) -> None:
        self.bus.publish("state", self.status())

    def reset(self) -> None:
        """A new morning: empty screens, no faults, the real time; tokens stay good, as on the platform."""
        for part in (
            self.phones,
            self.network,
            self.faults,
            self.windows,
            self.media,
            self.menus,
            self.codes,
        ):
            part.clear()
        self.templates.clear()
        self.people.reset()
        self.clock.offset = 0.0
        self.bus.publish("reload", {})

    def stop(self) -> None:
        """Let the open pages go, so that the server can end."""
        self.bus.close()

    async def close(self) -> None:
        self.stop()
        for task in list(self._later):
            task.cancel()
        await asyncio.gather(*self._later, return_exceptions=True)
        await self.carrier.close()
