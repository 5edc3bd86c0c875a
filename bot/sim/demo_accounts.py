"""Secrets for trying things out on one machine: constants anybody can compute, never for a real account."""

import hashlib
from collections.abc import Iterable
from dataclasses import replace

from bot.channel import Account
from bot.settings import variable

SIM_URL = "http://127.0.0.1:8001"
AGENT_ID = "1000002"


def _values(code: str) -> dict[str, str]:
    """The five secrets of an account, the same on every machine. The AES key decodes to exactly 32 bytes."""
    digest = hashlib.sha256(f"linli demonstration only: {code}".encode()).hexdigest()
    return {
        "TOKEN": f"LinliDemo{digest[:12]}",
        "AES_KEY": f"LinliDemoOnly{digest[12:41]}A",
        "APP_ID": f"wxsim{digest[41:54]}",
        "SECRET": f"demo{digest[:28]}",
        "AGENT_ID": AGENT_ID,
    }


def demo_environment(account_codes: Iterable[str], sim_url: str = SIM_URL) -> dict[str, str]:
    """The variables that make a service and the simulator agree: secrets of each account and the API addresses."""
    found = {variable(code, name): value for code in account_codes for name, value in _values(code).items()}
    return {**found, "LINLI_WEIXIN_API": sim_url, "LINLI_QYAPI": sim_url}


def with_demo_secrets(account: Account) -> Account:
    """The account itself when it has any secret, else with the demonstration's."""
    if account.token or account.aes_key or account.app_id or account.secret:
        return account
    values = _values(account.code)
    return replace(
        account,
        token=values["TOKEN"],
        aes_key=values["AES_KEY"],
        app_id=values["APP_ID"],
        secret=values["SECRET"],
        agent_id=values["AGENT_ID"],
    )
