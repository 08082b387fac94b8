"""The message that brings a plan (RFC 5322, MIME): what to know first, what to set when and why, and the files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime as rfc_5322_date
from uuid import UUID
from zoneinfo import ZoneInfo

from samdrift_energy_forecast.exports import KINDS
from samdrift_energy_forecast.plans.document import Plan
from samdrift_energy_forecast.plans.reasons import Language

#: Files that come with it, by suffix.
ATTACHED = ("csv", "ics", "bacnet.json")

_WORDS: dict[Language, dict[str, str]] = {
    "da": {
        "subject": "Varmeplan for {name} fra {begins}",
        "safe": "Fast natsænkning: {name} fra {begins}",
        "attention": "Se efter: {subject}",
        "holds": "Planen gælder fra {begins} til {ends}, også hvis der ikke kommer en ny. Derefter gælder den faste "
        "natsænkning.",
        "entries": "Hvad der skal indstilles, og hvorfor:",
        "saving": "Planlagt besparelse mod den faste natsænkning: {kwh} kWh. Den er planlagt, ikke målt.",
        "files": "Vedhæftet er planen som tabel (CSV), kalender (iCalendar) og BACnet-tidsplan (JSON).",
        "reply": "Denne besked er sendt automatisk. Spørg den, der har oprettet bygningen, hvis den ikke er til dig.",
    },
    "en": {
        "subject": "Heating plan for {name} from {begins}",
        "safe": "Fixed setback: {name} from {begins}",
        "attention": "Please look: {subject}",
        "holds": "The plan holds from {begins} to {ends}, also when no newer one comes. After that the fixed setback "
        "plan applies.",
        "entries": "What to set, and why:",
        "saving": "Planned saving against fixed setback: {kwh} kWh. It is planned, not measured.",
        "files": "Attached is the plan as a table (CSV), a calendar (iCalendar) and a BACnet schedule (JSON).",
        "reply": "This message was sent automatically. If it is not for you, ask who registered the building.",
    },
}


def written(plan: Plan, to: Sequence[str], *, sender: str, message: UUID, now: datetime) -> bytes:
    """The message with CRLF line ends, ready for SMTP; `message` gives its Message-ID, `now` (aware) its date."""
    mail = EmailMessage(policy=SMTP)
    mail["From"] = sender
    mail["To"] = ", ".join(to)
    mail["Subject"] = subject(plan)
    mail["Date"] = rfc_5322_date(now)
    mail["Message-ID"] = f"<{message}@{sender.partition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday notice comes back
    mail.set_content("\n".join(_lines(plan)) + "\n", cte="quoted-printable")
    for suffix in ATTACHED:
        _attach(mail, plan, suffix)
    return mail.as_bytes()


def subject(plan: Plan) -> str:
    """One line; a safe state or something to look at comes first."""
    words = _WORDS[plan.building.language]
    kind = "subject" if plan.safe_state is None else "safe"
    name = " ".join(plan.building.name.split())  # no header of somebody's own
    said = words[kind].format(name=name, begins=_clock(plan.issue_time, plan))
    return words["attention"].format(subject=said) if plan.attention else said


def _lines(plan: Plan) -> Iterator[str]:
    language, words = plan.building.language, _WORDS[plan.building.language]
    for notice in (*([plan.safe_state] if plan.safe_state else []), *plan.attention):
        yield from (notice.text(language), "")
    yield words["holds"].format(begins=_clock(plan.issue_time, plan), ends=_clock(plan.ends, plan))
    yield from ("", words["entries"], "")
    for entry in plan.entries:
        yield f"{_clock(entry.begins, plan)}   {_number(entry.set_point_c, language)} °C"
        yield from (f"    {entry.text(language)}", "")
    if plan.safe_state is None and plan.summary.saved_kwh is not None:
        yield from (words["saving"].format(kwh=_number(plan.summary.saved_kwh, language, "#,##0")), "")
    yield from (words["files"], "", words["reply"])


def _attach(mail: EmailMessage, plan: Plan, suffix: str) -> None:
    kind = KINDS[suffix]
    main, _, sub = kind.media_type.partition(";")[0].partition("/")
    data = kind.render(plan, plan.building.language)
    mail.add_attachment(data, maintype=main, subtype=sub, filename=file_name(plan, suffix))


def file_name(plan: Plan, suffix: str) -> str:
    """What a plan's file is called wherever it lies: building, issue time, the beginning of its version."""
    return f"{plan.building.id}-{plan.issue_time:%Y%m%dT%H%MZ}-{plan.version[7:19]}.{suffix}"


def _clock(instant: datetime, plan: Plan) -> str:
    from babel.dates import format_datetime

    local = instant.astimezone(ZoneInfo(plan.building.time_zone))
    patterns = {"da": "EEE d. MMM HH.mm", "en": "EEE d MMM HH:mm"}
    language = plan.building.language
    return str(format_datetime(local, patterns[language], locale=_LOCALES[language]))


def _number(value: float, language: Language, pattern: str = "0.0") -> str:
    from babel.numbers import format_decimal

    return str(format_decimal(value, pattern, locale=_LOCALES[language]))


_LOCALES = {"da": "da_DK", "en": "en_GB"}
