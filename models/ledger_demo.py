"""Demo books: the 微基金 of a community and two estates' trust accounts over the half year before the loading day.

Names and figures are made up; sources, uses and shares follow F1, F2, F4, F5 and F20.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from models.desk.funds import FundDesk
from models.fund import FundKind, Shown
from models.ledger import local_day
from models.ledger_import import LedgerImported, import_rows
from models.ledger_rows import LedgerFile, LedgerRow

MONTHS = 6
DEMO = "演示数据"


@dataclass(frozen=True, slots=True)
class _Row:
    """`ago` months before this one, on `day` of the month; `yuan` positive comes in, negative goes out."""

    ago: int
    day: int
    yuan: int
    category: str
    memo: str
    party: str = ""
    shown: Shown = Shown.MASKED
    tag: str = ""


N, A = Shown.NAMED, Shown.ANONYMOUS

_MICRO = (
    _Row(6, 8, 5_000, "社区自筹", "社区自筹启动资金"),
    _Row(6, 12, 3_000, "商家捐赠", "爱心商家捐款", "幸福面馆", N),
    _Row(6, 20, -860, "环境卫生整治", "3栋楼道堆物清运"),
    _Row(5, 6, 2_680, "志愿者募集", "周末志愿者募集", "槐树苑志愿队", N),
    _Row(5, 15, 200, "居民自筹", "居民捐款", "王秀兰"),
    _Row(5, 15, 100, "居民自筹", "居民捐款", "张建国"),
    _Row(5, 22, -1_200, "困难群众帮扶", "慰问高龄独居老人6户"),
    _Row(4, 10, -1_500, "活动支出", "亲子风筝节材料", tag="风筝节"),
    _Row(4, 18, 860, "义卖", "小桔灯义卖", tag="小桔灯义卖"),
    _Row(3, 5, 2_000, "商家捐赠", "爱心商家捐款", "红旗超市", N),
    _Row(3, 16, -980, "积分兑换", "第二季度积分兑换礼品"),
    _Row(3, 25, -1_350, "环境卫生整治", "垃圾房除臭改造"),
    _Row(2, 9, 300, "居民自筹", "居民捐款", "李德福"),
    _Row(2, 9, 500, "居民自筹", "居民捐款", "", A),
    _Row(2, 20, -1_600, "困难群众帮扶", "大病居民慰问2户"),
    _Row(1, 2, 3_000, "商家捐赠", "重阳宴定向捐款", "幸福面馆", N, "重阳宴"),
    _Row(1, 6, 1_260, "志愿者募集", "重阳宴募集", "金河绿洲志愿队", N, "重阳宴"),
    _Row(1, 14, -4_800, "活动支出", "重阳宴食材和餐具", tag="重阳宴"),
    _Row(1, 15, -1_150, "活动支出", "重阳宴桌椅租用", tag="重阳宴"),
    _Row(1, 16, -420, "活动支出", "重阳宴横幅和音响", tag="重阳宴"),
    _Row(1, 24, -760, "环境卫生整治", "秋季灭蚊药品"),
    _Row(0, 5, 600, "商家捐赠", "爱心商家捐款", "康民药房", N),
    _Row(0, 9, -850, "积分兑换", "第三季度积分兑换礼品"),
)


_JINHE_FEES = (96_000, 98_600, 97_200, 99_400, 98_000, 99_000, 61_000)
_DONATIONS = tuple(
    _Row(MONTHS - at, 3, fee * 45 // 1000, "酬金捐赠", "金河绿洲物业酬金的30%", "安心物业", N)
    for at, fee in enumerate(_JINHE_FEES[:-1], 1)
)


def _trust(fees: tuple[int, ...], company: str, repair: tuple[str, int, int], lifts: int) -> tuple[_Row, ...]:
    """Half a year of a trust: `fees` by month, the newest last, remuneration 15 % of the month before."""
    rows: list[_Row] = []
    for at, fee in enumerate(fees):
        ago = MONTHS - at
        if at:
            rows.append(
                _Row(ago, 1, -fees[at - 1] * 15 // 100, "公司酬金", "上月酬金（已收物业费的15%）", company)
            )
        for day, part in ((5, 60), (12, 25), (25, 15)):
            rows.append(_Row(ago, day, fee * part // 100, "物业费", "业主缴物业费"))
        rows += [
            _Row(ago, 6, 2_400 + 100 * (at % 3), "停车费", "公共区域停车"),
            _Row(ago, 15, -fee * 22 // 100, "秩序维护", "门岗和巡逻"),
            _Row(ago, 15, -fee * 16 // 100, "保洁", "楼道和外环境保洁"),
            _Row(ago, 16, -fee * 6 // 100, "绿化养护", "修剪和补种"),
            _Row(ago, 20, -(3_100 + 170 * (at % 4)), "公共水电", "公共照明、电梯和二次供水"),
        ]
        if lifts:
            rows.append(_Row(ago, 18, -lifts, "电梯维保", "电梯月度维保"))
    memo, ago, yuan = repair
    rows.append(_Row(ago, 22, -yuan, "维修养护", memo))
    rows.append(_Row(3, 8, 6_000, "公共收益", "电梯广告半年"))
    return tuple(rows)


_HUAISHU = _trust(
    (58_200, 60_400, 57_900, 61_300, 59_800, 60_600, 38_500), "安心物业", ("2栋屋面防水", 1, 12_600), 0
)
_JINHE = _trust(
    _JINHE_FEES,
    "安心物业",
    ("地下车库照明改造", 2, 18_900),
    5_600,
)

# 编号, 账名, kind, estate, rows, what the bank held before
BOOKS = (
    ("WJJ", "社区微基金", FundKind.MICRO, "", (*_MICRO, *_DONATIONS), 0),
    ("HSY", "槐树苑物业费账", FundKind.TRUST, "槐树苑", _HUAISHU, 2_000_000),
    ("JHLZ", "金河绿洲物业费账", FundKind.TRUST, "金河绿洲", _JINHE, 3_500_000),
)


def demo_ledgers(desk: FundDesk) -> list[LedgerImported]:
    """Open the demo funds that are not there yet and book their rows up to the desk's day, by the same importer."""
    done: list[LedgerImported] = []
    for code, name, kind, estate, rows, opening_fen in BOOKS:
        if desk.fund(code) is None:
            file = _file(rows, local_day(desk.now), code)
            done.append(
                import_rows(
                    desk,
                    file,
                    f"{name}（演示）",
                    code=code,
                    name=name,
                    kind=kind,
                    estate=estate,
                    opening_fen=opening_fen,
                    imported_by=DEMO,
                )
            )
    return done


def _file(rows: tuple[_Row, ...], today: date, code: str) -> LedgerFile:
    read: list[LedgerRow] = []
    for row in rows:
        day = _month_before(today, row.ago).replace(day=row.day)
        if day > today:
            continue
        read.append(
            LedgerRow(
                row=len(read) + 2,
                day=day,
                income_fen=max(0, row.yuan) * 100,
                expense_fen=max(0, -row.yuan) * 100,
                category=row.category,
                memo=row.memo,
                party=row.party,
                shown=row.shown,
                public_memo=None,
                tag=row.tag,
                voucher=f"{code}-{len(read) + 1:03d}",
            )
        )
    return LedgerFile(tuple(read), {}, 0)


def _month_before(today: date, months: int) -> date:
    """The first of the month that lies so many months before."""
    first = today.replace(day=1)
    for _ in range(months):
        first = (first - timedelta(days=1)).replace(day=1)
    return first
