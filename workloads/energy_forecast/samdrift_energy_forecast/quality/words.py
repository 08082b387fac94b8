"""The fixed words of the report page in Danish and English."""

from __future__ import annotations

from collections.abc import Mapping

from samdrift_energy_forecast.quality.clock import ClockEvidence, EdgeEvidence
from samdrift_energy_forecast.quality.sentences import Language
from samdrift_energy_forecast.quality.suitability import Unsuitable

WORDS: Mapping[Language, Mapping[str, str]] = {
    "da": {
        "title": "Målerkvalitet",
        "of": "for",
        "meters": "Målere",
        "meter": "Måler",
        "nothing": "Der er ikke fundet noget at se på.",
        "principle": "Intet er rettet. Værdier, der ikke kan bruges, er udeladt; de rå værdier står i JSON-udskriften.",
        "from": "Fra",
        "until": "Til",
        "hours": "Timer",
        "known": "Kan bruges",
        "left_out": "Udeladt",
        "heat": "Varme (kWh)",
        "month": "Måned",
        "by_month": "Måned for måned",
        "finding": "Fund",
        "findings": "Hvad der er fundet",
        "count": "Timer eller rækker",
        "verdicts": "Steder",
        "says": "Længste eksempel",
        "remedy": "Hvad du kan gøre",
        "used": "Bruges stadig",
        "yes": "ja",
        "no": "nej",
        "drawing": "Døgnets middel i kWh pr. time; under den, hvor der er fundet noget",
        "as_read": "Som aflæst",
        "believed": "Kan bruges",
        "clock": "Målerens ur",
        "edge": "Tidspunktets kant",
        "step": "Typisk afstand mellem målinger (minutter)",
        "suitable": "Egnet til prognose",
        "places": "Hvert sted",
        "more": "flere steder står i JSON-udskriften.",
        "row": "Række",
        "raw": "Rå værdi",
        "times": "Alle tider er UTC.",
    },
    "en": {
        "title": "Meter quality",
        "of": "of",
        "meters": "Meters",
        "meter": "Meter",
        "nothing": "Nothing was found that needs a look.",
        "principle": "Nothing is repaired. Values that cannot be used are left out; the JSON output has the raw ones.",
        "from": "From",
        "until": "Until",
        "hours": "Hours",
        "known": "Usable",
        "left_out": "Left out",
        "heat": "Heat (kWh)",
        "month": "Month",
        "by_month": "Month by month",
        "finding": "Finding",
        "findings": "What was found",
        "count": "Hours or rows",
        "verdicts": "Places",
        "says": "Longest example",
        "remedy": "What you can do",
        "used": "Still used",
        "yes": "yes",
        "no": "no",
        "drawing": "Mean of each day in kWh an hour; below it, where something was found",
        "as_read": "As read",
        "believed": "Usable",
        "clock": "The meter's clock",
        "edge": "Edge of the stamps",
        "step": "Usual distance between readings (minutes)",
        "suitable": "Fit for a forecast",
        "places": "Each place",
        "more": "more places stand in the JSON output.",
        "row": "Row",
        "raw": "Raw value",
        "times": "All times are UTC.",
    },
}

CLOCK: Mapping[ClockEvidence, Mapping[Language, str]] = {
    ClockEvidence.RIGHT: {"da": "følger sommertid, som tiderne siger", "en": "follows summer time, as its stamps say"},
    ClockEvidence.STANDS_STILL: {
        "da": "følger ikke sommertid som angivet",
        "en": "does not follow summer time as said",
    },
    ClockEvidence.MOVES_TWICE: {"da": "følger ikke sommertid som angivet", "en": "does not follow summer time as said"},
    ClockEvidence.CANNOT_TELL: {"da": "kan ikke afgøres", "en": "cannot tell"},
}
EDGE: Mapping[EdgeEvidence, Mapping[Language, str]] = {
    EdgeEvidence.RIGHT: {"da": "passer med den faste plan", "en": "agrees with the fixed plan"},
    EdgeEvidence.HOUR_EARLY: {"da": "en time for tidligt", "en": "an hour early"},
    EdgeEvidence.HOUR_LATE: {"da": "en time for sent", "en": "an hour late"},
    EdgeEvidence.CANNOT_TELL: {"da": "kan ikke afgøres", "en": "cannot tell"},
}
UNSUITABLE: Mapping[Unsuitable, Mapping[Language, str]] = {
    Unsuitable.TOO_FEW_HOURS: {"da": "målinger i under 80 % af timerne", "en": "readings in under 80 % of the hours"},
    Unsuitable.ZEROS_IN_WINTER: {"da": "over 6 % nuller om vinteren", "en": "more than 6 % zeros in winter"},
    Unsuitable.NOT_DRIVEN_BY_WEATHER: {"da": "følger ikke graddagene", "en": "does not follow the degree days"},
    Unsuitable.TOO_SMALL: {"da": "under 2 kWh i timen i middel", "en": "under 2 kWh an hour in the mean"},
}
