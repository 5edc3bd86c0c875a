"""Numbers in words that are no place and no time: phones, people, money, ticket numbers."""

import re

from nlp.normalise import numeral

_SPOKEN = re.compile(r"[零〇一二三四五六七八九幺]{7,12}")
_MOBILE = re.compile(r"(?<![0-9])(?:\+?86[- ]?)?(1[3-9][0-9])[- ]?([0-9]{4})[- ]?([0-9]{4})(?![0-9])")
_LANDLINE = re.compile(r"(?<![0-9])(0[1-9][0-9]{1,2})[- ]?([2-9][0-9]{3})[- ]?([0-9]{3,4})(?![0-9])")

_TICKET = re.compile(
    r"(?<![0-9a-z])([0-9]{6})[-—_ ]?([a-z]{1,4}[0-9]{1,3}?)[-—_ ]?([0-9]{4})(?![0-9])|"
    r"(?<![0-9a-z])([0-9]{6})-([0-9]{3,4})(?![0-9-])"
)
_TICKET_WORDS = r"查单|单号|编号|工单|单子|进度|补充|催办|催单|取消|撤销|撤单|受理|到场|上报|办结|反馈|退回|转交|重开|评价"
_TAIL = re.compile(
    rf"(?:{_TICKET_WORDS})(?:号|是|为)?[:： #]*([0-9]{{3,4}}|[a-z]{{1,4}}-?[0-9]{{3,8}})(?![0-9元块室号栋幢楼年月点个人-])|"
    r"^(0[0-9]{3})$"
)

_MONEY = re.compile(
    r"(?<![0-9.])([0-9]+(?:\.[0-9]{1,2})?)(万|千|百)?(?:元|块钱|块|圆)(?!砖|地|田|石|玻|板)(?:([1-9])(?![0-9]|[栋楼个人位])(?:角|毛)?)?"
)
_GIVEN = re.compile(
    r"(?:捐|出|打|转|付|赞助)(?:款|个|了|点)?([0-9]{2,7}|[一二两三四五六七八九][十百千万][零一二两三四五六七八九十百千]*)"
    r"(?![0-9]|[元块件本床台个斤袋年月日号栋%人])"
)
_SCALE = {"万": 10000, "千": 1000, "百": 100, None: 1, "": 1}

_GROUP = re.compile(
    r"([0-9]+)个?(?:人|位|名额|名|口人|张票|张|个名额|个位置|个位子|个座)|([0-9]+)个(?:大人|老人|小孩|娃|孩子|座位|名额|位)"
)
_SEATS = re.compile(r"(?:占|留|要|报|来|写|登记|加)([0-9])个(?!月|班|名字|字|小时|星期)")
_BIG_SMALL = re.compile(r"([一二两三四五0-9])大([一二两三四五0-9])小")
_FAMILY = re.compile(r"一家([一二两三四五六七八九0-9]+)口|([三四五六])口之家|([0-9])口人")
_TWO = re.compile(r"我们?俩|两口子|[我咱]们?两个?(?!月|年|次)|夫妻|老两口|俩人")
_THREE = re.compile(r"[我咱]们仨")
_PLUS = re.compile(r"我(?:们)?(?:和|跟|同|带|带上|带着|还有)([0-9]+)[个位]")
_ALONE = re.compile(
    r"(?:算|加|写|登记|记|添)(?:上|下|个)?我(?:[一1]个|名字|的名字|吧|嘛|$)|我(?:自己)?[一1]个人?(?:来|去|报|参加|$)|我自己(?:来|去)"
)
_NAMES = "赵钱孙李周吴郑王冯陈卫蒋沈韩杨朱秦许何吕张孔曹严金魏姜谢邹喻苏潘葛范彭鲁马方俞任袁柳唐罗薛雷贺倪汤殷毕郝安常乐于傅齐康伍余顾孟黄萧尹姚邵汪毛米贝戴宋庞熊舒屈项祝董梁杜阮蓝季贾江童郭梅林钟徐邱骆高夏蔡田胡凌霍万卢莫房丁邓洪石崔龚程陆段侯龙叶白刘"
_PAIR_KIN = r"父母|爸妈|爷爷奶奶|外公外婆|公婆|老人家?些"
_KIN = re.compile(
    rf"(?P<two>{_PAIR_KIN})|(?:邻居|朋友|同事|闺蜜)?[{_NAMES}]?(?:老伴儿?|老公|老婆|爱人|妻子|丈夫|媳妇|妈妈|老妈|爸爸|老汉儿?|爷爷|奶奶|"
    r"婆婆|公公|外公|外婆|儿子|女儿|女婿|娃娃|娃儿|孩子|孙子|孙女|孙娃|嬢嬢|大爷|大妈|叔叔|阿姨|姐姐|妹妹|哥哥|弟弟|大姐|大哥|老师)|"
    r"邻居|朋友|同事|闺蜜|我[妈爸姐妹哥弟娃]|(?<=[带和跟有、给帮])(?:妈|爸|娃)"
)
_WITH_ME = re.compile(r"我(?:们)?(?:和|跟|同|与|带|带上|带着|还有|加|、)")
_ME_TOO = re.compile(r"(?:和|跟|带|带着|带上)我(?!们)|我(?:要|想)?(?:带|带着|带上)")
_FOR_KIN = re.compile(r"(?:给|帮|替)(?:我家?|我们家?)?(?=[一-鿿])")


