"""Cases of three processes for the robots' oracle, each with what the parties outside must have done for it in the end.

What is expected is written down here from the cases alone, not by the processes: step by step, with the effect's key by
its published formula.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from uuid import UUID, uuid5

from samdrift_platform.contract import Store
from samdrift_rpa.digital_post.generator import Written
from samdrift_rpa.digital_post.generator import write as write_letter
from samdrift_rpa.driving_licence.generator import BORN_1948, BORN_1977, Wanted, photo
from samdrift_rpa.driving_licence.generator import write as write_application
from samdrift_rpa.invoices.generator import Sale, Sold, fictitious_cvr
from samdrift_rpa.invoices.generator import write as write_invoice

TENANT = "demo"
#: As docs/explanation/nothing-twice.md says: uuid5 of workload, tenant, reference and step. Not imported on purpose.
_EFFECTS = UUID("5f1d7c46-3c0e-5c0b-8f5e-6a2d1b9e4a11")
#: External ids of cases in the case system.
_CASES = UUID("5a2fb6c1-6f0e-5d0b-9a5e-7b0c3a1d9e42")
#: Every so many invoices is above the limit, so that a person decides; every so many of those is refused.
_ABOVE, _TWO_PEOPLE, _REFUSED = 20, 100, 5
#: Every so many invoices breaks a rule: its supplier is told so, and nothing is posted.
_BROKEN = 3
#: Every so many letters must wait for its day, which a person says has come.
_TOO_EARLY = 20


class Party(StrEnum):
    """Whose log is asked, and about what."""

    VOUCHER = "voucher"
    ANSWER = "answer"
    CASE = "case"
    ENTRY = "entry"
    ASSIGNMENT = "assignment"
    MESSAGE = "message"
    REGISTER = "register"


#: What a party did: under this key.
Done = tuple[Party, str]


@dataclass(frozen=True, kw_only=True)
class Case:
    """One case."""

    process: str
    content: bytes
    #: Of the item.
    reference: str
    #: What the logs must hold, each exactly once.
    expected: Sequence[Done]
    #: What a person decides: question -> choice and fields.
    decisions: Mapping[str, tuple[str, Mapping[str, str]]] = field(default_factory=dict)

    def given(self, store: Store) -> dict[str, str]:
        """The case as it is submitted, its content stored."""
        name = "message" if self.process == "digital_post" else "document"
        return {name: store.put(self.content)}


def invoices(number: int) -> Iterator[Case]:
    """Most are posted without a person; some break a rule, some need a person, some of those are refused."""
    cvr = [fictitious_cvr(index) for index in range(20)]
    for n in range(number):
        needs_person = n % _ABOVE == 0
        broken = n % _BROKEN == 1 and not needs_person
        refused = needs_person and n // _ABOVE % _REFUSED == 1
        price = Decimal(210000) if n % _TWO_PEOPLE == 0 else Decimal(50000) if needs_person else Decimal("312.50")
        sale = Sale(number=f"F-{n}", supplier=n % 20, lines=(Sold(name="Stol", quantity=Decimal(1), price=price),))
        content = write_invoice(sale)
        if broken:  # BR: the rate of VAT is not the one that the amounts follow from
            content = content.replace(b">25</cbc:Percent>", b">2</cbc:Percent>")
        reference = f"invoices/{cvr[n % 20]} Invoice F-{n}"
        steps = {Party.ANSWER: "send_answer"}
        if not (refused or broken):
            steps[Party.VOUCHER] = "post_voucher"
        refusal = ("reject", {"reason_code": "UNR", "reason": "Ikke modtaget."})
        yield Case(
            process="invoices",
            content=content,
            reference=reference,
            expected=[(party, str(key("rpa", reference, step))) for party, step in steps.items()],
            decisions={"approval": refusal if refused else ("approve", {})} if needs_person else {},
        )


def letters(number: int) -> Iterator[Case]:
    """Letters to one unit or another; some must wait for their day."""
    for n in range(number):
        early = n % _TOO_EARLY == 0
        letter = Written(
            number=n,
            title=f"Brev {n}",
            text="Et brev.",
            kle="05.13.02" if n % 2 else "23.05.01",
            do_not_deliver_until="2099-01-01" if early else "",
        )
        reference = f"digital_post/{letter.message_uuid}"
        message = UUID(int=key("rpa", reference, "acknowledge").int, version=4)
        yield Case(
            process="digital_post",
            content=write_letter(letter),
            reference=reference,
            expected=[
                (Party.CASE, str(uuid5(_CASES, letter.message_uuid))),
                (Party.ENTRY, str(key("rpa", reference, "journalise"))),
                (Party.ASSIGNMENT, str(key("rpa", reference, "assign"))),
                (Party.MESSAGE, str(message)),
            ],
            decisions={"too_early": ("deliver", {})} if early else {},
        )


def applications(number: int, store: Store) -> Iterator[Case]:
    """Applications for driving licences: a person decides each."""
    picture = store.put(photo())
    choices: Sequence[tuple[str, Mapping[str, str]]] = (("issue", {}), ("forward", {}), ("refuse", {"ground": "other"}))
    for n in range(number):
        wanted = Wanted(number=f"K-{n}", cpr=BORN_1977 if n % 2 else BORN_1948)
        reference = f"driving_licence/K-{n}"
        yield Case(
            process="driving_licence",
            content=write_application(wanted, picture),
            reference=reference,
            expected=[(Party.REGISTER, str(key(FORMS, reference, "enter")))],
            decisions={"decision": choices[n % len(choices)]},
        )


#: Applications have a queue of their own here, because their workers hold a browser each.
FORMS = "rpa_forms"


def workload_of(process: str) -> str:
    """In whose queue a process's items wait."""
    return FORMS if process == "driving_licence" else "rpa"


def key(workload: str, reference: str, step: str) -> UUID:
    """An effect's key, worked out without the code under test."""
    return uuid5(_EFFECTS, "\x1f".join((workload, TENANT, reference, step)))
