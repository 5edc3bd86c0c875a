"""The categories (科目) that money is booked under: fixed codes, Chinese names, and the other ways people write them."""

from dataclasses import dataclass

from models.fund import AccountType, FundKind

INCOME, EXPENSE = AccountType.INCOME, AccountType.EXPENSE


@dataclass(frozen=True, slots=True)
class Category:
    """One category; `aliases` are what a bookkeeper may write instead of its name."""

    code: str
    name: str
    type: AccountType
    aliases: tuple[str, ...] = ()


# Every fund has a bank and an opening account; further ones join it when they are first booked to.
BASIC = (
    Category("bank", "银行存款", AccountType.ASSET, ("现金", "存款")),
    Category("opening", "期初结余", AccountType.EQUITY, ("上年结余", "期初余额")),
)

# F1: where a 微基金's money comes from.
_SOURCES = (
    Category("merchant_donation", "商家捐赠", INCOME, ("爱心商家捐赠", "企业捐赠", "商户捐赠", "爱心商家")),
    Category("volunteer_raised", "志愿者募集", INCOME, ("志愿者募捐", "社区志愿者募集")),
    Category("community_raised", "社区自筹", INCOME, ("社区筹集",)),
    Category(
        "resident_raised",
        "居民自筹",
        INCOME,
        ("居民捐赠", "居民捐款", "个人捐赠", "社会捐赠", "捐赠", "捐款"),
    ),
    Category("remuneration_donation", "酬金捐赠", INCOME, ("物业酬金捐赠", "物业捐赠", "酬金捐款")),
    Category("partner_share", "合伙人反哺", INCOME, ("合伙人捐赠", "收益反哺", "反哺")),
    Category("charity_sale", "义卖", INCOME, ("义卖收入", "爱心义卖")),
    Category("grant", "补助拨款", INCOME, ("政府补助", "拨款", "补贴", "微创投资助")),
)

# F2: what it is spent on.
_USES = (
    Category("points_redemption", "积分兑换", EXPENSE, ("居民积分兑换", "积分礼品")),
    Category("sanitation", "环境卫生整治", EXPENSE, ("环境整治", "卫生整治", "小区环境卫生整治")),
    Category("hardship_relief", "困难群众帮扶", EXPENSE, ("困难帮扶", "帮扶", "慰问", "走访慰问")),
    Category("activity", "活动支出", EXPENSE, ("活动", "活动费", "活动经费", "活动开支")),
    Category("renovation", "微整治微更新", EXPENSE, ("微整治", "微更新", "小型改造")),
)

# F4, F12: the owners' trust account of an estate.
_TRUST_INCOME = (
    Category("property_fee", "物业费", INCOME, ("物业费收入", "物业服务费", "收物业费")),
    Category("parking_fee", "停车费", INCOME, ("停车收入", "车位费", "停车场收入")),
    Category("public_revenue", "公共收益", INCOME, ("公共区域收益", "广告收益", "广告收入", "公共部位收益")),
)
_TRUST_EXPENSE = (
    Category("remuneration", "公司酬金", EXPENSE, ("酬金", "物业酬金", "物业公司酬金", "管理酬金")),
    Category("security", "秩序维护", EXPENSE, ("保安", "秩序维护费", "安保", "保安费")),
    Category("cleaning", "保洁", EXPENSE, ("保洁费", "清洁", "清洁费", "垃圾清运")),
    Category("greening", "绿化养护", EXPENSE, ("绿化", "绿化费")),
    Category("repair", "维修养护", EXPENSE, ("维修", "维修费", "设施维修", "公共维修")),
    Category("lift", "电梯维保", EXPENSE, ("电梯", "电梯维护", "电梯年检")),
    Category("utilities", "公共水电", EXPENSE, ("水电", "水电费", "公摊水电", "公共能耗")),
    Category("staff", "人员工资", EXPENSE, ("工资", "人工", "人员费用")),
)
_BOTH = (
    Category("interest", "利息", INCOME, ("利息收入", "存款利息")),
    Category("other_income", "其他收入", INCOME, ("其它收入",)),
    Category("bank_fee", "银行手续费", EXPENSE, ("手续费", "账户管理费")),
    Category("office", "办公杂费", EXPENSE, ("办公费", "办公", "杂费")),
    Category("other_expense", "其他支出", EXPENSE, ("其它支出",)),
)

ALL = (*BASIC, *_SOURCES, *_USES, *_TRUST_INCOME, *_TRUST_EXPENSE, *_BOTH)
BY_CODE = {category.code: category for category in ALL}

KIND_NAMES = {
    FundKind.MICRO: "微基金",
    FundKind.TRUST: "物业费",
    FundKind.GUARANTEE: "保障资金",
    FundKind.CHARITY_MIRROR: "慈善基金",
    FundKind.PROJECT: "专项",
}
KIND_WORDS = {
    **{name: kind for kind, name in KIND_NAMES.items()},
    **{kind.value: kind for kind in FundKind},
    "信托": FundKind.TRUST,
    "信托制": FundKind.TRUST,
    "物业": FundKind.TRUST,
    "项目": FundKind.PROJECT,
    "慈善": FundKind.CHARITY_MIRROR,
}


def of(kind: FundKind) -> tuple[Category, ...]:
    """The categories a fund of this kind is booked under, in the order people read them."""
    if kind is FundKind.TRUST:
        return (*BASIC, *_TRUST_INCOME, *_TRUST_EXPENSE, *_BOTH)
    return (*BASIC, *_SOURCES, *_USES, *_BOTH)


def find(kind: FundKind, word: str, type_: AccountType) -> Category | None:
    """The category that `word` means in a fund of this kind on this side of the books, by name, alias or code."""
    word = word.strip()
    for category in of(kind):
        if category.type is type_ and (word in (category.name, category.code) or word in category.aliases):
            return category
    return None
