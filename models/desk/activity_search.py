"""Finding the activity somebody means: by its code, its title, another name, or a good part of one."""

import re
import unicodedata
from datetime import date, datetime
from difflib import SequenceMatcher
from functools import lru_cache

from sqlmodel import col, select

from models.activity import AHEAD, Activity, ActivityState, SignUp
from models.desk.activity_plan import SHANGHAI
from models.desk.activity_stamp import ACTIVITIES, REMEMBERED
from models.desk.base import DeskBase
from models.desk.memory import remembered

# Words of a sign-up sentence that name no activity; left in, they would be found inside titles.
_EMPTY_WORDS = re.compile(
    r"社区|小区|邻里|居民|活动|报名|报个名|参加|参与|取消|名额|时间|地点|什么时候|几点|哪天|哪里|哪儿|在哪|怎么|还有|多少|今年|明年"
    r"|我们|咱们|一家|老伴|名单|登记|我要|我想|可以|帮我|[0-9]{4}年?|第.{1,3}届|[的了吗呢吧嘛啊呀哦嘞噻我]"
)


class ActivitySearch(DeskBase):
    """The reading side of 活动: nothing here locks or changes anything."""

    def open_activities(self) -> list[Activity]:
        """What can be signed up for at this moment, the nearest first (full ones too: there is a waiting list)."""
        return [
            activity
            for activity in self.upcoming_activities()
            if activity.opens_at <= self.now < activity.closes_at
        ]

    def upcoming_activities(self) -> list[Activity]:
        """What is announced and not begun, the nearest first."""
        return [
            activity
            for activity in self.recent_activities()
            if activity.starts_at > self.now and activity.state in AHEAD
        ]

    @remembered(ACTIVITIES)
    def recent_activities(self) -> list[Activity]:
        """What is still to come or began not long ago, drafts too, oldest first."""
        return self.activities(since=self.now - REMEMBERED)

    def activities(self, *, since: datetime | None = None) -> list[Activity]:
        """Every activity that starts after `since` (all when None), oldest first."""
        self.session.flush()
        statement = select(Activity).where(col(Activity.community_id) == self.community_id)
        if since is not None:
            statement = statement.where(col(Activity.starts_at) > since)
        statement = statement.order_by(col(Activity.starts_at), col(Activity.id))
        return list(self.session.exec(statement.execution_options(populate_existing=True)))

    def find_activities(self, words: str, *, on: date | None = None) -> list[Activity]:
        """The activities these words may mean, all equally likely; [] when they name none.

        What is still to come is preferred to what is over or called off. `on` is a local date: used alone when
        the words name nothing, and to choose between several.
        """
        known = [
            activity for activity in self.recent_activities() if activity.state is not ActivityState.DRAFT
        ]
        hits = _best(squash(words), known)
        if on is not None:
            same_day = [a for a in hits or known if a.starts_at.astimezone(SHANGHAI).date() == on]
            hits = same_day or hits
        ahead = [activity for activity in hits if activity.state in AHEAD and activity.starts_at > self.now]
        return ahead or hits

    def sign_ups_in(self, code: str) -> list[SignUp]:
        """Every sign-up of an activity, cancelled ones too, in the order they came."""
        self.session.flush()
        statement = (
            select(SignUp)
            .join(Activity, col(SignUp.activity_id) == col(Activity.id))
            .where(
                col(Activity.community_id) == self.community_id, col(Activity.code) == code.strip().upper()
            )
            .order_by(col(SignUp.sequence))
        )
        return list(self.session.exec(statement))


@lru_cache(maxsize=1024)
def squash(words: str) -> str:
    """Letters, digits and characters alone, full width folded: 「重阳 宴！」 → 「重阳宴」."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", words).lower())


def _best(words: str, known: list[Activity]) -> list[Activity]:
    coded = [activity for activity in known if _names_code(words, squash(activity.code))]
    if coded:
        return coded
    named = [(name, activity) for activity in known if (name := _longest_name_in(words, activity))]
    if named:
        # 「重阳宴彩排」 does not mean 「重阳宴」 as well.
        return [a for name, a in named if not any(name != other and name in other for other, _ in named)]
    rest = _EMPTY_WORDS.sub("", words)
    if len(rest) < 2:
        return []
    scores = [(max(_likeness(rest, squash(name)) for name in a.names), a) for a in known]
    best = max((score for score, _ in scores), default=0.0)
    return [a for score, a in scores if best >= 0.5 and score >= best - 0.1]


def _names_code(words: str, code: str) -> bool:
    """Whether the code stands by itself in the words; a short bare number is a building, not a code."""
    if code not in words or len(code) < 2 or (code.isdigit() and len(code) < 4):
        return False
    return re.search(rf"(?<![a-z0-9]){re.escape(code)}(?![a-z0-9])", words) is not None


def _longest_name_in(words: str, activity: Activity) -> str:
    names = [name for given in activity.names if (name := squash(given)) and name in words]
    return max(names, key=len, default="")


def _likeness(rest: str, name: str) -> float:
    """0..1: how much of the name's own words stand in a row in what was said; at least two characters count."""
    own, pairs = _own_words(name)
    if not any(pair in rest for pair in pairs):
        return 0.0
    match = SequenceMatcher(None, rest, own, autojunk=False).find_longest_match()
    return 1.0 if match.size == len(rest) else match.size / len(own)


@lru_cache(maxsize=1024)
def _own_words(name: str) -> tuple[str, tuple[str, ...]]:
    """What a name says beyond 「社区」「活动」 and the like, and every two characters of it that stand together."""
    own = _EMPTY_WORDS.sub("", name)
    return own, tuple(own[at : at + 2] for at in range(len(own) - 1))
