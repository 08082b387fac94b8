"""The keep-list: which attributes leave, in which form, and why. Whatever it does not name is removed.

So the basic profile (PS3.15 table E.1-1) holds for attributes that are not invented yet, too, and for all private ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files

from samdrift_evaluation.errors import SamdriftError
from samdrift_platform.digest import digest_of_bytes


class KeepListError(SamdriftError):
    """The keep-list cannot be used, so nothing was exported. Correct the named place in export-keep.yaml."""


class Action(StrEnum):
    """What becomes of an attribute that leaves."""

    #: It stays, if its value is a number or a plain term; anything else that it holds is removed.
    KEEP = "keep"
    #: A sequence: its items leave by the same list.
    ITEMS = "items"
    #: A keyed pseudonym of the woman, the study or whatever it names.
    PSEUDONYM = "pseudonym"
    #: Another UID, the same wherever it stands.
    UID = "uid"
    #: There, but empty: its type demands it (PS3.5 section 7.4.3).
    EMPTY = "empty"
    #: Moved back by the woman's own number of days, or emptied.
    DATE = "date"
    #: The decade alone: "055Y" leaves as "050Y", and above 89 as "090Y".
    DECADE = "decade"
    #: The meaning of a code by the vocabulary, whatever the file says.
    MEANING = "meaning"


@dataclass(frozen=True, kw_only=True)
class KeepList:
    """Attribute -> what becomes of it."""

    name: str
    version: int
    #: DICOM keyword -> action.
    actions: Mapping[str, Action]
    #: `sha256:…` of the file.
    digest: str

    def __str__(self) -> str:
        return f"{self.name} {self.version}@{self.digest}"


@cache
def shipped_keep_list() -> KeepList:
    """The keep-list inside the package."""
    return read_keep_list((files("samdrift_mammography") / "policies" / "export-keep.yaml").read_bytes())


def read_keep_list(text: bytes) -> KeepList:
    """A keep-list from its YAML file: `name`, `version`, and `groups` of `action`, `why` and `attributes`.

    Raises:
        KeepListError: it is not of that form, names an attribute twice or one that DICOM does not know.
    """
    from pydicom.datadict import tag_for_keyword

    from samdrift_evaluation import strict_yaml
    from samdrift_evaluation.errors import EvaluationError

    actions: dict[str, Action] = {}
    try:
        document = strict_yaml.load(text)
        for group in document["groups"]:
            action, named = Action(group["action"]), group["attributes"]
            if not group["why"]:
                raise KeepListError(f"The group of {', '.join(named)} gives no reason.", field="why")
            for keyword in named:
                if keyword in actions or tag_for_keyword(keyword) is None:
                    raise KeepListError(f"{keyword} is named twice, or DICOM knows no such attribute.", field=keyword)
                actions[keyword] = action
        return KeepList(
            name=document["name"], version=document["version"], actions=actions, digest=digest_of_bytes(text)
        )
    except (EvaluationError, KeyError, TypeError, ValueError) as error:
        raise KeepListError(f"{KeepListError.__doc__} ({error})") from error
