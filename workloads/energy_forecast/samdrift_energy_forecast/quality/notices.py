"""What a plan says of its readings: one sentence for each kind of finding, with how many hours and until when."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from samdrift_energy_forecast import hours
from samdrift_energy_forecast.plans.notice import Notice
from samdrift_energy_forecast.quality.verdict import Verdict

#: A plan tells of faults of the last four weeks; older ones are history.
RECENT_H = 4 * hours.WEEK


def notices(verdicts: Iterable[Verdict], issue: int) -> tuple[Notice, ...]:
    """For a plan that begins with hour `issue`: what a person should look at, the latest first."""
    by_code: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        if verdict.first is None or verdict.first + verdict.count > issue - RECENT_H:
            by_code.setdefault(f"readings_{verdict.code.replace('-', '_')}", []).append(verdict)
    latest = sorted(by_code.items(), key=lambda item: -max(_end(verdict) for verdict in item[1]))
    return tuple(_notice(code, found) for code, found in latest)


def _end(verdict: Verdict) -> int:
    return 0 if verdict.first is None else verdict.first + verdict.count


def _notice(code: str, found: Sequence[Verdict]) -> Notice:
    last = max(found, key=_end)
    count = sum(verdict.count for verdict in found)
    if last.first is None:
        where_da, where_en = f"Målerdata, {count} rækker", f"Readings, {count} rows"
    else:
        until = f"{hours.start_of(_end(last)):%Y-%m-%d %H:%M} UTC"
        where_da, where_en = f"Målerdata, {count} timer til {until}", f"Readings, {count} hours until {until}"
    return Notice(
        code=code,
        da=f"{where_da}: {last.says('da')} {last.remedy('da')}",
        en=f"{where_en}: {last.says('en')} {last.remedy('en')}",
    )
