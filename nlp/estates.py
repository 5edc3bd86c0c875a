"""Names of estates that no configuration lists: 翠湖苑6栋, 锦绣家园二期, 春天花园3-1-702."""

import re
from dataclasses import dataclass

# An estate by its last words: surely one, or one when a building, a zone or a phase follows at once.
_SURE = (
    "花园|家园|嘉园|佳苑|雅苑|华苑|苑|小区|公寓|新村|华庭|豪庭|雅居|名邸|公馆|山庄|家属院|大院|名城|佳园|雅园|美庐|名苑|丽舍|丽都|锦都|绿洲|半岛|嘉苑|"
    "新居|新苑|新城|名居|康居|安居|花苑|尚城|名都|印象|社区"
)
_MAYBE = "园|府|城|湾|庭|居|(?<=[福和平乐安康德仁义锦喜泰祥])里|国际|阁|轩|郡|坊|庄|寓|广场|院|岛|都|洲|村|中心|天地|时代|世家|学府|郡|台|墅|第|邸|座"
_NEXT = r"[a-z]?[0-9]{1,3}(?:栋|幢|号楼|号院|座|#|单元|-[0-9])|[a-z东南西北中]区|[a-z](?:栋|座)"
_END = re.compile(
    rf"(?:{_SURE})(?:([1-9])期)?(?={_NEXT}|(?<=期)|的(?!(?:一|人|老人|业主群))|门口|[东南西北]门|大门|[里内外]|物业|$)|(?:{_MAYBE})(?:([1-9])期)?(?={_NEXT})"
)
_ENDS = frozenset("苑园区寓村庭居邸馆庄院城庐舍都洲岛象府湾里际阁轩郡坊场心地代家台墅第")
# What stands before the name, never in it.
_BEFORE = re.compile(
    r"我们|你们|咱们|他们|人家|我家|我屋头?|屋头|家住|住在|住|在|就是|这是|是|到|报修|报事|这个|那个|哪个|整个|一个|这边|那边|个|的|从|去|给|跟|我|你|,|，|。|、|\s|请|来|了"
)
_COMMON = re.compile(
    r"^(?:老|新|本|该|全|隔壁|旁边|对面|其他|别的|整|小|大|微|社区|咱|院|某|附近|每|各|好多|这|那|啥|什么|哪|同|一|两|几|高档|老旧)?(?:小区|社区|花园|家园|院子?|公寓|新村|新居|新城|印象|大院|园|城|广场|中心|家属院|苑|府|村|湾|庄|绿洲|半岛|公馆|山庄)$|"
    r"(?:幼儿|公|校|菜|果|动物|植物|游乐|乐|微花|小花|空中花|屋顶花|微|街心花)园$|商城|政府|法院|医院|学院|剧院|影院|养老院|敬老院|卫生院|福利院|电影院|服务中心|活动中心|管理中心|超市"
)
_CHINESE = "零一二三四五六七八九"


@dataclass(frozen=True, slots=True)
class EstateName:
    name: str
    start: int
    end: int


def estate_named(text: str, said: str = "") -> EstateName | None:
    """The name of an estate in a normalised text, with its phase; `said` is what was typed, for 二期 or 2期."""
    if _ENDS.isdisjoint(text):
        return None
    for found in _END.finditer(text):
        start = max(0, found.start() - 6)
        before = text[start : found.start()]
        cut = max((stop.end() for stop in _BEFORE.finditer(before)), default=0)
        while start + cut < found.start() and not "一" <= text[start + cut] <= "鿿":
            cut += 1
        start += cut
        phase = found[1] or found[2] or ""
        name = text[start : found.end() - (2 if phase else 0)]
        if len(name) < 2 or not all("一" <= char <= "鿿" for char in name) or _COMMON.search(name):
            continue
        if phase:
            name += f"{phase}期" if f"{phase}期" in said else f"{_CHINESE[int(phase)]}期"
        return EstateName(name, start, found.end())
    return None
