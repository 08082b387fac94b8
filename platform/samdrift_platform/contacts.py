"""What else than CPR numbers people write about people: e-mail addresses and telephone numbers, masked by their form.

A CPR number that a spreadsheet took the leading zero of is here too, as it needs more than its form. For free text that
people or programs write and the ledger keeps (`ledger.plain.plain_text`). Names and postal addresses have no form and
are not found. Nor are bare digits with nothing in front of them that says what they are: eight may be a CVR number or
an amount, nine a case's number.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from samdrift_platform.cpr import folded

ADDRESS, TELEPHONE = "xxxx@xxxx", "xx xx xx xx"
#: How far in front of a number a word is looked for that says what it is, characters.
_IN_FRONT = 24

# RFC 5322 as people write it, and as URLs do. What begins with a UUID is a Message-ID and nobody's address.
_MAIL = re.compile(
    r"(?<![\w.+%-])(?![0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}@)"
    r"[\w.+'-]{1,64}(?:@|%40)(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.){1,8}[^\W\d_]{2,24}(?![\w-])"
)
# The Danish numbering plan: eight digits, of which the first is 2 to 9; in pairs, in fours, or in one.
_NUMBER = re.compile(
    r"(?<![\w.,+])(?P<country>\(?(?:\+|00)45\)?[ \u00a0.-]?)?"
    r"(?P<number>[2-9]\d(?P<gap>[ \u00a0\u2009.-])\d\d(?:(?P=gap)\d\d){2}|[2-9]\d{3}[ \u00a0.-]?\d{4})"
    r"(?!\w|[ \u00a0\u2009.,-]\d)"
)
_CALL = re.compile(
    r"\b(?:tlf|tel|telefon|telefonnr|telefonnummer|telephone|phone|mobil|mobilnr|mobilnummer|mobile|ring|ringes|call|sms)"
    r"[.:]{0,2}(?: (?:nr|no|nummer|number|på|til|on|at))?[.:]{0,2} ?\(?$",
    re.IGNORECASE,
)
#: Behind such a word four pairs are something else.
_OTHER = re.compile(
    r"\b(?:cvr|se|ean|gln|p|konto|reg|faktura|sag|nr|no|nummer|number|account|invoice|case|kr|dkk)"
    r"[ -]?(?:nr|no|nummer|number)?[.:]{0,2} ?$|\d[ \u00a0\u2009.,-]$",
    re.IGNORECASE,
)
# Day 1 to 9 in one digit, month, year.
_SHORT_CPR = re.compile(
    r"(?<![\w.,+-])(?P<date>[1-9](?:0[1-9]|1[0-2])\d\d)(?P<gap>[-\u2010-\u2015]| ?)\d{4}(?!\w|[.,-]\d)"
)
_CPR = re.compile(
    r"\b(?:cpr|personnummer|person number|civil registration)[ -]?(?:nr|no|nummer|number)?[.:]{0,2}(?: (?:er|is))? ?$",
    re.IGNORECASE,
)


def mask_contacts(text: str) -> str:
    """`text` with what was found as `xxxx@xxxx`, `xx xx xx xx` and `dmmyy-xxxx`; a text without stays as it is."""
    if "@" in text or "%40" in text:
        text = _MAIL.sub(ADDRESS, text)
    if not re.search(r"\d\d", text):
        return text
    return _replaced(_NUMBER, _telephone, _replaced(_SHORT_CPR, _short_cpr, text))


def _telephone(number: re.Match[str], in_front: str) -> str | None:
    """Behind the country's code or a word that says so, or in four pairs with blanks that nothing calls otherwise."""
    said = number["country"] or _CALL.search(in_front)
    pairs = (number["gap"] or "") in " \u00a0\u2009" and number["gap"] and not _OTHER.search(in_front)
    return TELEPHONE if said or pairs else None


def _short_cpr(number: re.Match[str], in_front: str) -> str | None:
    """With a hyphen where a CPR number has one, or behind a word that says so."""
    certain = number["gap"].strip() or _CPR.search(in_front)
    return f"{number['date']}-xxxx" if certain else None


def _replaced(pattern: re.Pattern[str], masked: Callable[[re.Match[str], str], str | None], text: str) -> str:
    """`text` with each match masked for which `masked`, told what stands in front of it, knows how."""
    plain, end, parts = folded(text), 0, []
    for match in pattern.finditer(plain):  # at the same positions: one digit folds to one digit
        if (instead := masked(match, plain[max(0, match.start() - _IN_FRONT) : match.start()])) is not None:
            parts += [text[end : match.start()], instead]
            end = match.end()
    return "".join([*parts, text[end:]]) if parts else text
