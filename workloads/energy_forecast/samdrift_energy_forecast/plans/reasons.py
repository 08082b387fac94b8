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
    #: Heat for the opening is bought in the cheapest hour before it.
    PREHEAT_CHEAP = "preheat_cheap"
    #: The same in the hour with the least CO2.
    PREHEAT_CLEAN = "preheat_clean"
    #: Heat for the opening is spread, so that the highest hour stays low.
    PREHEAT_PEAK = "preheat_peak"
    #: Heat for the opening is spread, so that the return stays cool.
    PREHEAT_RETURN = "preheat_return"
    #: Open, and heated beyond the limit because heat is dearer later.
    STORE_CHEAP = "store_cheap"
    #: The lowest temperature for closed hours binds.
    CLOSED_LIMIT = "closed_limit"
    #: Nobody there; nothing binds.
    SET_BACK = "set_back"
    #: Nobody needs the warmth, but fans run and heat their intake.
    VENTILATION = "ventilation"
    #: Closed, and still warm for a while: it is cheaper than to heat up again from further down.
    KEPT_WARM = "kept_warm"
    #: Full heat does not reach the lowest temperature.
    FULL_HEAT = "full_heat"
    #: Safe state: the fixed setback plan, because no plan could be made.
    FIXED_SETBACK = "fixed_setback"
    #: A person chose the set-point; `why` holds their reason.
    OVERRIDE = "override"


def sentence(reason: Reason, facts: Facts, language: Language) -> str:
    """The reason as a sentence, filled with its facts; a shorter one where facts are missing."""
    for texts in (WITH_FACTS, TEXTS):
        template = texts.get(reason, {}).get(language)
        if template is not None and fields(template) <= facts.keys():
            return filled(template, facts, language)
    raise KeyError(reason)


