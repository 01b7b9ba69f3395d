"""What time it is for a run: its own now, and what has passed since the activity was scheduled."""

from datetime import datetime, timedelta

from temporalio import activity


def now(ordered_at: datetime) -> datetime:
    """The run's now at this attempt. Time skipping sets a run ahead of the wall clock, and its activities with it."""
    info = activity.info()
    return ordered_at + max(timedelta(0), info.started_time - info.scheduled_time)
