"""Places in words: 栋, 单元, 室, 楼层, 区, 小区, and the landmark that people name."""

import re
from collections.abc import Iterable, Sequence

from nlp.estates import estate_named

_DASHED = re.compile(
    r"(?<![0-9a-z.\-/:])([a-z]?[0-9]{1,3})[-—/#](?:([0-9]{1,2})[-—/])?([0-9]{3,4})(?![0-9\-/:.]|[年月元块])"
)
_CHAINED = re.compile(
    r"(?<![0-9a-z])([a-z]?[0-9]{1,3})(?:栋|幢|号楼|座|#)楼?[-—/]([0-9]{1,2})(?:单元)?[-—/]([0-9]{3,4})(?![0-9\-])"
)
# Codes of parcels and the like look like addresses.
_CODE = re.compile(
    r"(?:码|密码|单号|尾号|车牌号?|工号|订单号?|卡号)(?:是|为)?[:： ]?[0-9a-z]+(?:-[0-9a-z]+)*|(?<=验证)[0-9]{4,6}"
)
_PAIR = re.compile(r"(?:住|在|我家|到|是)([0-9]{1,3})-([0-9]{1,2})(?![0-9\-:.]|[号日月])")
_BUILDING = re.compile(
    r"(?<![0-9a-z])(?<![整每这那有同另某几](?=1[栋幢座]))([a-z]?[0-9]{1,3}[a-z]?|[a-z])(?:号?楼栋|号楼|号院楼|栋楼?|幢楼?|#楼?|座)"
)
_FLOORED = re.compile(r"(?<![0-9a-z号第])(?<![整每这那有同另某几](?=1[楼层]))([0-9]{1,2})(?:楼|层)")
_CELLAR = re.compile(r"负([0-9])(?:楼|层)|地下([0-9])?层|(?<![0-9a-z])b([1-4])(?:楼|层|车库)|地下(?:车库|室)")
_UNIT = re.compile(r"(?<![0-9a-z])([0-9]{1,2}|[a-z甲乙丙丁东西中])单元")
_ROOM = re.compile(
    r"(?<=[栋幢楼座元层#区])[,， 的]?(?:[0-9]{1,2}(?:楼|层))?([0-9]{3,4})(?:室|房|户|号房|号)?(?![0-9元块年月点栋幢个]|楼(?![上下]))|"
    r"(?<![0-9])([0-9]{3,4})(?:室|号房|房间)|(?<=[元楼层])([0-9]{1,2})(?:号|户|室)(?![楼线门桌院])"
)
_LIVES = re.compile(
    r"(?:住|家在|我家|楼[上下]|隔壁|对门|房号|门牌号?|就是|改成|应该是)(?:是|在)?([0-9]{3,4})(?:室|房|号)?(?![0-9元块年月点-])"
)
_ZONE = re.compile(
    r"(?<![0-9a-z一-鿿])([a-z东西南北中0-9])区|([a-z])区|(?<=[苑园城府湾庭居])([东西南北中])区"
)
_PHASE = re.compile(r"(?<![0-9学第])([0-9])期(?!间|待|末|货|望|培训|班|课|活动|讲座|项目|款|开课)")
# A room and nothing more: told by who lives there or what comes from there.
_ROOM_LIKE = r"(?:[1-9]|[1-4][0-9])(?:0[1-9]|1[0-6])"
_ROOM_ALONE = re.compile(
    rf"(?<![0-9.\-a-z路号第¥])({_ROOM_LIKE})(?=的(?!奖|价|钱|费|公交|车|票|房子|平|套餐|活动)|那[家户]|家(?!门)|漏|在装|装修|养|住户|业主|户|楼[上下]|卫生间|厨房|阳台|房东|租客|老|天天|半夜|又在|没人|停|室)|"
    rf"^(?!110|112|114|1[0-9]?12$)({_ROOM_LIKE})$"
)

_LANDMARK = re.compile(
    r"(?:我们|咱们)?(?:小区|院子|院坝|社区|单元|大院)?(?:里头?的?|的)?(?:东|西|南|北|正|侧|后|前|大|老|地下|中间|幼儿园|学校|菜市场|超市|物业)*"
    r"(?:大门|南门|北门|东门|西门|后门|前门|侧门|门口|车库|车棚|地下室|楼道|楼梯间|楼梯|电梯口?|电梯间|花园|花坛|凉亭|亭子|广场|"
    r"垃圾站|垃圾房|停车场|配电房|泵房|幼儿园|活动室|活动中心|健身区|健身步道|水池|喷泉|游乐场|滑梯|楼顶|天台|屋顶|过道|走廊|围墙|"
    r"岗亭|门卫室?|保安亭|路口|人行道|公厕|篮球场|球场|坝坝|院坝|院子|阳台|厨房|厕所|卫生间|天井|绿化带|草坪|快递柜|充电桩|充电棚|道闸)"
    r"(?:旁边|边上|边边|对面|对门|背后|后面|后头|前面|前头|里头|里面|外面|外头|下面|底下|上面|高头|附近|角落|门口|入口|出口|那里|那儿|那边|口|处)?"
)