def fields(template: str) -> set[str]:
    """Names of the facts that a template needs."""
    return {name for _, name, _, _ in Formatter().parse(template) if name}


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
            text = text.removeprefix("-") if not float(text) else text
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
    Reason.PREHEAT_CHEAP: {
        "da": "Opvarmning før åbning i den billigste time før den.",
        "en": "Heating before opening in the cheapest hour before it.",
    },
    Reason.PREHEAT_CLEAN: {
        "da": "Opvarmning før åbning i timen med mindst CO2 før den.",
        "en": "Heating before opening in the hour with the least CO2 before it.",
    },
    Reason.PREHEAT_PEAK: {
        "da": "Opvarmning før åbning, fordelt over flere timer, så den højeste time holdes nede.",
        "en": "Heating before opening, spread over more hours to keep the highest one low.",
    },
    Reason.PREHEAT_RETURN: {
        "da": "Opvarmning før åbning, fordelt over flere timer, så fjernvarmevandet afkøles bedre.",
        "en": "Heating before opening, spread over more hours so that the district heating water cools better.",
    },
    Reason.STORE_CHEAP: {
        "da": "Bygningen er åben og varmes lidt mere end nødvendigt, fordi varmen er dyrere senere.",
        "en": "The building is open and heated a little more than it must be, because heat is dearer later.",
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
    Reason.KEPT_WARM: {
        "da": "Bygningen er lukket, men holdes varm lidt endnu: billigere end at varme mere op til næste åbning.",
        "en": "The building is closed and kept warm a little longer: cheaper than heating more for the next opening.",
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

#: The same with what decided in this building and hour; `docs/reference/heating-plan.md` says what each fact is.
WITH_FACTS: dict[Reason, dict[Language, str]] = {
    Reason.COMFORT_LIMIT: {
        "da": "Åbent: det koldeste rum ligger på komfortgrænsen ({limit_c:.1f} °C), som bestemmer; {outdoor_c:.0f} "
        "°C ude.",
        "en": "Open: the coldest room is at the comfort limit ({limit_c:.1f} °C), which decides; {outdoor_c:.0f} °C "
        "outside.",
    },
    Reason.PREHEAT: {
        "da": "Forvarmning: begynder så sent, som åbningen {opens_at} tillader, {outdoor_c:.0f} °C ude; "
        "{reserve_k:.1f} K i reserve, hvis det bliver koldere end varslet.",
        "en": "Pre-heating: begins as late as the opening on {opens_at} allows, {outdoor_c:.0f} °C outside; "
        "{reserve_k:.1f} K in reserve in case it gets colder than forecast.",
    },
    Reason.PREHEAT_FULL: {
        "da": "Forvarmning for fuld kraft til åbningen {opens_at}, {outdoor_c:.0f} °C ude: anlæggets {plant_kw:.0f} "
        "kW bestemmer; {reserve_k:.1f} K i reserve, hvis det bliver koldere end varslet.",
        "en": "Pre-heating at full power for the opening on {opens_at}, {outdoor_c:.0f} °C outside: the plant's "
        "{plant_kw:.0f} kW decide; {reserve_k:.1f} K in reserve in case it gets colder than forecast.",
    },
    Reason.PREHEAT_CHEAP: {
        "da": "Forvarmning: billigste time før åbningen {opens_at} ({price_per_kwh:.2f} {currency}/kWh), "
        "{outdoor_c:.0f} °C ude.",
        "en": "Pre-heating: cheapest hour before the opening on {opens_at} ({price_per_kwh:.2f} {currency}/kWh), "
        "{outdoor_c:.0f} °C outside.",
    },
    Reason.PREHEAT_CLEAN: {
        "da": "Forvarmning: timen med mindst CO2 før åbningen {opens_at} ({kg_co2_per_kwh:.3f} kg/kWh), "
        "{outdoor_c:.0f} °C ude.",
        "en": "Pre-heating: the hour with the least CO2 before the opening on {opens_at} ({kg_co2_per_kwh:.3f} "
        "kg/kWh), {outdoor_c:.0f} °C outside.",
    },
    Reason.PREHEAT_PEAK: {
        "da": "Forvarmning til åbningen {opens_at}, fordelt, så den højeste time holdes på {peak_kw:.0f} kW, "
        "{outdoor_c:.0f} °C ude.",
        "en": "Pre-heating for the opening on {opens_at}, spread so that the highest hour stays at {peak_kw:.0f} kW, "
        "{outdoor_c:.0f} °C outside.",
    },
    Reason.PREHEAT_RETURN: {
        "da": "Forvarmning til åbningen {opens_at}, fordelt: over {boost_kw:.0f} kW bliver fjernvarmens returvand "
        "for varmt, {outdoor_c:.0f} °C ude.",
        "en": "Pre-heating for the opening on {opens_at}, spread: above {boost_kw:.0f} kW the district heating water "
        "returns too warm, {outdoor_c:.0f} °C outside.",
    },
    Reason.STORE_CHEAP: {
        "da": "Åbent: varmes til {room_c:.1f} °C nu til {price_per_kwh:.2f} {currency}/kWh, fordi varmen er dyrere "
        "senere.",
        "en": "Open: heated to {room_c:.1f} °C now at {price_per_kwh:.2f} {currency}/kWh, because heat is dearer "
        "later.",
    },
    Reason.CLOSED_LIMIT: {
        "da": "Lukket: den laveste temperatur for lukket tid ({limit_c:.1f} °C) bestemmer, {outdoor_c:.0f} °C ude.",
        "en": "Closed: the lowest temperature of closed hours ({limit_c:.1f} °C) decides, {outdoor_c:.0f} °C outside.",
    },
    Reason.FULL_HEAT: {
        "da": "Fuld varme: rummene er {now_c:.1f} °C og kan ikke nå {limit_c:.1f} °C i tide med anlæggets "
        "{plant_kw:.0f} kW.",
        "en": "Full heat: the rooms are at {now_c:.1f} °C and cannot reach {limit_c:.1f} °C in time with the plant's "
        "{plant_kw:.0f} kW.",
    },
}
