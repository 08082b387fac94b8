"""Whatever the journal says, in whichever order: nothing blocks a version when, and only when, a second reckoning says
that it may serve. Statements are made by hand here, also such as governance would never keep.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

from hypothesis import example, given, settings
from hypothesis import strategies as st

from samdrift_registry.lifecycle import State, standing
from samdrift_registry.people import Role
from samdrift_registry.rules import Rules
from samdrift_registry.statements import Kind, Statement

START = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
SUBJECT, DIGEST = "model:oracle/1", "sha256:files"
REGISTRANT = "dora"
PEOPLE = {"clara": Role.CLINICAL, "carl": Role.CLINICAL, "tim": Role.TECHNICAL, "tara": Role.TECHNICAL}
VALID = timedelta(days=30)
RULES = Rules(
    name="guessing",
    version=1,
    digest="sha256:policy",
    since=START,
    people=2,
    roles=(frozenset({Role.CLINICAL, Role.DOMAIN}), frozenset({Role.TECHNICAL})),
    valid=VALID,
    required_facts=("purpose",),
    evidence="own",
)

#: What happens, and with what.
Event: TypeAlias = tuple[str, Any]
READY: list[Event] = [("evaluate", True), ("declare", True), ("approve", "clara"), ("approve", "tim")]

who = st.sampled_from(sorted(PEOPLE))
events = st.one_of(
    st.tuples(st.just("evaluate"), st.booleans()),
    st.tuples(st.just("declare"), st.booleans()),
    st.tuples(st.just("approve"), who),
    st.tuples(st.just("approve other files"), who),
    st.tuples(st.just("withdraw"), who),
    st.tuples(st.just("withdraw another's"), who),
    st.tuples(st.just("dismiss"), who),
    st.tuples(st.just("unmask"), who),
    st.tuples(st.just("wait"), st.sampled_from([1, 29, 31])),
)


@dataclass(kw_only=True)
class Given:
    """An approval, as the second reckoning keeps it."""

    person: str
    report: int
    declaration: int
    at: datetime
    id: str


@dataclass
class World:
    """The journal as it grows, and beside it the second reckoning, in plain variables."""

    now: datetime = START
    statements: list[Statement] = field(default_factory=list)
    report: int = 0
    passed: bool = False
    declaration: int = 0
    declared_all: bool = False
    roles: dict[str, set[Role]] = field(default_factory=lambda: {name: {role} for name, role in PEOPLE.items()})
    unmasked: set[str] = field(default_factory=set)
    given: list[Given] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.state(Kind.ADOPTED, RULES.facts(), "policy:guessing/1", digest=RULES.digest)
        for name in PEOPLE:
            self.appoint(name)
        self.state(Kind.REGISTERED, {"run_id": None, "registered_by": REGISTRANT})

    def state(
        self, kind: Kind, facts: dict[str, Any], subject: str = SUBJECT, *, by: str = "x", digest: str = DIGEST
    ) -> Statement:
        self.now += timedelta(seconds=1)
        made = Statement(kind=kind, subject=subject, digest=digest, facts=facts, made_at=self.now, made_by=by)
        self.statements.append(made)
        return made

    def appoint(self, name: str) -> None:
        known_as = [REGISTRANT.upper()] if name in self.unmasked else []
        self.state(Kind.APPOINTED, {"roles": sorted(self.roles[name]), "known_as": known_as}, f"person:{name}")

    def happen(self, event: Event) -> None:
        what, value = event
        if what == "evaluate":
            self.report, self.passed = self.report + 1, value
            facts = {"report": f"report {self.report}", "suite": "s", "policy": str(RULES), "evidence": "own"}
            reasons = [] if value else ["too low"]
            self.state(Kind.EVALUATED, {**facts, "policy_digest": RULES.digest, "passed": value, "reasons": reasons})
        elif what == "declare":
            self.declaration, self.declared_all = self.declaration + 1, value
            self.state(Kind.DECLARED, {"purpose": "p" if value else " ", "number": self.declaration})
        elif what.startswith("approve"):
            self.approve(value, DIGEST if what == "approve" else "sha256:other")
        elif what.startswith("withdraw"):
            self.withdraw(value, own=what == "withdraw")
        elif what == "wait":
            self.now += timedelta(days=value)
        else:
            if what == "dismiss":
                self.roles[value] = set()
            else:
                self.unmasked.add(value)
            self.appoint(value)

    def approve(self, person: str, digest: str) -> None:
        declared = [each.id for each in self.statements if each.kind is Kind.DECLARED]
        facts = {"report": f"report {self.report}", "declaration": declared[-1] if declared else "none"}
        expires_at = (self.now + VALID).isoformat()
        made = self.state(
            Kind.APPROVED, {**facts, "role": PEOPLE[person], "expires_at": expires_at}, by=person, digest=digest
        )
        if digest == DIGEST and self.roles[person]:
            report, declaration = self.report, self.declaration
            self.given.append(Given(person=person, report=report, declaration=declaration, at=self.now, id=made.id))

    def withdraw(self, person: str, *, own: bool) -> None:
        theirs = [each for each in self.given if (each.person == person) is own]
        if theirs:
            self.state(Kind.WITHDRAWN, {"statement": theirs[-1].id, "reason": "r"}, by=person)
            if own:
                self.given.remove(theirs[-1])

    @property
    def may_serve(self) -> bool:
        counting = {
            each.person
            for each in self.given
            if each.person not in self.unmasked
            and (each.report, each.declaration) == (self.report, self.declaration)
            and self.now < each.at + VALID - timedelta(seconds=1)  # it began to count when it was asked for
        }
        roles = {PEOPLE[person] for person in counting}
        return self.passed and self.declared_all and {Role.CLINICAL, Role.TECHNICAL} <= roles


@settings(max_examples=4 * settings().max_examples, deadline=None)
@given(ready=st.booleans(), happening=st.lists(events, max_size=8))
@example(ready=True, happening=[])
@example(ready=True, happening=[("wait", 31)])
@example(ready=True, happening=[("dismiss", "tim")])
@example(ready=True, happening=[("withdraw another's", "clara")])
@example(ready=False, happening=[("evaluate", True), ("declare", True), ("dismiss", "tim"), ("approve", "tim")])
def test_nothing_blocks_when_and_only_when_it_may_serve(ready: bool, happening: list[Event]) -> None:
    world = World()
    for event in [*(READY if ready else []), *happening]:
        world.happen(event)
    stands = standing(world.statements, "oracle", 1, world.now)
    assert (stands.blocked == ()) is world.may_serve, stands.blocked
    assert (stands.state is State.APPROVED) is world.may_serve


@given(happening=st.lists(events, max_size=8), shuffled=st.randoms(use_true_random=False))
def test_the_order_of_the_rows_says_nothing(happening: list[Event], shuffled: Any) -> None:
    """Times are signed; the order of rows is whoever's who can write the database."""
    world = World()
    for event in [*READY, *happening]:
        world.happen(event)
    rows = list(world.statements)
    shuffled.shuffle(rows)
    moved = standing(rows, "oracle", 1, world.now)
    straight = standing(world.statements, "oracle", 1, world.now)
    assert (moved.blocked, moved.state) == (straight.blocked, straight.state)


def test_the_past_is_as_it_was() -> None:
    """A state is that of its moment, whatever came later."""
    world = World()
    moments = []
    for event in [*READY, ("evaluate", False), ("evaluate", True)]:
        world.happen(event)
        moments.append((world.now, standing(world.statements, "oracle", 1, world.now).state))
    assert [state for _, state in moments] == [
        State.EVALUATED, State.EVALUATED, State.EVALUATED, State.APPROVED, State.REFUSED, State.EVALUATED,
    ]  # fmt: skip
    assert [standing(world.statements, "oracle", 1, moment).state for moment, _ in moments] == [s for _, s in moments]
