"""Letters from the control plane to a case system that fails after doing the work: judged by its own log."""

from __future__ import annotations

import json
from collections.abc import Callable

from samdrift_rpa.digital_post.generator import IMPOSSIBLE_CPR, Attachment, Written, write, write_container
from samdrift_rpa.loopback.log import Kind
from samdrift_testing.case_systems import CaseSystem
from samdrift_testing.post_office import Office

CaseSystems = Callable[..., CaseSystem]
FAULTS = "error-after:3,drop-after:4,slow-after:11,error-before:7,error-on-find:5"


def letters(count: int) -> list[bytes]:
    """Every third one answers the one before it, so it belongs to that one's case."""
    made = []
    for number in range(count):
        earlier = Written(number=number - 1, title="", text="").message_uuid
        replies = [(earlier, "", "", "")] if number % 3 == 2 else []
        plan = Attachment(filename=f"Opdigtet bilag {number}.pdf", content=b"%PDF" + bytes(number * 1000))
        letter = Written(
            number=number, title=f"Brev {number}", text="Hej", kle="02.34.00", replies=replies, attachments=[plan]
        )
        made.append(write(letter))
    return made


def check(peer: CaseSystem, count: int) -> None:
    uuids = {Written(number=number, title="", text="").message_uuid for number in range(count)}
    for kind in (Kind.ENTRY, Kind.ASSIGNMENT):
        written = [json.loads(entry.body) for entry in peer.log.entries(kind)]
        assert sorted(each["message_uuid"] for each in written) == sorted(uuids)
    answered = [json.loads(entry.body)["answers"] for entry in peer.log.entries(Kind.MESSAGE)]
    assert sorted(answered) == sorted(uuids)
    assert len(peer.log.entries(Kind.CASE)) == count - count // 3
    for kind in (Kind.CASE, Kind.ENTRY, Kind.ASSIGNMENT, Kind.MESSAGE):
        assert set(peer.times(kind).values()) == {1}


def test_each_letter_is_journalised_assigned_and_acknowledged_once(office: Office, case_system: CaseSystems) -> None:
    peer = case_system(FAULTS)
    office.receive(letters(12))
    office.work()
    office.deliver(peer)
    check(peer, 12)
    assert office.states() == {"delivered"}
    assert sum(len(peer.log.faults(kind)) for kind in (Kind.CASE, Kind.ENTRY, Kind.ASSIGNMENT, Kind.MESSAGE)) >= 12


def test_a_case_system_that_is_killed_in_the_middle_loses_and_doubles_nothing(
    office: Office, case_system: CaseSystems
) -> None:
    peer = case_system(FAULTS)
    office.receive(letters(9))
    office.work()
    office.deliver(peer, most=11)
    peer.kill()
    assert 0 < sum(len(peer.log.entries(kind)) for kind in Kind) < 9 * 3  # it was in the middle
    office.deliver(peer, most=5)  # nobody answers
    peer.start()
    office.deliver(peer)
    check(peer, 9)
    assert office.states() == {"delivered"}


def test_nothing_that_a_letter_says_is_in_the_database_or_in_the_parties_log(
    office: Office, case_system: CaseSystems
) -> None:
    peer = case_system()
    office.receive(letters(3))
    office.work()
    office.deliver(peer)
    told = office.text() + "".join(str(peer.log.entries(kind)) for kind in Kind)
    for word in (IMPOSSIBLE_CPR, "Opdigtet Afsender", "Opdigtet bilag", "Brev 1"):
        assert word not in told


def test_letters_of_overlapping_containers_that_come_twice_are_handled_once(
    office: Office, case_system: CaseSystems
) -> None:
    peer, sent = case_system(FAULTS), letters(12)
    first, second = (
        write_container({f"{number}.xml": sent[number] for number in numbers})
        for numbers in (range(8), reversed(range(4, 11)))
    )
    office.receive([first])
    office.work()
    office.receive([second, sent[11]])
    office.receive([second, first, sent[0]])
    office.work()
    office.deliver(peer)
    check(peer, 12)
    assert office.states() == {"delivered"}
