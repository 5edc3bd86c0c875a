"""The Desk's part for 活动: finding, signing up, organising, and what time does to them."""

from models.desk.activity_organising import ActivityOrganising
from models.desk.activity_search import ActivitySearch
from models.desk.activity_signing import ActivitySigning


class ActivityDesk(ActivitySigning, ActivityOrganising, ActivitySearch):
    """活动。"""
