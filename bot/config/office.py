"""From the configuration to what handlers and channels are given."""

from bot.channel import Account
from bot.config.config import Config
from bot.config.wording import EXPLAIN
from bot.settings import Settings, SettingsError, account_secrets
from handlers.context import Card, Office, Question
from handlers.links import Links
from handlers.texts import Texts
from models.vault import Vault
from nlp.spec import IntentSpec

WORKERS_KIND = "企业微信"


def office(config: Config, settings: Settings) -> Office:
    """The community's office as the handlers see it; workers are reached through the first 企业微信 account."""
    return Office(
        name=config.community.name,
        phone=config.community.phone,
        hours=config.community.hours,
        texts=Texts(config.wording),
        links=Links(settings.public_url, settings.secret_key.get_secret_value()),
        worker_account=next((one.code for one in config.channels if one.kind == WORKERS_KIND), ""),
        admins=config.admins,
        intents={intent.ident: _card(intent) for intent in config.nlp.intents},
        vault=Vault(settings.secret_key.get_secret_value()),
    )


def _card(intent: IntentSpec) -> Card:
    return Card(
        name=intent.name,
        service=intent.service,
        example=next((phrase for phrase in intent.phrases if "{" not in phrase), ""),
        answer=intent.reply.strip() if intent.service == EXPLAIN else "",
        questions=tuple(
            Question(item=one.item, ask=one.ask, kind=one.kind, optional=one.optional)
            for one in intent.questions
        ),
    )


def accounts(config: Config, settings: Settings) -> list[Account]:
    """Every account of 渠道 with its secrets from the environment; without them it runs in dry-run.

    Raises:
        SettingsError: secrets that cannot be right, of all accounts together.
    """
    found: list[Account] = []
    problems: list[str] = []
    for channel in config.channels:
        try:
            secrets = account_secrets(channel.code)
        except SettingsError as error:
            problems += error.problems
            continue
        found.append(
            Account(
                code=channel.code,
                kind=channel.kind,
                can_push=channel.can_push,
                token=secrets.token,
                aes_key=secrets.aes_key,
                aes_key_old=secrets.aes_key_old,
                app_id=secrets.app_id,
                secret=secrets.secret,
                agent_id=secrets.agent_id,
                templates={
                    name: (template.number, dict(template.fields))
                    for name, template in channel.templates.items()
                },
            )
        )
    if problems:
        raise SettingsError(problems)
    return found
