"""When a letter must be answered, and from when on it may be known."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from samdrift_platform.contract import Item
from samdrift_rpa.digital_post.memo import Letter
from samdrift_rpa.digital_post.policy import PostPolicy
from samdrift_rpa.hours import COPENHAGEN

#: A letter that is not sorted within this time from its receipt is late.
SORTED_WITHIN = timedelta(days=1)


def received_at(item: Item) -> datetime | None:
    """When it came in (aware, UTC), told from the item's deadline."""
    return item.deadline - SORTED_WITHIN if item.deadline else None


def due_on(letter: Letter, received: datetime | None, policy: PostPolicy) -> date | None:
    """The Danish day by which it must be answered: `replyByDateTime`, otherwise so many days after its receipt."""
    if letter.reply_by is not None:
        return letter.reply_by.astimezone(COPENHAGEN).date()
    return _in_our_time(received, policy)


def promised_on(letter: Letter, received: datetime | None, policy: PostPolicy) -> date | None:
    """What the sender may be told: `due_on`, unless that day was over before the letter came in."""
    due, ours = due_on(letter, received, policy), _in_our_time(received, policy)
    if due is None or received is None or due >= received.astimezone(COPENHAGEN).date():
        return due
    return ours


def _in_our_time(received: datetime | None, policy: PostPolicy) -> date | None:
    if received is None:
        return None
    return received.astimezone(COPENHAGEN).date() + timedelta(days=policy.answer_within_days)


def too_early(letter: Letter, received: datetime | None) -> bool:
    """Whether it came in before the day until which it must not be delivered (`doNotDeliverUntilDate`)."""
    until = letter.do_not_deliver_until
    return until is not None and received is not None and received.astimezone(COPENHAGEN).date() < until
