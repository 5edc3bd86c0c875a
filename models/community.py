"""The community itself: every other row carries its id."""

from sqlmodel import Field, SQLModel


class Community(SQLModel, table=True):
    """社区。`code` is the stable short name of the configuration, unique in a deployment."""

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(unique=True, max_length=32)
    name: str = Field(max_length=64)
