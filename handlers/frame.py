"""What the router remembers around a dialog: its open question, the step before, and what waits behind it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from handlers.draft import FORM as REPORT
from handlers.filed import FORM as FILED
from handlers.message import Choice, Dialog, Turn
from nlp.understanding import Decision, Understanding, Wish

STEPS_BACK = 2
MOST_WAITING = 4
LOST = "lost"
# Forms that only understand a short word about what has just been answered: nobody has to answer them.
_OFFERS = frozenset({"", LOST, "voice", FILED, "fund.more", "activity.details", "status"})


def asks(dialog: Dialog) -> bool:
    """Whether the person has been asked something that is still open."""
    if dialog.form == "activity.pick":
        return bool(dialog.answers.get("purpose", "show") != "show")
    if dialog.form == "activity.mine":
        return bool(dialog.answers.get("asked") or dialog.answers.get("people"))
    return dialog.form not in _OFFERS


@dataclass(frozen=True, slots=True)
class Matter:
    """A dialog that was put aside with the question it stands at, or a wish that nobody has looked at yet.

    `seen` says whether the person has read the question, `said` are the words of a wish that was understood but not
    asked about yet. `begun` is the id of the message it began with.
    """

    dialog: Dialog = field(default_factory=Dialog)
    asked: str = ""
    begun: str = ""
    seen: bool = True
    said: str = ""
    wish: Wish | None = None

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> "Matter":
        if "said" in plain:
            heard = Understanding(
                str(plain["said"]), Decision.SURE, str(plain["intent"]), 1.0, slots=plain["slots"]
            )
            return cls(begun=str(plain.get("begun", "")), seen=False, wish=Wish(heard.text, heard))
        choices = tuple(Choice(label, say) for label, say in plain.get("choices", ()))
        dialog = Dialog(str(plain["form"]), plain["answers"], choices)
        asked, begun = str(plain.get("asked", "")), str(plain.get("begun", ""))
        return cls(dialog, asked, begun, "new" not in plain, str(plain.get("new", "")))

    def as_plain(self) -> dict[str, Any]:
        if self.wish is not None:
            said, heard = self.wish.text, self.wish.heard
            return {"said": said, "intent": heard.intent, "slots": dict(heard.slots), "begun": self.begun}
        plain = {
            "form": self.dialog.form,
            "answers": dict(self.dialog.answers),
            "choices": [[one.label, one.say] for one in self.dialog.choices],
            "asked": self.asked,
            "begun": self.begun,
        }
        return plain if self.seen else plain | {"new": self.said}

    @property
    def about(self) -> str:
        """A few words of it, for telling people that it waits."""
        if self.wish is not None:
            return self.wish.text
        return self.said or str(self.dialog.answers.get("text", "") or self.dialog.answers.get("said", ""))


@dataclass(frozen=True, slots=True)
class Frame:
    """Everything around one dialog; travels in `Dialog.around` as JSON.

    `back` are the steps before, the latest first; `waiting` what comes afterwards, the first first; `also` is the
    short way back to an answer that was given in between; `lost` counts what was not understood in a row.
    """

    begun: str = ""
    asked: str = ""
    back: tuple[Matter, ...] = ()
    waiting: tuple[Matter, ...] = ()
    also: Matter | None = None
    lost: int = 0

    @classmethod
    def of(cls, dialog: Dialog) -> "Frame":
        plain = dialog.around
        if not plain:
            return _NONE
        also = plain.get("also")
        return cls(
            begun=str(plain.get("begun", "")),
            asked=str(plain.get("asked", "")),
            back=tuple(Matter.of(one) for one in plain.get("back", ())),
            waiting=tuple(Matter.of(one) for one in plain.get("waiting", ())),
            also=Matter.of(also) if also else None,
            lost=int(plain.get("lost", 0)),
        )

    def around(self, dialog: Dialog) -> Dialog:
        """The dialog inside this frame; what is empty is not written down."""
        plain: dict[str, Any] = {"begun": self.begun, "asked": self.asked, "lost": self.lost}
        plain |= {"back": [one.as_plain() for one in self.back]}
        plain |= {"waiting": [one.as_plain() for one in self.waiting]}
        plain |= {"also": self.also.as_plain() if self.also else None}
        return replace(dialog, around={name: value for name, value in plain.items() if value})

    def matter(self, dialog: Dialog) -> Matter:
        """The dialog of this frame as something to come back to."""
        return Matter(replace(dialog, around={}), self.asked, self.begun)


_NONE = Frame()


def framed(turn: Turn, old: Dialog, frame: Frame) -> Turn:
    """The turn's dialog with what has to be remembered around it; `old` and `frame` are what stood before."""
    dialog = turn.dialog
    if not dialog.form and not frame.waiting and not dialog.around:
        return turn
    new = Frame.of(dialog)
    bare = replace(dialog, around={})
    back: tuple[Matter, ...] = ()
    if not new.begun and asks(old) and asks(bare) and _same_road(old, bare):
        same = (old.form, old.answers) == (bare.form, bare.answers)
        back = frame.back if same else (frame.matter(old), *frame.back)[:STEPS_BACK]
    waiting: list[Matter] = []
    for one in (*new.waiting, *frame.waiting):
        if one.wish is not None or all(one.dialog != other.dialog for other in waiting):
            waiting.append(one)
    made = Frame(
        begun=new.begun or frame.begun,
        asked=new.asked or (turn.texts[-1][:600] if turn.texts and asks(bare) else ""),
        back=new.back or back,
        waiting=tuple(one for one in waiting if one.wish is not None or one.dialog != bare)[:MOST_WAITING],
        also=new.also,
        lost=new.lost,
    )
    return replace(turn, dialog=made.around(bare))


def _same_road(old: Dialog, new: Dialog) -> bool:
    """Steps of one matter: 「返回」 goes from the second to the first."""
    return old.form.partition(".")[0] == new.form.partition(".")[0]


__all__ = ["FILED", "LOST", "MOST_WAITING", "REPORT", "Frame", "Matter", "asks", "framed"]