def _up(value: str) -> str:
    return {"甲": "1", "乙": "2", "丙": "3", "丁": "4"}.get(value, value.upper())


def _add(
    slots: dict[str, str], spans: list[tuple[int, int]], name: str, value: str, at: re.Match[str]
) -> None:
    if value and name not in slots:
        slots[name] = _up(value)
    spans.append(at.span())


def places(text: str, estates: Sequence[str] = (), said: str = "") -> dict[str, str]:
    """building, unit, room, floor, zone, estate and place (the words themselves) of a normalised text.

    `said` is the text as it was typed. More buildings than one are kept in `building_or`.
    """
    whole = text
    slots: dict[str, str] = {}
    spans: list[tuple[int, int]] = []
    if "码" in text or "号" in text or "验证" in text:
        text = _CODE.sub(lambda found: "　" * len(found[0]), text)
    text = _estate(text, estates, said, slots, spans)
    if any(char.isdigit() for char in text) or "单元" in text or "座" in text or "区" in text or "栋" in text:
        _numbered(text, slots, spans)
    mark = max(_LANDMARK.finditer(text), key=lambda found: len(found[0]), default=None)
    if mark is not None and (not spans or abs(mark.start() - max(end for _, end in spans)) <= 4):
        spans.append(mark.span())
    if spans:
        start, end = min(start for start, _ in spans), max(end for _, end in spans)
        near = end - start <= 30
        words = whole[start:end] if near else whole[spans[0][0] : spans[0][1]]
        slots["place"] = words.strip(" ,，的").upper()
    return slots


def _estate(
    text: str, estates: Iterable[str], said: str, slots: dict[str, str], spans: list[tuple[int, int]]
) -> str:
    """The text without the name of the estate, so that its phase is no zone and its 区 no district."""
    for estate in sorted(estates, key=len, reverse=True):
        at = text.find(estate.lower())
        if at >= 0 and estate:
            slots["estate"] = estate
            spans.append((at, at + len(estate)))
            return text
    if (named := estate_named(text, said)) is not None:
        # A part of one name that is configured means that estate: 锦绣 for 锦绣家园.
        near = [estate for estate in estates if named.name in estate or estate in named.name]
        slots["estate"] = near[0] if len(near) == 1 else named.name
        spans.append((named.start, named.end))
        return text[: named.start] + "　" * (named.end - named.start) + text[named.end :]
    return text


def _numbered(text: str, slots: dict[str, str], spans: list[tuple[int, int]]) -> None:
    if (chained := _CHAINED.search(text)) is not None:
        for number, name in enumerate(("building", "unit", "room"), 1):
            _add(slots, spans, name, chained[number], chained)
    dashed = None if chained is not None else _DASHED.search(text)
    if dashed is not None and not dashed[2] and (before := _BUILDING.search(text)) is not None:
        _add(slots, spans, "building", before[1], before)
        _add(slots, spans, "unit", dashed[1], dashed)
        _add(slots, spans, "room", dashed[3], dashed)
    elif (found := dashed) is not None:
        _add(slots, spans, "building", found[1], found)
        _add(slots, spans, "unit", found[2] or "", found)
        _add(slots, spans, "room", found[3], found)
    elif (found := _PAIR.search(text)) is not None:
        _add(slots, spans, "building", found[1], found)
        _add(slots, spans, "unit", found[2], found)
    if (found := _BUILDING.search(text)) is not None:
        _add(slots, spans, "building", found[1], found)
        others = dict.fromkeys(_up(other) for other in _BUILDING.findall(text, found.end()))
        others.pop(slots["building"], None)
        if others:
            slots["building_or"] = ",".join(others)
    if (found := _UNIT.search(text)) is not None:
        _add(slots, spans, "unit", found[1], found)
    if (found := _ROOM.search(text)) is not None:
        _add(slots, spans, "room", next(filter(None, found.groups())), found)
    elif (found := _LIVES.search(text)) is not None:
        _add(slots, spans, "room", found[1], found)
        spans[-1] = found.span(1)
    elif (found := _ROOM_ALONE.search(text)) is not None:
        _add(slots, spans, "room", found[1] or found[2], found)
    if (found := _CELLAR.search(text)) is not None:
        _add(slots, spans, "floor", "-" + next(filter(None, found.groups()), "1"), found)
    elif (found := _FLOORED.search(text)) is not None:
        _add(slots, spans, "floor", found[1], found)
    if (found := _ZONE.search(text)) is not None:
        _add(slots, spans, "zone", next(filter(None, found.groups())), found)
    elif (found := _PHASE.search(text)) is not None:
        _add(slots, spans, "zone", f"{found[1]}期", found)
