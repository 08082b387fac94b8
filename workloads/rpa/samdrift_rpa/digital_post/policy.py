"""The routing policy: which unit gets which letter, how sure a proposal must be, and what is answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

from samdrift_rpa.own_minutes import OwnMinutes
from samdrift_rpa.policy_file import read_policy_file
from samdrift_rpa.settings import POST_POLICY

#: A KLE number or the beginning of one: `28`, `28.06`, `28.06.04`.
KleBeginning = Annotated[str, StringConstraints(pattern=r"^\d{2}(\.\d{2}){0,2}$")]
#: A FORM task key or the beginning of one.
TaskBeginning = Annotated[str, StringConstraints(pattern=r"^\d{2}(\.\d{2}){0,3}$")]
Unit = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{1,40}$")]


class Ground(StrEnum):
    """What a letter can be routed by."""

    #: The recipient's `contactPointID`: where the sender chose to write.
    CONTACT_POINT = "contact_point"
    #: The KLE number: the sender's, or the one that was found.
    SUBJECT = "subject"
    #: The sender's FORM task key.
    TASK = "task"


class Acknowledgement(BaseModel):
    """What the sender is told; `%(unit)s` and `%(due)s` are filled in."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    label: str = Field(max_length=256)
    text: str

    @field_validator("text")
    @classmethod
    def _fills(cls, text: str) -> str:
        """A template that cannot be filled is found when the policy is read, not at the first letter."""
        try:
            text % {"unit": "", "due": ""}
        except (KeyError, ValueError, TypeError) as error:
            raise ValueError("the text may hold %(unit)s and %(due)s; a per cent sign is written %%") from error
        return text


class PostPolicy(OwnMinutes):
    """People sign it, so it is a file with a version and not code. The shipped units are examples of nobody's."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: str
    #: Largest message, 10^6 bytes of XML: larger ones are refused before they are read to their end.
    largest_message_mb: float = Field(gt=0)
    #: The `caseSystem` by which letters name cases of ours.
    own_case_system: str
    #: `generatingSystemID` in our replies: by it we know an answer to one.
    generating_system: str = Field(max_length=256)
    #: Our own name, where a letter does not say to whom it was sent.
    organisation: str = Field(min_length=1, max_length=256)
    #: Unit -> its name by language.
    units: Mapping[Unit, Mapping[str, str]] = Field(min_length=1)
    #: `contactPointID` -> unit.
    contact_points: Mapping[str, Unit]
    #: KLE number or its beginning -> unit; the longest that fits counts.
    subjects: Mapping[KleBeginning, Unit]
    #: FORM task key or its beginning -> unit; the longest that fits counts.
    tasks: Mapping[TaskBeginning, Unit]
    #: What counts before what.
    order: Sequence[Ground]
    #: Who gets a letter with `legalNotification`, whatever it is about.
    legal_notification_unit: Unit
    #: Due so many days after receipt, where the sender names no `replyByDateTime`.
    answer_within_days: int = Field(gt=0)
    #: A proposed subject below this goes to a person; so does any proposal on which tagger and model disagree.
    least_confidence: float = Field(gt=0, le=1)
    #: How many proposals a person is shown.
    proposals: int = Field(gt=0, le=20)
    #: Whether senders who may be replied to get an acknowledgement.
    acknowledge: bool
    acknowledgement: Acknowledgement
    #: `sha256:` over the file, so that an outcome can name exactly what it was routed by.
    digest: str = ""

    @property
    def most_bytes(self) -> int:
        """`largest_message_mb` in bytes."""
        return int(self.largest_message_mb * 1_000_000)

    @model_validator(mode="after")
    def _only_known_units(self) -> Self:
        """Nothing is routed to a unit that has no name."""
        named = {*self.contact_points.values(), *self.subjects.values(), *self.tasks.values()}
        if unknown := sorted((named | {self.legal_notification_unit}) - set(self.units)):
            raise ValueError(f"no such unit: {', '.join(unknown)}")
        return self


def read_post_policy(path: Path | None = None) -> PostPolicy:
    """The policy at `path`, or the one that the settings name; SettingError when it cannot be used."""
    policy, digest = read_policy_file(PostPolicy, "digital_post", POST_POLICY, path)
    return policy.model_copy(update={"digest": digest})
