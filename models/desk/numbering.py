"""Numbers of tickets and proposals: `YYMMDD-网格码-nnnn`, counted on one conditional statement."""

from zoneinfo import ZoneInfo

from sqlmodel import col

from models.desk.base import DeskBase
from models.prepared import Prepared
from models.ticket import TicketCounter

CHENGDU = ZoneInfo("Asia/Shanghai")

# Built once: putting a statement together costs as much as running it.
_COUNT_ON = Prepared(
    lambda dialect: (
        dialect.insert(TicketCounter)
        .on_conflict_do_update(
            index_elements=["community_id", "day", "grid_code"], set_={"last": col(TicketCounter.last) + 1}
        )
        .returning(col(TicketCounter.last))
    ),
    ("community_id", "day", "grid_code", "last"),
)


class NumberDesk(DeskBase):
    """The next number of a day and a grid."""

    def _number(self, grid_code: str) -> str:
        day = self.now.astimezone(CHENGDU).strftime("%y%m%d")
        place = {"community_id": self.community_id, "day": day, "grid_code": grid_code, "last": 1}
        return f"{day}-{grid_code}-{_COUNT_ON.run(self.session.connection(), place).scalar_one():04d}"
