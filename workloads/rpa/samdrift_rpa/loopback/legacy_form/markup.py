"""The legacy application's pages as HTML: tables, labels, no style to speak of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

#: Control -> its label, page by page.
APPLICANT = {"ekstern_ref": "Ekstern reference", "cpr": "CPR-nummer", "navn": "Ansøgers navn"}
HEALTH = {
    "kategori": "Kategori",
    "ansoegningstype": "Ansøgningstype",
    "attest_dato": "Lægeattest udstedt",
    "attest_bem": "Bemærkninger i lægeattest",
    "foto": "Foto",
}
DECISION = {"afgoerelse": "Afgørelse", "begrundelse": "Begrundelse", "afgjort_af": "Afgjort af"}
LABELS: Mapping[str, str] = APPLICANT | HEALTH | DECISION

OPTIONS: Mapping[str, Sequence[str]] = {
    "kategori": (
        *("Vælg", "LK", "AM", "A1", "A2", "A", "B", "BE", "C1", "C1E", "C", "CE", "D1", "D1E", "D", "DE", "TR/MR"),
    ),
    "ansoegningstype": ("Vælg", "Førstegangs", "Fornyelse", "Udvidelse"),
    "attest_bem": ("Vælg", "Nej", "Ja"),
    "afgoerelse": ("Vælg", "Udsted kørekort", "Videresendt til Færdselsstyrelsen", "Afslag"),
    "begrundelse": ("Ingen", "Alder", "Lægeattest", "Foto", "Anden grund"),
}
_DOUBLE = """<script>
document.querySelector('form').addEventListener('submit', event => {
    fetch(event.target.action, {method: 'POST', keepalive: true});
});
</script>"""


def page(heading: str, body: str) -> str:
    """A whole page."""
    return (
        f'<!doctype html><html lang="da"><head><meta charset="utf-8"><title>{escape(heading)}</title></head>'
        f"<body><h1>{escape(heading)}</h1>{body}<hr><p>Kørekortregister (opdigtet) 4.11</p></body></html>"
    )


def form(action: str, labels: Mapping[str, str], button: str, *, alerts: Sequence[str] = ()) -> str:
    """A form with these controls; a file makes it multipart."""
    kind = ' enctype="multipart/form-data"' if "foto" in labels else ""
    said = (
        f'<div role="alert"><ul>{"".join(f"<li>{escape(each)}</li>" for each in alerts)}</ul></div>' if alerts else ""
    )
    rows = "".join(_row(name, label) for name, label in labels.items())
    return (
        f'{said}<form method="post" action="{action}"{kind}><table>{rows}</table>'
        f'<button type="submit">{escape(button)}</button></form>'
    )


def facts(rows: Mapping[str, str]) -> str:
    """A table of what was said."""
    cells = "".join(f'<tr><th scope="row">{escape(k)}</th><td>{escape(v)}</td></tr>' for k, v in rows.items())
    return f"<table>{cells}</table>"


def confirm(action: str, button: str, *, twice: bool) -> str:
    """A form of one button, with a script that sends it twice where the application is in that mood."""
    return f'<form method="post" action="{action}"><button type="submit">{escape(button)}</button></form>' + (
        _DOUBLE if twice else ""
    )


def _row(name: str, label: str) -> str:
    return f'<tr><td><label for="f_{name}">{escape(label)}</label></td><td>{_control(name)}</td></tr>'


def _control(name: str) -> str:
    if name in OPTIONS:
        options = "".join(f"<option>{escape(each)}</option>" for each in OPTIONS[name])
        return f'<select id="f_{name}" name="{name}">{options}</select>'
    kind = {"foto": "file", "adgangskode": "password"}.get(name, "text")
    return f'<input id="f_{name}" name="{name}" type="{kind}" autocomplete="off">'
