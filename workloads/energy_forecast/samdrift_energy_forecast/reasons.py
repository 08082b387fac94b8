"""Why an hour has its set-point, in a facility manager's words. Every reason names the constraint that decides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from string import Formatter
from typing import Any, Literal, TypeAlias

Language: TypeAlias = Literal["da", "en"]
#: What a sentence is filled with, by name.
Facts: TypeAlias = Mapping[str, float | str]


class Reason(StrEnum):
    """The constraint of the plan that decides an hour."""

    #: The lowest temperature for open hours binds.
    COMFORT_LIMIT = "comfort_limit"
    #: Open, and people, sun and stored heat keep the rooms above the limit.
    OPEN_FREE = "open_free"
    #: Rooms must be warm at opening, and this is the latest that suffices.
    PREHEAT = "preheat"
    #: As PREHEAT, with the plant at the highest heat it is known to deliver.
    PREHEAT_FULL = "preheat_full"
    #: The lowest temperature for closed hours binds.
    CLOSED_LIMIT = "closed_limit"
    #: Nobody there; nothing binds.
    SET_BACK = "set_back"
    #: Nobody needs the warmth, but fans run and heat their intake.
    VENTILATION = "ventilation"
    #: Full heat does not reach the lowest temperature.
    FULL_HEAT = "full_heat"
    #: Safe state: the fixed setback plan, because no plan could be made.
    FIXED_SETBACK = "fixed_setback"
    #: A person chose the set-point; `why` holds their reason.
    OVERRIDE = "override"


def sentence(reason: Reason, facts: Facts, language: Language) -> str:
    """The reason as a sentence, filled with its facts."""
    return filled(TEXTS[reason][language], facts, language)


def filled(template: str, facts: Facts, language: Language) -> str:
    """A template's fields replaced; facts named `..._at` are local ISO 8601 times and become weekday and clock."""
    return _Wording(language).format(template, **facts)


WEEKDAYS: dict[Language, tuple[str, ...]] = {
    "da": ("mandag", "tirsdag", "onsdag", "torsdag", "fredag", "lørdag", "søndag"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}


class _Wording(Formatter):
    """Formats numbers and times as one language writes them."""

    def __init__(self, language: Language) -> None:
        self._language = language

    def get_field(self, name: str, args: Sequence[Any], facts: Mapping[str, Any]) -> Any:
        value, first = super().get_field(name, args, facts)
        return (self._clock(value) if name.endswith("_at") else value), first

    def format_field(self, value: Any, specification: str) -> str:
        text: str = super().format_field(value, specification)
        if isinstance(value, float):
            return text.replace(".", ",") if self._language == "da" else text
        return text

    def _clock(self, stamp: str) -> str:
        instant = datetime.fromisoformat(stamp)
        return f"{WEEKDAYS[self._language][instant.weekday()]} {instant:%H:%M}"


TEXTS: dict[Reason, dict[Language, str]] = {
    Reason.COMFORT_LIMIT: {
        "da": "Bygningen er åben, og det koldeste rum ligger på komfortgrænsen, som derfor bestemmer setpunktet.",
        "en": "The building is open and its coldest room is at the comfort limit, which decides.",
    },
    Reason.OPEN_FREE: {
        "da": "Bygningen er åben; mennesker, sol og oplagret varme holder rummene over komfortgrænsen.",
        "en": "The building is open; people, sun and stored heat keep the rooms above the comfort limit.",
    },
    Reason.PREHEAT: {
        "da": "Opvarmning før åbning: rummene skal være varme, når bygningen åbner, og en senere start er ikke nok.",
        "en": "Heating before opening: rooms must be warm when the building opens, and a later start does not suffice.",
    },
    Reason.PREHEAT_FULL: {
        "da": "Opvarmning før åbning for fuld kraft: anlæggets største ydelse bestemmer, hvor tidligt den begynder.",
        "en": "Heating before opening at full power: the plant's largest output decides how early it begins.",
    },
    Reason.CLOSED_LIMIT: {
        "da": "Bygningen er lukket, og den laveste temperatur for lukket tid bestemmer.",
        "en": "The building is closed, and the lowest temperature for closed hours decides.",
    },
    Reason.SET_BACK: {
        "da": "Bygningen er lukket; natsænkningens setpunkt er nok.",
        "en": "The building is closed; the set-back set-point suffices.",
    },
    Reason.VENTILATION: {
        "da": "Rummene behøver ikke varme; kun indblæsningsluften opvarmes, mens ventilatorerne kører.",
        "en": "The rooms need no heat; only the ventilation's intake is heated while the fans run.",
    },
    Reason.FULL_HEAT: {
        "da": "Selv fuld varme når ikke den laveste temperatur: varm så meget anlægget kan.",
        "en": "Even full heat does not reach the lowest temperature: heat as much as the plant can.",
    },
    Reason.FIXED_SETBACK: {
        "da": "Den faste natsænkning gælder, fordi der ikke kunne lægges en plan.",
        "en": "The fixed setback plan applies, because no plan could be made.",
    },
    Reason.OVERRIDE: {
        "da": "Sat manuelt: {why}",
        "en": "Set by a person: {why}",
    },
}
