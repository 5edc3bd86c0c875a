"""The roles of domain.md §1: what they are called, and how much of a grid's rows each may see (G7)."""

from dataclasses import dataclass
from enum import StrEnum

WORKER, LEAD, DISPATCHER = "micro_worker", "grid_lead", "dispatcher"


class Sees(StrEnum):
    """ROWS: every row under the duty's grid or building. FIGURES: sums only. NOTHING: no resident's data."""

    ROWS = "rows"
    FIGURES = "figures"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Role:
    """`name` as admins write it; `wide` roles answer for the whole community when no grid is named."""

    name: str
    sees: Sees = Sees.NOTHING
    wide: bool = False
    aliases: tuple[str, ...] = ()


ROLES: dict[str, Role] = {
    "resident": Role("居民"),
    "household_rep": Role("户代表"),
    "building_lead": Role("楼栋长", Sees.ROWS, aliases=("楼长", "单元长")),
    "volunteer": Role("志愿者"),
    "liaison": Role("党员联络员", Sees.ROWS, aliases=("联络员", "党员")),
    WORKER: Role("微网格员", Sees.ROWS, aliases=("网格员",)),
    LEAD: Role("一般网格长", Sees.ROWS, aliases=("网格长",)),
    DISPATCHER: Role("社区值班", Sees.ROWS, wide=True, aliases=("社区工作人员", "派单员", "调度员")),
    "community_staff": Role("社区干部", Sees.ROWS, wide=True, aliases=("社工",)),
    "community_admin": Role("社区书记", Sees.ROWS, wide=True, aliases=("书记", "主任", "社区主任")),
    "estate_committee": Role("业委会", Sees.FIGURES, aliases=("管委会", "院委会", "业主委员会")),
    "property_staff": Role("物业人员", Sees.FIGURES, aliases=("物业", "物业管家")),
    "property_finance": Role("物业财务", Sees.FIGURES),
    "fund_committee": Role("资金管理小组", Sees.FIGURES, wide=True, aliases=("微基金管委会",)),
    "auditor": Role("监督员", Sees.FIGURES, wide=True, aliases=("监督", "监委会")),
    "partner": Role("社区合伙人", wide=True, aliases=("合伙人",)),
    "mediator": Role("调解员", wide=True),
    "street_viewer": Role("街道", Sees.FIGURES, wide=True, aliases=("街道办",)),
    "sysadmin": Role("系统管理员", wide=True, aliases=("运维",)),
}
# Whom the service itself calls: they need a 企业微信 account.
CALLED = frozenset({WORKER, LEAD, DISPATCHER})
BY_NAME: dict[str, str] = {name: key for key, role in ROLES.items() for name in (role.name, *role.aliases)}
