"""Which case a letter belongs to, by a name of ours that is the same for the whole correspondence."""

from __future__ import annotations

import re
from uuid import UUID, uuid5

from samdrift_rpa.digital_post.memo import Letter
from samdrift_rpa.digital_post.policy import PostPolicy

#: Namespace of our external ids; never changed, or old threads would begin new cases.
CASES = UUID("5a2fb6c1-6f0e-5d0b-9a5e-7b0c3a1d9e42")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def external_id(letter: Letter, policy: PostPolicy) -> UUID:
    """The id by which the case system finds or creates the case of this correspondence.

    An answer to a reply of ours says it itself (`ReplyData/caseID`, with our `generatingSystemID`); otherwise it
    follows from the message that began the thread. A case number that the sender names (`CaseID`) is no part of it:
    the case system is told that number, and ties the id to that case.
    """
    for reply in letter.replies:
        ours = reply.generating_system_id == policy.generating_system
        if ours and _UUID.fullmatch(reply.case_id.lower()):
            return UUID(reply.case_id)
    return uuid5(CASES, letter.thread)


def case_number(letter: Letter, policy: PostPolicy) -> str:
    """The case number that the letter names in our own case system; empty: none."""
    return letter.case_id if letter.case_system == policy.own_case_system else ""
