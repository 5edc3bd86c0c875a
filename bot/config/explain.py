"""What pydantic found wrong, told in Chinese with the line and the remedy."""

import re
from difflib import get_close_matches
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from bot.yamlfile import Document, Mistake, Scalar

Loc = tuple[str | int, ...]
_NO_TABLE = frozenset({"mapping_type", "dict_type", "model_type", "model_attributes_type"})


def explained(document: Document, model: type[BaseModel], error: ValidationError) -> list[Mistake]:
    """One mistake for each error, at the line of the place (or of what surrounds it when it is missing)."""
    return [_explained(document, model, found) for found in error.errors(include_url=False)]


def _explained(document: Document, model: type[BaseModel], found: Any) -> Mistake:
    loc: Loc = tuple(part for part in found["loc"] if part != "[key]")
    what = _what(found, model, loc)
    if found["type"] == "missing":
        loc = loc[:-1]
    if found["type"] == "extra_forbidden" and isinstance(loc[-1], str):
        return Mistake(document.file, document.line(loc), document.where(loc[:-1]), what)
    node = document.at(loc)
    in_words = found["type"] in _NO_TABLE and isinstance(node, Scalar) and node.text
    line = node.line if in_words and node is not None else document.line(loc)
    return Mistake(document.file, line, document.where(loc), what)


def _what(found: Any, model: type[BaseModel], loc: Loc) -> str:
    context: dict[str, Any] = found.get("ctx", {})
    given = found["input"]
    match found["type"]:
        case "missing":
            return f"少了「{loc[-1]}」：请补上一行「{loc[-1]}: …」"
        case "extra_forbidden":
            return unknown_key(str(loc[-1]), known_keys(model, loc[:-1]))
        case "string_type":
            return "这里应是一句话或一个词，不能是清单或几行" if given else "这里空着，请写上内容"
        case "tuple_type" | "list_type" | "set_type":
            return "这里应是一张清单：写成 [甲, 乙]，或每行一项，以「- 」开头"
        case kind if kind in _NO_TABLE:
            return _no_table(given)
        case "too_short":
            return "至少要写一项"
        case "string_too_long":
            return f"太长了，最多 {context['max_length']} 个字"
        case "literal_error":
            return f"请写其中之一：{str(context['expected']).replace(chr(39), '').replace(' or ', '、')}"
        case "value_error":
            return str(context["error"])
        case _:
            said = str(found["msg"])
            return said if re.search(r"[\u4e00-\u9fff]", said) else "这里写得不对，请对照自带的 config.yaml"


def _no_table(given: object) -> str:
    if isinstance(given, str) and given:
        found = re.match(r"([^\s：:]{1,12})([：:])", given)
        if found and found[2] == "：":
            return f"「{found[1]}」后面用了中文冒号，请改成英文冒号加一个空格：{found[1]}: …"
        if found:
            return f"冒号后面要空一格：{found[1]}: …"
        return "这里下面应是几行「名称: 内容」，不能只写一句话"
    if isinstance(given, list):
        return "这里应是几行「名称: 内容」，不是以「-」开头的清单"
    return "这一段空着：请补上内容，或连同名称一起删掉"


def unknown_key(key: str, known: list[str]) -> str:
    """`key` is not among `known`: perhaps the nearest was meant."""
    if "：" in key:
        name, _, value = key.partition("：")
        return f"「{name}」后面用了中文冒号，请改成英文冒号加一个空格：{name}: {value}".rstrip()
    near = get_close_matches(key, known, n=1, cutoff=0.4)
    hint = f"是不是「{near[0]}」？" if near else ""
    return f"不认识「{key}」。{hint}这里可以写：{'、'.join(known)}"


def known_keys(model: type[BaseModel], loc: Loc) -> list[str]:
    """The keys that may stand at a place, in Chinese."""
    kind: Any = model
    for step in loc:
        kind = _inside(kind, step)
        if kind is None:
            return []
    found = _model(kind)
    return [] if found is None else [info.alias or name for name, info in found.model_fields.items()]


def _inside(kind: Any, step: str | int) -> Any:
    model = _model(kind)
    if model is not None:
        return next(
            (info.annotation for name, info in model.model_fields.items() if step in (info.alias, name)), None
        )
    kind = _bare(kind)
    args = [arg for arg in get_args(kind) if arg is not Ellipsis]
    return args[-1] if args else None


def _model(kind: Any) -> type[BaseModel] | None:
    kind = _bare(kind)
    return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None


def _bare(kind: Any) -> Any:
    """Without `Annotated` and without `| None`."""
    while True:
        origin = get_origin(kind)
        if origin is Annotated:
            kind = get_args(kind)[0]
        elif origin in (Union, UnionType):
            kind = next(arg for arg in get_args(kind) if arg is not type(None))
        else:
            return kind
