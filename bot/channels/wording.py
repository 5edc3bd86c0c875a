"""What fits into one message of the platforms: an answer as one text, cut where a reader would cut it."""

import re

from handlers.message import Turn

# What XML 1.0 has no place for: control characters, lone surrogates, U+FFFE and U+FFFF.
_ILLEGAL = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ELLIPSIS = "…"
_JOINERS = "\u200d\ufe0e\ufe0f"  # what would dangle when a compound emoji is cut


def clean(text: str) -> str:
    """The text without characters that neither XML nor a database takes."""
    if text.isprintable():  # the usual one-line text, ten times quicker than the search
        return text
    return _ILLEGAL.sub("", text)


def cut(text: str, limit: int) -> str:
    """At most `limit` bytes of UTF-8, with 「…」 where something is missing.

    The cut is made at the end of a line if that keeps at least two thirds, else between characters.
    """
    if len(text) * 4 <= limit:
        return text
    raw = text.encode("utf-8", "ignore")
    if len(raw) <= limit:
        return text
    kept = raw[: max(limit - len("\n…".encode()), 0)].decode("utf-8", "ignore")
    line_end = kept.rfind("\n")
    if line_end * 3 >= len(kept) * 2:
        return kept[:line_end].rstrip() + "\n" + _ELLIPSIS
    return kept.rstrip(_JOINERS) + _ELLIPSIS


def spoken(turn: Turn, limit: int) -> str:
    """The whole answer as one text of at most `limit` bytes: texts apart by a blank line, choices numbered.

    A long text gives way to the choices: without them the question could not be answered.
    """
    text = clean("\n\n".join(part for part in turn.texts if part))
    if not turn.choices:
        return cut(text, limit)
    lines = clean("\n".join(f"{number} {choice.label}" for number, choice in enumerate(turn.choices, 1)))
    if not text:
        return cut(lines, limit)
    lines = cut(lines, limit // 2)
    return cut(text, limit - len(lines.encode("utf-8", "ignore")) - 1) + "\n" + lines


def with_link(text: str, url: str, limit: int) -> str:
    """The text and, on its own line, the address: a long text is cut, an address never."""
    if not url:
        return cut(clean(text), limit)
    url = clean(url)
    room = limit - len(url.encode("utf-8", "ignore")) - 1
    return (cut(clean(text), room) + "\n" + url).lstrip("\n") if room > 0 else cut(clean(text), limit)
