"""Whether words look back or ahead: 「15号交的钱」, 「15号之前要交」."""

import re

# What was done carries 了, 过 or 的 right after the verb, unless something says that it is still to be done.
_DONE = re.compile(
    r"(?<![要会想能得])(?:报|交|登记|说|打|买|发|提|反映|投诉|申请|来|看|修|装|换|收|停|捐|花|用|签|办|领|付|缴|贴|坏|漏|丢|断|走|去|搬|摔|填|扣|转|充)"
    r"(?:了(?!再)|过(?!来|去|后|年|节|生|路|道)|的(?!时候|话|那天|可能))|上次|已经|早就|到现在|至今|以来|一共|总共|查不到|明细|流水|支出|收入|开销|没人(?:理|管|来)|还没(?:来|修|弄)"
)
_AHEAD = re.compile(
    r"(?:就?要|会(?!议|员|所|长)|将(?!军)|准备|打算|计划|预计)(?!求|么)|截止|截至|开始|起(?=执行|收|涨|调|实施)|之前|以前|以后|之后|过后|再(?:来|说|约|去|看|弄|交|过)|"
    r"上班|放假|开门|关门|办公|值班|集合|开会|报名|预约|上门|在家|有空|过来|能不能|可不可以|能报|来不|去不|涨价|到期|给我留|开学|过生|放烟花|通知"
)


def looks_back(text: str) -> bool | None:
    """True when the words look back, False when they look ahead, None when they do not say."""
    if _DONE.search(text):
        return True
    return False if _AHEAD.search(text) else None
