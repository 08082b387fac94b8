"""The buildings, those that need a look first, page by page."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated
from urllib.parse import urlencode

from fastapi import Query
from fastapi.responses import HTMLResponse

from samdrift_energy_forecast.pages.asking import Now, SignedIn, language_of, plans_of
from samdrift_energy_forecast.plan_list import listing
from samdrift_energy_forecast.plan_list.entry import Urgency
from samdrift_energy_forecast.plans.overrides import holding

#: Buildings on one page.
PAGE = 50
#: Buildings without any order that the page names; there are as many as it says.
SHORT = 20


class Show(StrEnum):
    """Which buildings are listed."""

    ALL = "all"
    #: Those that a person should look at.
    ATTENTION = "attention"


Part = Annotated[str, Query(max_length=100)]
Key = Annotated[str, Query(max_length=64)]


def buildings(
    shell: SignedIn, at: Now, show: Show = Show.ALL, search: Part = "", after: Key = "", before: Key = ""
) -> HTMLResponse:
    """As many buildings as one page holds, how many need a look, and which have no plan yet."""
    search, attention = search.strip(), show is Show.ATTENTION
    with plans_of(shell) as connection:
        found = listing.page(
            connection, now=at, limit=PAGE, search=search, only_attention=attention, after=after, before=before
        )
        counts = listing.counts(connection, now=at)
        missing, first = listing.without_order(connection, limit=SHORT)
        held = holding(connection, [row.building for row in found.rows], now=at)
    return shell.page(
        "energy_forecast/buildings.html",
        found=found,
        held=held,
        urgencies=Urgency,
        spoken=language_of(shell),
        show=show.value,
        search=search,
        address=urlencode({name: value for name, value in (("show", show.value), ("search", search)) if value}),
        total=sum(counts.values()),
        attention=sum(number for urgency, number in counts.items() if urgency < Urgency.NONE),
        missing=missing,
        missing_first=first,
    )
