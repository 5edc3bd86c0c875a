"""A worker's own 公众号 identity: where a push goes that 企业微信 does not bring to him."""

from datetime import datetime

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from models.columns import UtcDateTime


class WorkerLink(SQLModel, table=True):
    """One worker of a community; `person` is the person key (`mp:openid`), "" until he has said the code there.

    `code` is what he must say in the 公众号, good until `code_until`.
    """

    __tablename__ = "worker_link"
    __table_args__ = (
        Index("ix_worker_link_person", "community_id", "person"),
        Index("ix_worker_link_code", "community_id", "code"),
    )

    community_id: int = Field(foreign_key="community.id", primary_key=True)
    userid: str = Field(primary_key=True, max_length=64)
    person: str = Field(default="", max_length=128)
    bound_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    code: str = Field(default="", max_length=16)
    code_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
