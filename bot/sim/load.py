"""A crowd of residents who write at once, to see how fast and how well the service answers."""

import asyncio
import random
import time
from dataclasses import dataclass
from typing import Any

from bot.sim import people
from bot.sim.accounts import SimAccount
from bot.sim.talk import Said
from bot.sim.world import World

MOST_USERS = 200
MOST_RATE = 200.0  # messages a second
MOST_SECONDS = 30.0
AT_ONCE = 64
WORDS = (
    "3栋2单元楼道灯坏了",
    "微基金还剩好多钱",
    "最近有什么活动",
    "查进度",
    "我和老伴报名重阳宴",
    "转人工",
    "5栋门口垃圾没人收",
    "谢谢",
)


@dataclass(frozen=True, slots=True)
class Load:
    users: int
    rate: float
    seconds: float


def bounded(users: float, rate: float, seconds: float) -> Load:
    return Load(
        int(min(max(users, 1), MOST_USERS)),
        min(max(rate, 0.1), MOST_RATE),
        min(max(seconds, 0.1), MOST_SECONDS),
    )


async def run(world: World, account: SimAccount, load: Load) -> dict[str, Any]:
    """Send at a steady rate whatever the answers do (open loop); the phones stay as they are.

    Times in ms; `sent` counts messages, `requests` deliveries (more when the platform had to repeat).
    """
    crowd = [
        people.resident(f"load-{number:04}", f"压测{number}", extra=True) for number in range(load.users)
    ]
    for person in crowd:
        world.people.add(person)
    gate = asyncio.Semaphore(AT_ONCE)
    count = {"answered": 0, "silent": 0, "faults": 0, "requests": 0}
    times: list[float] = []
    chance = random.Random(1)

    async def one(person: people.Person, words: str) -> None:
        async with gate:
            started = time.monotonic()
            fields = world.talk.fields(account, person, Said("text", words, {"Content": words}))
            outcome = await world.carrier.deliver(account, person, fields, quiet=True)
        count["requests"] += outcome.attempts
        if outcome.reply is None:
            count["faults"] += 1
        else:
            count["silent" if outcome.reply.kind == "silent" else "answered"] += 1
            times.append((time.monotonic() - started) * 1000)

    started = time.monotonic()
    total = max(1, round(load.rate * load.seconds))
    tasks = []
    for number in range(total):
        wait = started + number / load.rate - time.monotonic()
        if wait > 0:
            await asyncio.sleep(wait)
        tasks.append(asyncio.create_task(one(crowd[number % load.users], chance.choice(WORDS))))
    await asyncio.gather(*tasks)
    took = time.monotonic() - started
    times.sort()

    def share(part: float) -> float:
        return round(times[min(len(times) - 1, int(len(times) * part))], 1) if times else 0.0

    return {
        "sent": total,
        **count,
        "seconds": round(took, 2),
        "per_second": round(total / took, 1),
        "p50_ms": share(0.5),
        "p95_ms": share(0.95),
        "p99_ms": share(0.99),
        "max_ms": share(1.0),
    }
