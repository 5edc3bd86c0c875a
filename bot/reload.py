"""An admin's edit goes live: seen by its stat, read, checked, built beside the old state, tried, swapped in one step."""

import hashlib
import logging
import re
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

from bot.clock import Clock, SystemClock
from bot.config import Config, ConfigError, Mistake, changes, parse_config
from bot.settings import SettingsError
from bot.yamlfile import read_bytes

T = TypeVar("T")
KEPT_VERSIONS = 50

log = logging.getLogger(__name__)


class Current(Generic[T]):
    """The one reference that everybody reads anew for each message; a swap is seen whole or not at all."""

    def __init__(self, value: T) -> None:
        self._value = value

    @property
    def value(self) -> T:
        return self._value

    def swap(self, value: T) -> None:
        self._value = value


class History:
    """Every accepted version of the file, named by time and hash; the last fifty are kept."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self.folder = folder
        self.clock = clock

    def versions(self) -> list[Path]:
        """Oldest first."""
        names = re.compile(r"\d{8}-\d{6}-\d{6}-[0-9a-f]{12}\.yaml")
        if not self.folder.is_dir():
            return []
        return sorted(path for path in self.folder.iterdir() if names.fullmatch(path.name))

    def keep(self, config: Config) -> Path:
        """The copy of this version; the same content as the newest one is not kept twice."""
        versions = self.versions()
        if versions and versions[-1].stem.endswith(config.digest[:12]):
            return versions[-1]
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"{self.clock.now():%Y%m%d-%H%M%S-%f}-{config.digest[:12]}.yaml"
        half = path.with_suffix(".half")
        half.write_bytes(config.source)
        half.replace(path)
        for old in versions[: max(0, len(versions) + 1 - KEPT_VERSIONS)]:
            old.unlink(missing_ok=True)
        return path


def _no_trial(_config: Config, _built: object) -> list[Mistake]:
    return []


class Reloader(Generic[T]):
    """Watches one file. `poll` is called every two seconds by a job, from one thread at a time.

    `build` makes the new state from a configuration; `trial` looks for what is wrong with it (every 说法 must
    reach its own 意图); `adopt` does what must not happen for a refused version, such as writing to the database,
    just before the swap. `on_bad` is called once for each bad content, `on_good` with the new state in place and a
    Chinese summary of what changed. A bad file changes nothing. When `build` or `adopt` raises anything but
    ConfigError, the next poll tries again.
    """

    def __init__(
        self,
        path: Path,
        build: Callable[[Config], T],
        *,
        trial: Callable[[Config, T], list[Mistake]] = _no_trial,
        adopt: Callable[[Config, T], None] = lambda config, built: None,
        on_good: Callable[[str], None] = lambda summary: None,
        on_bad: Callable[[ConfigError], None] = lambda error: None,
        history: Path | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.path = path
        self.build = build
        self.trial = trial
        self.adopt = adopt
        self.on_good = on_good
        self.on_bad = on_bad
        self.history = History(history, clock or SystemClock()) if history else None
        self.config: Config | None = None
        self.current: Current[T] | None = None
        self.doubts: list[Mistake] = []  # what the trial found at the start
        self._seen: tuple[int, int, int] | None = None  # the stat of the last poll
        self._settled: tuple[int, int, int] | None = None  # the stat of what was read last
        self._digest = ""  # of what was read last

    def start(self) -> Current[T]:
        """Read the file for the first time.

        What only the trial finds fault with is kept in `doubts` and does not stop a start: a new version of the
        program may understand a 说法 differently, and a community must not be without its bot for that.

        Raises:
            ConfigError: with every mistake; a service does not start with a file that it cannot use.
        """
        self._seen = self._settled = self._stat()
        source = read_bytes(self.path)
        self._digest = hashlib.sha256(source).hexdigest()
        config, built = self._made(source, starting=True)
        self.config, self.current = config, Current(built)
        self._keep(config)
        return self.current

    def poll(self) -> bool:
        """Look at the file once; True when a new version has just gone live.

        A file is read only when two polls saw the same stat, so a half-saved one is not judged.
        """
        if self.current is None or self.config is None:
            raise RuntimeError("start() first")
        stat = self._stat()
        settled, self._seen = stat == self._seen, stat
        if stat == self._settled or not settled:
            return False
        try:
            source = read_bytes(self.path)
        except ConfigError as error:
            self._settled = stat
            self._digest = "missing"
            return self._bad(error, self._digest)
        if self._stat() != stat:
            return False
        digest = hashlib.sha256(source).hexdigest()
        if digest == self._digest:
            self._settled = stat
            return False
        if digest == self.config.digest:
            self._settled, self._digest = stat, digest
            log.info("config_reverted", extra={"digest": digest[:12]})
            self.on_good("已改回正在使用的这一版")
            return False
        # Should building fail for another reason (a locked database), the next poll tries again.
        self._settled, self._digest = None, ""
        swapped = self._take(source, digest)
        self._settled, self._digest = stat, digest
        return swapped

    def _take(self, source: bytes, digest: str) -> bool:
        assert self.current is not None and self.config is not None
        try:
            config, built = self._made(source)
        except ConfigError as error:
            return self._bad(error, digest)
        summary = changes(self.config, config)
        self.current.swap(built)
        self.config, self._digest = config, digest
        self._keep(config)
        log.info("config_reloaded", extra={"digest": config.digest[:12], "changed": summary})
        self.on_good(summary)
        return True

    def _made(self, source: bytes, *, starting: bool = False) -> tuple[Config, T]:
        config = parse_config(source, self.path.name)
        if self.config is not None and config.community.code != self.config.community.code:
            # Under another code all tickets and accounts of this community would seem to be gone.
            what = f"社区的编号不能改：请写回 {self.config.community.code}。要另开一个社区，请找运维"
            raise ConfigError([config.mistake(("社区", "编号"), what)])
        try:
            built = self.build(config)
        except SettingsError as error:  # a new account whose secrets cannot be right
            problems = [Mistake(self.path.name, 0, "", problem) for problem in error.problems]
            raise ConfigError(problems) from error
        mistakes = self.trial(config, built)
        if mistakes and not starting:
            raise ConfigError(mistakes)
        self.doubts = mistakes
        self.adopt(config, built)
        return config, built

    def _bad(self, error: ConfigError, digest: str) -> bool:
        log.warning("config_refused", extra={"digest": digest[:12], "mistakes": len(error.mistakes)})
        self.on_bad(error)
        return False

    def _keep(self, config: Config) -> None:
        if self.history is None:
            return
        try:
            self.history.keep(config)
        except OSError as problem:  # a full disk must not keep a good configuration from going live
            log.warning("config_history_failed", extra={"errno": problem.errno})

    def _stat(self) -> tuple[int, int, int] | None:
        try:
            found = self.path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino
