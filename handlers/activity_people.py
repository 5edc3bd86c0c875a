"""How many people a sentence speaks of: 「我和老伴」 is two, 「一家三口」 three, 「再加一个人」 one more."""

import re
import unicodedata

_DIGITS = {"零": 0, "一": 1, "二": 2, "两": 2, "俩": 2, "三": 3, "仨": 3, "四": 4, "五": 5}
_DIGITS |= {"六": 6, "七": 7, "八": 8, "九": 9}
_N = r"([0-9]{1,4}|[零一二两俩三四五六七八九十百]{1,5})"
_HEADS = (
    r"(?:大人|老人|老年人|小孩儿?|小朋友|孩子|娃娃|娃儿|娃|孙子|孙女|儿子|女儿|朋友|邻居|同事|亲戚|大|小)"
)

_TOTAL = re.compile(
    rf"(?:一共|总共|共|合计|加起来|连我|加我|算上我|改成|改为|变成|换成|是)[^0-9零一二两俩三四五六七八九十百]{{0,3}}{_N}(?:个|位|人|名|口|$)"
)
_FAMILY = re.compile(rf"家子?{_N}口|{_N}口(?:人|之家|子)")
_GROUP = re.compile(
    rf"(?<![第]){_N}(?:个人|个名额|个位子|个座位|个位置|位|名|人(?!民)|个(?=$|[，。！,!吧哈]))"
)
_PAIR = re.compile(
    r"(?:我们|咱们|咱|我|夫妻|两夫妻|母女|母子|父子|父女|爷孙|婆孙|姐妹|兄弟|姊妹|娘儿?|爷儿?|公婆|老)(俩|仨|两口子|两个|两口|两夫妻)|(?:小|老)?(两口子|两夫妻|夫妻俩)|老(两口)"
)
_HEAD_COUNT = re.compile(rf"{_N}个?{_HEADS}")
_ALONE = re.compile(r"算我一(?:个|位|份)|我?一个人|就我|只有我|我自己|我一个|本人|写我(?:的)?名字|单独")
_TOGETHER = re.compile(
    r"我(?:们|家)?(?:(?:想|要|准备|打算)?(?:和|跟|与|同|带着|带上|带起|带|还有|加上|喊上|陪))(.{1,14}?)"
    r"(?=一起|一路|一块|一同|都|去|来|要|想|报|参加|占|登记|，|。|,|！|!|$)"
)
_JOINTS = re.compile(r"、|和|跟|与|还有|以及|加上|带着|带上|带")
_TWO_IN_ONE = re.compile(
    r"爸妈|父母|爹妈|妈老汉|爷爷奶奶|外公外婆|公公婆婆|公婆|岳父岳母|两口子|夫妻|夫妇|俩$"
)
_MANY = re.compile(r"我们|咱们|咱家|全家|一家|一大家|几个人|好几")
_BARE = re.compile(rf"{_N}(?:个|位|人|个人|名|口)?(?:吧|哈|嘛|。|，|！)?")
_MORE = re.compile(rf"(?:再|多|另外|还要|还)(?:加|来|带|报|添|了)?{_N}?(?:个|位)|加{_N}?(?:个|位)")
_FEWER = re.compile(rf"(?:少|减|去掉|退)(?:来|去|了)?{_N}?(?:个|位)")
_PLAIN = re.compile(
    rf"(?:那|就|还是|请|麻烦|帮我|给我|一共|总共|合计|共|是|我们?|改成|改为|改到|变成|换成|改|再|多|少|加|减|带|来|报|要|去掉|另外|还要|去|也|都|参加|只|算上?|了)*"
    rf"(?:{_N}(?:个人|个名额|个|位|人|名|口)?)?(?:都|也|要|一起|了|吧|哈|嘛|来|去|参加|报名|[。，！!])*"
)
_PLAIN_TOGETHER = re.compile(
    r"我?(?:和|跟|与|同|带着|带上|带)(?:我)?[^0-9栋楼路灯水电]{1,8}?(?:一起|一块)?(?:都|也)?(?:要|想)?(?:去|来|参加|报名)?[吧哈。！!]?"
)


def plainly_people(words: str) -> bool:
    """Whether the words say nothing but how many come: 「改成3个人」, 「我和老伴去」."""
    text = _plain(words)
    if not text or len(text) > 14:
        return False
    return _PLAIN.fullmatch(text) is not None or _PLAIN_TOGETHER.fullmatch(text) is not None


def number(words: str) -> int | None:
    """「12」「十二」「两」「一百二十」 → the number; None for anything else."""
    if words.isascii() and words.isdigit():
        return int(words)
    total, digit = 0, 0
    for sign in words:
        if sign in _DIGITS:
            digit = _DIGITS[sign]
        elif sign == "十":
            total, digit = total + (digit or 1) * 10, 0
        elif sign == "百":
            total, digit = total + (digit or 1) * 100, 0
        else:
            return None
    return total + digit if words else None


def people_in(words: str) -> int | None:
    """The number of people, or None when the sentence does not tell."""
    text = _plain(words)
    for pattern in (_TOTAL, _FAMILY):
        if (hit := pattern.search(text)) is not None:
            return _first(hit)
    together = _TOGETHER.search(text)
    if together is None and (heads := _HEAD_COUNT.findall(text)):
        # 「两个大人一个娃」; 「2大1小」
        return sum(number(count) or 0 for count in heads) + (1 if re.search(r"我(?!们)", text) else 0)
    group = _GROUP.search(text)
    if group is not None and not (together and group.start() >= together.start(1) and _guests_only(together)):
        return _first(group)
    if together is not None:
        return 1 + sum(_companions(part) for part in _JOINTS.split(together.group(1)) if part)
    if (pair := _PAIR.search(text)) is not None:
        return 3 if "仨" in pair.group(0) else 2
    return 1 if _ALONE.search(text) else None


def bare_number(words: str) -> int | None:
    """An answer to 「几位？」 that is only a number: 「3」「三个」「两位吧」."""
    hit = _BARE.fullmatch(_plain(words))
    return _first(hit) if hit is not None else None


def changed_people(words: str, now: int) -> int | None:
    """The new number after 「改成3个人」「再加一个」「少一个人」; None when nothing is to change."""
    text = _plain(words)
    if (hit := _FEWER.search(text)) is not None:
        return max(0, now - (_first(hit) or 1))
    if (hit := _MORE.search(text)) is not None:
        return now + (_first(hit) or 1)
    return people_in(text)


def companions_in(words: str) -> str:
    """Who comes along, in the sentence's own words: 「老伴」; "" when nobody is named."""
    hit = _TOGETHER.search(_plain(words))
    return hit.group(1) if hit is not None else ""


def speaks_of_many(words: str) -> bool:
    """「我们」「全家」: more than one, and how many must be asked."""
    return _MANY.search(words) is not None


def _plain(words: str) -> str:
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", words))


def _first(hit: re.Match[str]) -> int | None:
    return next((number(group) for group in hit.groups() if group), None)


def _guests_only(together: re.Match[str]) -> bool:
    """「我带三个人」: the three come beside the speaker, unlike 「我和老伴两个人」."""
    return re.match(rf"{_N}(?:个|位)", together.group(1)) is not None


def _companions(part: str) -> int:
    count = re.match(rf"{_N}(?:个|位|名)?", part)
    if count is not None and (found := number(count.group(1))):
        return found
    return 2 if _TWO_IN_ONE.search(part) else 1
