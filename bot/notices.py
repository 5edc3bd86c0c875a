"""Notices as outbox rows, and back."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from handlers.message import Notice
from models.outbox import OutboxState


def outbox_rows(notices: Iterable[Notice], community_id: int, now: datetime) -> list[dict[str, Any]]:
    """Rows for `models.desk.outbox.enqueue`; the account is the first part of the person key."""
    return [
        {
            "community_id": community_id,
            "dedupe_key": notice.dedupe_key,
            "account": notice.person.partition(":")[0],
            "person": notice.person,
            "topic": notice.topic,
            "urgent": notice.urgent,
            "resend": notice.resend,
            "about": notice.about,
            "must_reach": notice.must_reach,
            "relayed": False,
            "notice": {
                "text": notice.text,
                "url": notice.url,
                "template": notice.template,
                "fields": dict(notice.fields),
            },
            "state": OutboxState.PENDING,
            "due_at": max(notice.not_before or now, now),
            "attempts": 0,
            "created_at": now,
            "way": "",
            "reference": "",
            "error_code": 0,
            "error": "",
        }
        for notice in notices
    ]


def notice_of(dedupe_key: str, person: str, plain: Mapping[str, Any], way: str = "") -> Notice:
    return Notice(
        dedupe_key,
        person,
        str(plain["text"]),
        url=str(plain.get("url", "")),
        template=str(plain.get("template", "")),
        fields=dict(plain.get("fields", {})),
        way=way,
    )
