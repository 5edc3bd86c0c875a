"""`config.yaml` → everything the service needs, or every mistake in it with its line."""

from bot.config.changes import changes
from bot.config.config import Config, load_config, parse_config
from bot.config.office import accounts, office
from bot.config.trial import hints, phrase_mistakes
from bot.yamlfile import ConfigError, Mistake

__all__ = [
    "Config",
    "ConfigError",
    "Mistake",
    "accounts",
    "changes",
    "hints",
    "load_config",
    "office",
    "parse_config",
    "phrase_mistakes",
]
