"""Things said to a person about a plan: each has a code for programs, and a sentence in Danish and English."""

from __future__ import annotations

from dataclasses import dataclass

from samdrift_energy_forecast.plans.reasons import Language, filled


@dataclass(frozen=True, kw_only=True)
class Notice:
    """One sentence, with its code."""

    code: str
    da: str
    en: str

    def text(self, language: Language) -> str:
        """The sentence in one language."""
        return self.da if language == "da" else self.en


def told(code: str, **facts: float | str) -> Notice:
    """The notice `code`, filled with `facts`. Raises KeyError for a code or a fact that is not there."""
    sentences = NOTICES[code]
    return Notice(code=code, da=filled(sentences["da"], facts, "da"), en=filled(sentences["en"], facts, "en"))


#: Every notice by its code. `docs/reference/heating-plan.md` has the same table.
NOTICES: dict[str, dict[Language, str]] = {
    # Safe states: what applies instead of a new plan.
    "stopped": {
        "da": "Varmeplanlægningen er stoppet, så den faste natsænkning gælder.",
        "en": "Heat planning is stopped, so the fixed setback plan applies.",
    },
    "comparison_week": {
        "da": "Denne uge gælder den faste natsænkning efter lodtrækning, så besparelsen kan måles. Intet er galt.",
        "en": "The lot has put this week under fixed setback, so that the saving can be measured. Nothing is wrong.",
    },
    "rooms_not_measured": {
        "da": "Rumtemperaturen er ikke målt frem til planens start, så den faste natsænkning gælder.",
        "en": "Room temperature was not measured up to the plan's beginning, so the fixed setback plan applies.",
    },
    "rooms_not_described": {
        "da": "Den termiske model rammer ikke bygningens rumtemperatur godt nok, så den faste natsænkning gælder.",
        "en": "The thermal model does not describe the building's rooms well enough, so the fixed setback plan "
        "applies.",
    },
    "previous_plan": {
        "da": "Der kunne ikke lægges en ny plan. Planen fra {planned_at} fortsætter til {until_at}; derefter gælder "
        "den faste natsænkning.",
        "en": "No new plan could be made. The plan of {planned_at} goes on until {until_at}; after that the fixed "
        "setback plan applies.",
    },
    "fixed_setback": {
        "da": "Der kunne ikke lægges en plan, og ingen tidligere plan rækker længe nok, så den faste natsænkning "
        "gælder.",
        "en": "No plan could be made and no earlier one lasts long enough, so the fixed setback plan applies.",
    },
    # What a person should look at.
    "readings_unusable": {
        "da": "Målerdata kan ikke bruges: {why}",
        "en": "The meter readings cannot be used: {why}",
    },
    "meter_silent": {
        "da": "Måleren har været tavs i mere end {hours:.0f} timer. Se efter, om den lever, og om dataforbindelsen "
        "virker.",
        "en": "The meter has been silent for more than {hours:.0f} hours. See whether it is alive and its data come "
        "through.",
    },
    "history_short": {
        "da": "Der er for få brugbare målerdata; en plan kræver mindst {needed:.0f} timer.",
        "en": "There are too few usable readings; a plan needs at least {needed:.0f} hours of them.",
    },
    "readings_late": {
        "da": "De nyeste målerdata er {hours:.0f} timer gamle; rummenes temperatur nu er beregnet.",
        "en": "The latest readings are {hours:.0f} hours old; the rooms' present temperature is computed.",
    },
    "weather_stale": {
        "da": "Den nyeste vejrudsigt er {hours:.0f} timer gammel.",
        "en": "The latest weather forecast is {hours:.0f} hours old.",
    },
    "weather_short": {
        "da": "Vejrudsigten dækker {hours:.0f} timer; for resten er de seneste døgns vejr brugt.",
        "en": "The weather forecast covers {hours:.0f} hours; beyond it the weather of the last days is used.",
    },
    "weather_missing": {
        "da": "Der er ingen vejrudsigt; de seneste døgns vejr er brugt i stedet.",
        "en": "There is no weather forecast; the weather of the last days is used instead.",
    },
    "signals_unusable": {
        "da": "Priser og CO2 time for time kan ikke bruges, så de faste tal gælder: {why}",
        "en": "Hourly prices and CO2 cannot be used, so the flat figures apply: {why}",
    },
    "price_missing": {
        "da": "Ingen timepriser kendes for planens timer, så den faste pris gælder.",
        "en": "No hourly price is known for the plan's hours, so the flat price applies.",
    },
    "price_stale": {
        "da": "De nyeste timepriser er {hours:.0f} timer gamle.",
        "en": "The latest hourly prices are {hours:.0f} hours old.",
    },
    "heating_failure": {
        "da": "Rummene er {room_c:.1f} °C, koldere end natsænkningen tillader. Anlægget kører for fuld kraft, og "
        "{open_c:.0f} °C ventes nået {reached_at}. Se efter, om varmen virker.",
        "en": "The rooms are at {room_c:.1f} °C, colder than the setback allows. The plant runs at full heat and "
        "{open_c:.0f} °C is expected at {reached_at}. See whether the heating works.",
    },
    "heating_failure_lasting": {
        "da": "Rummene er {room_c:.1f} °C, koldere end natsænkningen tillader, og {open_c:.0f} °C nås ikke i planens "
        "timer, selv for fuld kraft. Se efter, om varmen virker.",
        "en": "The rooms are at {room_c:.1f} °C, colder than the setback allows, and even at full heat {open_c:.0f} "
        "°C is not reached within the plan. See whether the heating works.",
    },
    "solver_failed": {
        "da": "Planlæggeren fandt ingen plan. Giv driften besked: {why}",
        "en": "The solver found no plan. Tell the operator: {why}",
    },
    "planner_failed": {
        "da": "Planlægningen fejlede ({why}). Giv driften besked.",
        "en": "Planning failed ({why}). Tell the operator.",
    },
    "previous_plan_unusable": {
        "da": "Den forrige plan kan ikke læses: {why}",
        "en": "The previous plan cannot be read: {why}",
    },
    "override_raised": {
        "da": "Et setpunkt på {set_point_c:.1f} °C, som en person har sat, er hævet til frostgrænsen på "
        "{frost_c:.0f} °C.",
        "en": "A set-point of {set_point_c:.1f} °C set by a person is raised to the frost limit of {frost_c:.0f} °C.",
    },
    # Limits that contradict each other.
    "set_back_above_warm": {
        "da": "Natsænkningen på {set_back_c:.1f} °C er højere end dagens {warm_c:.1f} °C; de er byttet om.",
        "en": "The set-back of {set_back_c:.1f} °C is above the warm {warm_c:.1f} °C; they are swapped.",
    },
    "too_cold_to_work": {
        "da": "Den laveste temperatur, mens der er mennesker, er {asked_c:.1f} °C; Arbejdstilsynet kræver "
        "{used_c:.0f} °C, som er brugt.",
        "en": "The lowest temperature while people are there is {asked_c:.1f} °C; the Danish Working Environment "
        "Authority asks for {used_c:.0f} °C, which is used.",
    },
    "too_warm_to_work": {
        "da": "Den laveste temperatur, mens der er mennesker, er {asked_c:.1f} °C; over {used_c:.0f} °C er for varmt "
        "at arbejde i, så {used_c:.0f} °C er brugt.",
        "en": "The lowest temperature while people are there is {asked_c:.1f} °C; above {used_c:.0f} °C is too warm "
        "to work in, so {used_c:.0f} °C is used.",
    },
    "lowest_above_highest": {
        "da": "Den laveste temperatur {lowest_c:.1f} °C er over den højeste {highest_c:.1f} °C; den laveste gælder.",
        "en": "The lowest temperature of {lowest_c:.1f} °C is above the highest of {highest_c:.1f} °C; the lowest "
        "applies.",
    },
    "cap_below_lowest": {
        "da": "Loftet for setpunktet {cap_c:.1f} °C er under den laveste temperatur {lowest_c:.1f} °C; den laveste "
        "gælder.",
        "en": "The cap of {cap_c:.1f} °C on set-points is below the lowest temperature of {lowest_c:.1f} °C; the "
        "lowest applies.",
    },
    "closed_above_open": {
        "da": "Den laveste temperatur i lukket tid {closed_c:.1f} °C er over den i åben tid {open_c:.1f} °C, som "
        "gælder for begge.",
        "en": "The lowest temperature of closed hours, {closed_c:.1f} °C, is above that of open hours, {open_c:.1f} "
        "°C, which applies to both.",
    },
    "closed_below_frost": {
        "da": "Den laveste temperatur i lukket tid {closed_c:.1f} °C er under frostgrænsen {frost_c:.0f} °C, som "
        "gælder.",
        "en": "The lowest temperature of closed hours, {closed_c:.1f} °C, is below the frost limit of {frost_c:.0f} "
        "°C, which applies.",
    },
    "warm_above_cap": {
        "da": "Den faste natsænkning varmer til {warm_c:.1f} °C, over loftet på {cap_c:.1f} °C; planen holder loftet.",
        "en": "The fixed setback plan heats to {warm_c:.1f} °C, above the cap of {cap_c:.1f} °C; the plan keeps the "
        "cap.",
    },
    "warm_below_lowest": {
        "da": "Den faste natsænkning varmer kun til {warm_c:.1f} °C, under den laveste temperatur på {lowest_c:.1f} "
        "°C.",
        "en": "The fixed setback plan heats only to {warm_c:.1f} °C, below the lowest temperature of {lowest_c:.1f} "
        "°C.",
    },
}
