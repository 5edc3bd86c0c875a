"""Reading the file: each section by its own schema, then what only the whole can know; all mistakes at once."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from bot.config import crosscheck
from bot.config.deadlines import sla_rules
from bot.config.duty import duty_hours
from bot.config.explain import explained, unknown_key
from bot.config.sections import ChannelSpec, CommunitySpec, FileSpec
from bot.config.wording import WordingReader
from bot.yamlfile import ConfigError, Document, Mistake, Path_, Table, parse, read_bytes
from handlers.context import Service
from handlers.registry import SERVICES
from models.rules import CATEGORIES, CategoryRule, Evidence, GridRule, Rules, SlaRules, WorkerRule
from nlp.spec import NlpSpec

NLP_KEYS = ("词语", "词类", "意图", "听不懂时")
M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Config:
    """One accepted version of the file. `digest` (hex) names its content, `remarks` are hints, not mistakes.

    `wording` lays the community's words over our texts, by text key. `document` finds lines again.
    """

    file: str
    digest: str
    community: CommunitySpec
    channels: tuple[ChannelSpec, ...]
    admins: tuple[str, ...]
    rules: Rules
    nlp: NlpSpec
    wording: Mapping[str, str]
    remarks: tuple[str, ...]
    document: Document
    source: bytes

    def mistake(self, path: Path_, what: str) -> Mistake:
        """A mistake at a place of this file, for whoever tries the configuration later."""
        return Mistake(self.file, self.document.line(path), self.document.where(path), what)


def load_config(path: Path, services: Mapping[str, Service] = SERVICES) -> Config:
    """The configuration in a file.

    Raises:
        ConfigError: with every mistake found, in the order of the lines.
    """
    return parse_config(read_bytes(path), path.name, services)


def parse_config(
    source: bytes, file: str = "config.yaml", services: Mapping[str, Service] = SERVICES
) -> Config:
    """As `load_config`, from bytes.

    Raises:
        ConfigError: with every mistake found, in the order of the lines.
    """
    document = parse(source, file)
    return _Reader(document, source, services).config()


class _Reader:
    def __init__(self, document: Document, source: bytes, services: Mapping[str, Service]) -> None:
        self.document = document
        self.source = source
        self.services = services
        self.mistakes: list[Mistake] = list(document.mistakes)

    def config(self) -> Config:
        root = self.document.root
        if not isinstance(root, Table) or not root.entries:
            what = (
                "文件里没有内容：请从「社区:」写起"
                if isinstance(root, Table)
                else "开头应是「社区:」这样的一段"
            )
            raise ConfigError([*self.mistakes, Mistake(self.document.file, 1, "", what)])
        self._unknown_sections(root)
        given = self.document.plain()
        assert isinstance(given, dict)
        nlp = self._nlp({key: value for key, value in given.items() if key in NLP_KEYS})
        spec = self._file({key: value for key, value in given.items() if key not in NLP_KEYS})
        wording = WordingReader(self.document, self.services)
        wording.read()
        self.mistakes += wording.mistakes
        for path, what in (
            *crosscheck.version(self.document),
            *crosscheck.commas(self.document),
            *crosscheck.doubled_accounts(spec.channels),
            *crosscheck.doubled_grids(spec.grids),
        ):
            self._note(path, what)
        rules = self._rules(spec)
        if self.mistakes or nlp is None:
            raise ConfigError(self.mistakes)
        return Config(
            file=self.document.file,
            digest=hashlib.sha256(self.source).hexdigest(),
            community=spec.community,
            channels=spec.channels,
            admins=spec.admins,
            rules=rules,
            nlp=nlp,
            wording=wording.wording,
            remarks=tuple(crosscheck.remarks(spec)),
            document=self.document,
            source=self.source,
        )

    def _unknown_sections(self, root: Table) -> None:
        known = [info.alias or "" for info in FileSpec.model_fields.values()]
        known += NLP_KEYS
        for key in root.entries:
            if key not in known:
                self.mistakes.append(
                    Mistake(self.document.file, root.lines[key], "", unknown_key(key, known))
                )

    def _nlp(self, given: dict[str, object]) -> NlpSpec | None:
        spec = self._checked(NlpSpec, given)
        for mistake in spec.mistakes() if spec else ():
            self._note(mistake.path, mistake.what)
        return spec

    def _file(self, given: dict[str, object]) -> FileSpec:
        """Each section on its own, so that a mistake in one does not hide those of another."""
        sections: dict[str, object] = {}
        aliases = {info.alias or name: name for name, info in FileSpec.model_fields.items()}
        placeholder = {"名称": "示例", "值班电话": "示例"}
        for alias, name in aliases.items():
            if alias not in given and alias != "社区":
                continue
            one = {"社区": placeholder} | {key: value for key, value in given.items() if key == alias}
            if alias == "社区" and alias not in given:
                one = {}
            checked = self._checked(FileSpec, one)
            if checked is not None:
                sections[name] = getattr(checked, name)
        sections.setdefault("community", CommunitySpec.model_validate(placeholder))
        return FileSpec.model_construct(**sections)  # type: ignore[arg-type]

    def _checked(self, model: type[M], given: dict[str, object]) -> M | None:
        try:
            return model.model_validate(given)
        except ValidationError as error:
            self.mistakes += explained(self.document, model, error)
            return None

    def _rules(self, spec: FileSpec) -> Rules:
        extra = {name: words for name, words in spec.categories.items()}
        kept = tuple(rule for rule in CATEGORIES if rule.name not in extra)
        own = tuple(CategoryRule(name=name, words=words) for name, words in extra.items())
        times = spec.times
        waits = {
            name: getattr(times, name)
            for name in (
                *("rate_within", "urge_every", "dialog_idle", "message_retention"),
                *("emergency_answer", "digest_over", "digest_every"),
            )
            if getattr(times, name) is not None
        }
        duty = duty_hours(spec.duty, self._note)
        sla: SlaRules = sla_rules(times, duty, bool(spec.duty), self._note)
        return Rules(
            sla=sla,
            grids=tuple(
                GridRule(
                    code=grid.code,
                    name=grid.name,
                    buildings=grid.buildings,
                    worker=grid.worker,
                    backup=grid.backup or "",
                    lead=grid.lead or "",
                )
                for grid in spec.grids
            ),
            workers=tuple(
                WorkerRule(userid=userid, name=person.name, phone=person.phone)
                for userid, person in spec.people.items()
            ),
            categories=own + kept,
            evidence=Evidence(arrive=spec.evidence.arrive, close=spec.evidence.close),
            community_desk=spec.desk,
            **waits,
        )

    def _note(self, path: Path_, what: str) -> None:
        document = self.document
        self.mistakes.append(Mistake(document.file, document.line(path), document.where(path), what))
