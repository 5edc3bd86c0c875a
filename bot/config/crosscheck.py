"""What no single field can know: things named twice, people and buildings in two places, commas of the wrong kind."""

import re
from collections.abc import Iterable, Iterator
from datetime import timedelta

from bot.config.fields import said
from bot.config.sections import STAGES, ChannelSpec, FileSpec, GridSpec
from bot.settings import variable
from bot.yamlfile import Document, Path_, Scalar
from models.desk.places import split_building

# The templates that notices name, and the values they bring (`handlers.ticket_notices`, `handlers.activity_notices`).
TEMPLATES = {
    "进度通知": {"编号", "状态", "情况", "网格员"},
    "活动提醒": {"活动", "时间", "地点", "人数", "内容"},
}

Found = tuple[Path_, str]
_WORD_LISTS = ("关键词", "紧急词", "词语", "词类", "类别")


def doubled_accounts(channels: Iterable[ChannelSpec]) -> Iterator[Found]:
    """Two accounts with one 编号, or with 编号 whose secrets would be read from the same variables."""
    owner: dict[str, str] = {}
    for position, channel in enumerate(channels):
        name = variable(channel.code, "token")
        first = owner.get(name, "")
        owner.setdefault(name, channel.code)
        path: Path_ = ("渠道", position, "编号")
        if first == channel.code:
            yield path, f"「{channel.code}」已经是另一个账号的编号，请换一个"
        elif first:
            yield path, f"「{channel.code}」和「{first}」只差「-」「_」，密钥会读到同一处，请换一个名字"


def doubled_grids(grids: Iterable[GridSpec]) -> Iterator[Found]:
    """Grids with one 编号, buildings in two grids or without a number, a backup who is the worker himself."""
    codes: set[str] = set()
    homes: dict[tuple[str, str], str] = {}
    for position, grid in enumerate(grids):
        if grid.code in codes:
            yield ("网格", position, "编号"), f"「{grid.code}」已经是另一个网格的编号，请换一个"
        codes.add(grid.code)
        if grid.backup == grid.worker:
            yield ("网格", position, "后备"), "后备和负责是同一个人：请换一个人，或删掉「后备」这一行"
        for at, name in enumerate(grid.buildings):
            building = split_building(name)
            path: Path_ = ("网格", position, "范围", at)
            if not building[1]:
                yield path, f"「{name}」认不出是几栋，请写成「3栋」或「槐树苑3栋」这样"
                continue
            first = homes.setdefault(building, grid.code)
            if first != grid.code:
                yield path, f"「{name}」已经在网格 {first} 里，一栋楼只能属于一个网格"


def commas(document: Document) -> Iterator[Found]:
    """Words that a Chinese comma glued together: `[投诉，报修]` is one word to the machine."""
    for path, scalar in document.scalars():
        names = [step for step in path if isinstance(step, str)]
        if not names or not (names[-1] in _WORD_LISTS or names[0] in ("词语", "词类", "类别")):
            continue
        found = re.search(r"[，、；]", scalar.text)
        if found:
            yield path, f"「{scalar.text}」里有「{found[0]}」：词与词之间请用英文逗号，例如 [投诉, 报修]"


def version(document: Document) -> Iterator[Found]:
    """版本, so that a file made for a later linli is not half understood."""
    given = document.at(("版本",))
    if isinstance(given, Scalar) and given.text.strip() not in ("1", ""):
        yield ("版本",), "这个程序只认「版本: 1」的配置：请改回 1，或升级程序"


def remarks(spec: FileSpec) -> Iterator[str]:
    """What works, but an admin may not have meant."""
    if not spec.channels:
        yield "没有写「渠道」：现在只有手机模拟器能用"
    for channel in spec.channels:
        if channel.kind not in ("公众号", "企业微信"):
            yield f"渠道「{channel.code}」：这个版本还没有接通「{channel.kind}」，先不会收发消息"
        for name, template in channel.templates.items():
            if name not in TEMPLATES:
                yield f"渠道「{channel.code}」的模板「{name}」用不上，可用的有：{'、'.join(TEMPLATES)}"
            elif strange := set(template.fields) - TEMPLATES[name]:
                able = "、".join(sorted(TEMPLATES[name]))
                yield f"模板「{name}」没有字段「{'」「'.join(sorted(strange))}」，可用的有：{able}"
    yield from _clocks(spec)
    if not spec.admins:
        yield "没有写「管理员」：配置写错时没有人会收到通知"
    if not spec.grids:
        yield "没有写「网格」：报事会全部交给社区值班"
    if not spec.desk:
        yield "没有写「社区值班」：对不上网格的报事和超时上报没有人接"
    if not any(channel.kind == "企业微信" for channel in spec.channels):
        yield "没有「企业微信」渠道：网格员收不到推送"
    for grid in spec.grids:
        if not grid.buildings:
            yield f"网格「{grid.name}」没有写「范围」，不会有报事分给它"
        if not grid.lead:
            yield f"网格「{grid.name}」没有写「网格长」，超时后直接告诉社区值班"
    used = [
        grid_user for grid in spec.grids for grid_user in (grid.worker, grid.backup, grid.lead) if grid_user
    ]
    nameless = [userid for userid in dict.fromkeys([*used, *spec.desk]) if userid not in spec.people]
    if nameless:
        yield f"「人员」里没有 {'、'.join(nameless)}：居民看到的会是账号，不是姓名"


def _clocks(spec: FileSpec) -> Iterator[str]:
    """Days that mean 24 working hours, estates that no grid names."""
    stages = [
        (name, getattr(part, field))
        for part in (spec.times, *spec.times.policies)
        for name, field in STAGES.items()
        if getattr(part, field) is not None
    ]
    on_duty = [(name, stage) for name, stage in stages if stage.calendar == "值班时间"]
    for name, stage in on_duty:
        if stage.limit >= timedelta(days=1):
            hours = int(stage.limit.total_seconds() // 3600)
            yield (
                f"「{name}」按值班时间算，{said(stage.limit)}就是 {hours} 个小时的值班时间，要好几天；"
                "想要一个值班日，请写一天值班几小时，例如「7小时」"
            )
    known = {split_building(building)[0] for grid in spec.grids for building in grid.buildings}
    for estate in dict.fromkeys(name for policy in spec.times.policies for name in policy.estates):
        if estate not in known:
            yield f"「另行规定」里的小区「{estate}」没有写在「网格」的「范围」里，例如「{estate}1栋」（导入过这个小区就不用管）"
