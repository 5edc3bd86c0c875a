"""Before a version goes live it is tried: every 说法 must reach its own 意图."""

from bot.config.config import Config
from bot.yamlfile import Mistake
from nlp.check import check
from nlp.understand import Understander


def phrase_mistakes(config: Config, understander: Understander) -> list[Mistake]:
    """The 说法 that reach another 意图 or none, or that two intents share; none: the version may go live."""
    return [
        config.mistake(finding.path, finding.what)
        for finding in check(config.nlp, understander)
        if finding.serious
    ]


def hints(config: Config, understander: Understander) -> list[str]:
    """What works but could be better, each with its line: dead keywords, intents with few 说法."""
    found = [
        config.mistake(finding.path, finding.what)
        for finding in check(config.nlp, understander)
        if not finding.serious
    ]
    return [*config.remarks, *(f"第 {hint.line} 行：{hint.what}" for hint in found)]
