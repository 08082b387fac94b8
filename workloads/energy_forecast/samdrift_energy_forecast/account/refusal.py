"""Why a saving is not stated, for programs and people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Self


class RefusalCode(StrEnum):
    """What the data lack."""

    #: Too few days under fixed setback.
    REFERENCE_THIN = "reference_thin"
    #: They are all of one time, so nobody knows how far the model is off at another.
    REFERENCE_SHORT = "reference_short"
    #: No day of the period was heated by a plan.
    NO_PLAN_DAYS = "no_plan_days"
    #: Too few days under plans.
    REPORTING_THIN = "reporting_thin"
    #: Too many of the plans' days were not measured.
    METER_DIED = "meter_died"
    #: Weather and calendar do not explain the building's heat.
    POOR_FIT = "poor_fit"
    #: The plans' days were colder or warmer than anything that the model has seen.
    OTHER_WEATHER = "other_weather"
    #: There are no readings or no weather at all.
    NO_DATA = "no_data"


#: Language -> code -> sentence with the numbers' places.
SENTENCES: Mapping[str, Mapping[RefusalCode, str]] = {
    "en": {
        RefusalCode.REFERENCE_THIN: "Only {days} days under fixed setback are measured; {needed} are needed.",
        RefusalCode.REFERENCE_SHORT: "The days under fixed setback make {stretches} stretches; {needed} are needed.",
        RefusalCode.NO_PLAN_DAYS: "No day of the period was heated by a plan.",
        RefusalCode.REPORTING_THIN: "Only {days} days under plans are measured; {needed} are needed.",
        RefusalCode.METER_DIED: "Only {share:.0%} of the days under plans are measured; {needed:.0%} are needed.",
        RefusalCode.POOR_FIT: "Weather and calendar explain the heat poorly (CVRMSE {cvrmse:.0%}, at most {most:.0%}).",
        RefusalCode.OTHER_WEATHER: "{share:.0%} of the days were colder or warmer than all days under fixed setback.",
        RefusalCode.NO_DATA: "There are no readings or no weather for the period.",
    },
    "da": {
        RefusalCode.REFERENCE_THIN: "Kun {days} dage med fast natsænkning er målt; der skal {needed} til.",
        RefusalCode.REFERENCE_SHORT: "Dagene med fast natsænkning udgør {stretches} perioder; der skal {needed} til.",
        RefusalCode.NO_PLAN_DAYS: "Ingen dag i perioden blev varmet efter en plan.",
        RefusalCode.REPORTING_THIN: "Kun {days} dage med planer er målt; der skal {needed} til.",
        RefusalCode.METER_DIED: "Kun {share:.0%} af dagene med planer er målt; der skal {needed:.0%} til.",
        RefusalCode.POOR_FIT: "Vejr og kalender forklarer varmen dårligt (CVRMSE {cvrmse:.0%}, højst {most:.0%}).",
        RefusalCode.OTHER_WEATHER: "{share:.0%} af dagene var koldere eller varmere end dagene med fast natsænkning.",
        RefusalCode.NO_DATA: "Der er ingen målerdata eller intet vejr for perioden.",
    },
}


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """No saving is stated, and why."""

    code: RefusalCode
    facts: Mapping[str, float]

    @classmethod
    def of(cls, code: RefusalCode, **facts: float) -> Self:
        """A refusal with its numbers."""
        return cls(code=code, facts=facts)

    def text(self, language: str) -> str:
        """A sentence for a person."""
        return SENTENCES["da" if language == "da" else "en"][self.code].format(**self.facts)
