"""Which unit gets a letter: a pure function of the letter, its subject and the policy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from samdrift_rpa.digital_post.memo import Letter
from samdrift_rpa.digital_post.policy import Ground, PostPolicy


@dataclass(frozen=True, kw_only=True)
class Route:
    """Where a letter goes, and by what."""

    unit: str
    #: A `Ground`, `legal_notification`, or `person`.
    by: str
    #: The policy's key that fitted: a KLE or task beginning; empty otherwise.
    rule: str = ""


def route(letter: Letter, subject: str, policy: PostPolicy) -> Route | None:
    """The policy's unit for `letter`; None: the policy does not say.

    Args:
        letter: as it was read.
        subject: its KLE number, from wherever it is known; empty: not known.
        policy: the grounds count in its order. A legal notification goes to its own unit before all others.
    """
    if letter.legal_notification:
        return Route(unit=policy.legal_notification_unit, by="legal_notification")
    for ground in policy.order:
        if (found := _by(ground, letter, subject, policy)) is not None:
            return found
    return None


def _by(ground: Ground, letter: Letter, subject: str, policy: PostPolicy) -> Route | None:
    if ground is Ground.CONTACT_POINT:
        unit = policy.contact_points.get(letter.recipient.contact_point)
        return None if unit is None else Route(unit=unit, by=ground)
    table, key = (policy.subjects, subject) if ground is Ground.SUBJECT else (policy.tasks, letter.task)
    rule = longest_beginning(table, key)
    return None if rule is None else Route(unit=table[rule], by=ground, rule=rule)


def longest_beginning(table: Mapping[str, str], key: str) -> str | None:
    """The longest key of `table` that `key` is, or begins with at a dot; None: there is none."""
    parts = key.split(".") if key else []
    return next((name for n in range(len(parts), 0, -1) if (name := ".".join(parts[:n])) in table), None)