def phone(text: str) -> str:
    """A mobile or fixed-line number as digits, or ""; spoken digits (幺三九…) count too."""
    if len(text) >= 7:
        text = _SPOKEN.sub(lambda found: str(numeral(found[0])).zfill(len(found[0])), text)
    for pattern in (_MOBILE, _LANDLINE):
        if (found := pattern.search(text)) is not None:
            return "".join(found.groups())
    return ""


def ticket(text: str) -> str:
    """A ticket number in its full form (261012-W01-0003), its tail (0003), or ""."""
    if (found := _TICKET.search(text)) is not None:
        day, grid, tail, old_day, old_tail = found.groups()
        return f"{day}-{grid.upper()}-{tail}" if day else f"{old_day}-{old_tail}"
    if (found := _TAIL.search(text)) is not None:
        return (found[1] or found[2]).upper()
    return ""


def amount_fen(text: str) -> int | None:
    """A sum of money in fen: 「500元」→50000, 「3块5」→350, 「捐一千」→100000; None when there is none."""
    if (found := _MONEY.search(text)) is not None:
        whole, _, part = found[1].partition(".")
        if len(whole) > 10:
            return None
        fen = (int(whole) * 100 + int(part.ljust(2, "0") or 0)) * _SCALE[found[2]]
        return fen + (int(found[3]) * 10 if found[3] else 0)
    if (found := _GIVEN.search(text)) is not None:
        value = int(found[1]) if found[1].isascii() else numeral(found[1])
        return None if value is None else value * 100
    return None


def _count(word: str) -> int:
    return int(word) if word.isascii() else numeral(word) or 0


def people(text: str) -> int | None:
    """How many people: 「我和老伴」=2, 「一家三口」=3, 「两大一小」=3, 「我们5个人」=5; None when nothing says it."""
    if (found := _BIG_SMALL.search(text)) is not None:
        return _count(found[1]) + _count(found[2])
    if (found := _FAMILY.search(text)) is not None:
        return _count(next(filter(None, found.groups())))
    if (found := _PLUS.search(text)) is not None:
        return int(found[1]) + 1 if len(found[1]) < 4 else None
    groups = [_count(one or other) for one, other in _GROUP.findall(text)]
    if groups:
        parts = len(re.findall(r"[0-9]个(?:大人|老人|小孩|娃|孩子)", text))
        total = sum(groups) if parts > 1 else groups[0]
        return total if 0 < total < 1000 else None
    if (found := _SEATS.search(text)) is not None:
        return int(found[1]) or None
    if _THREE.search(text):
        return 3
    if _TWO.search(text):
        return 2
    return _named(text)


def _named(text: str) -> int | None:
    named = sum(2 if found["two"] else 1 for found in _KIN.finditer(text))
    if named:
        if _WITH_ME.search(text) or _ME_TOO.search(text):
            return named + 1
        if _FOR_KIN.search(text):
            return named
    return 1 if _ALONE.search(text) else None
