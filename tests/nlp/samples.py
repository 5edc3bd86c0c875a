"""Where the samples are and the moment at which the tests stand."""

from datetime import datetime
from pathlib import Path

from bot.yamlfile import parse
from nlp.slots import LOCAL
from nlp.spec import NlpSpec

ROOT = Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "tests" / "fixtures" / "nlp"
NOW = datetime(2026, 10, 12, 10, 0, tzinfo=LOCAL)  # a Monday


def shipped_spec() -> NlpSpec:
    """词语, 词类, 意图 and 听不懂时 of config.yaml, whatever the rest of the file says."""
    given = parse((ROOT / "config.yaml").read_bytes(), "config.yaml").plain()
    assert isinstance(given, dict)
    return NlpSpec.model_validate({key: given[key] for key in ("词语", "词类", "意图", "听不懂时")})


def rows(name: str) -> list[dict[str, str]]:
    """Rows of a fixture table."""
    lines = (FIXTURES / name).read_text(encoding="utf-8").splitlines()
    header = lines[0].split("\t")
    return [dict(zip(header, [*line.split("\t"), "", ""], strict=False)) for line in lines[1:] if line]
