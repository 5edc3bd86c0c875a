"""What a changed configuration does to messages that were heard before, in the admin's own names."""

from collections.abc import Sequence

from nlp.compare import ASKED, Rerouted
from nlp.masking import masked
from nlp.spec import OUT_OF_SCOPE, NlpSpec

LOOKED_AT = 400  # stored messages tried at a reload: some tens of milliseconds
_NAMED = 3


def moved_text(moved: Sequence[Rerouted], specs: Sequence[NlpSpec]) -> str:
    """「。以前的话有 5 句认得不同：「…」报事 → 催办…」, "" when nothing moved."""
    if not moved:
        return ""
    shown = "；".join(
        f"「{masked(one.text)[:24]}」{told(one.before, specs)} → {told(one.after, specs)}"
        for one in moved[:_NAMED]
    )
    more = " 等" if len(moved) > _NAMED else ""
    return f"\n最近的来话里有 {len(moved)} 句以后会认得不同：{shown}{more}"


def told(route: str, specs: Sequence[NlpSpec]) -> str:
    """Where a message goes, in the names that the admin gave; the newest configuration is asked last."""
    if "+" in route:
        return "＋".join(told(part, specs) for part in route.split("+"))
    if route == OUT_OF_SCOPE:
        return "没听懂"
    ident = route.removeprefix(ASKED)
    intent = next((found for spec in specs if (found := spec.intent(ident)) is not None), None)
    name = intent.name if intent is not None else ident
    return f"反问「{name}」" if route.startswith(ASKED) else f"「{name}」"
