"""Named points of the demonstration's neighbourhood for the location picker (GCJ-02, invented around 成华区)."""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class NamedPlace:
    name: str
    latitude: float
    longitude: float
    label: str

    def public(self) -> dict[str, Any]:
        return asdict(self)


PLACES = (
    NamedPlace("3栋2单元门口", 30.664812, 104.113456, "槐树苑3栋2单元"),
    NamedPlace("小区东门", 30.665320, 104.114210, "槐树苑小区东门"),
    NamedPlace("5栋楼下花园", 30.664150, 104.112980, "槐树苑5栋"),
    NamedPlace("党群服务中心", 30.666010, 104.112505, "示例社区党群服务中心"),
    NamedPlace("菜市场路口", 30.663705, 104.115322, "槐树街与华实路交叉口"),
)


def place(name: str) -> NamedPlace | None:
    return next((one for one in PLACES if name in (one.name, one.label)), None)
