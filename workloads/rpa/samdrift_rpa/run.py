"""One item on its way through the steps of a process.

The steps are taken from the first on every round, also after a person has decided: a step is a pure function, so it
plans the same effects under the same names again, and the ledger keeps what it has. That is what makes a robot that
died, and one that waited a week for a person, go on as if nothing had been.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, JsonValue

from samdrift_platform.contract import Effect, Item, JsonObject, Question, Store
from samdrift_platform.errors import SamdriftError
from samdrift_platform.question import Decision


class UndeclaredEffectError(SamdriftError):
    """A step plans an effect that its process does not declare. Its author adds it to `effects`, or mends the step."""


class WaitsForPersonError(SamdriftError):
    """A person must decide first. Raised by `Run.ask`; a step lets it pass."""

    def __init__(self, question: Question) -> None:
        """`question` is what the person is asked."""
        super().__init__(question.title.get("en", question.code))
        self.question = question


class Run:
    """What a step has in its hands. A process with more of its own to carry derives from this."""

    def __init__(self, item: Item, given: BaseModel, store: Store, engine: Any, effects: Mapping[str, str]) -> None:
        """`given` is the item's input; `effects` are the declared ones, step -> receiver."""
        self.item, self.given, self.store, self.engine = item, given, store, engine
        self.facts: dict[str, JsonValue] = {}
        self.planned: list[Effect] = []
        #: Registered names of the models that said something of this item: a step that asks one adds it.
        self.models: list[str] = []
        self._declared = effects

    def note(self, name: str, value: JsonValue) -> None:
        """Keep a fact in the item's result: what pages show and what statistics count. No personal data."""
        self.facts[name] = value

    def effect(self, step: str, request: JsonObject) -> JsonObject | None:
        """Plan a declared effect; what its receiver answered, where an earlier round made it.

        The request goes into the ledger. So it holds no personal data: it names the object that has them, and the
        receiver reads it.

        Raises:
            UndeclaredEffectError: the process declares no effect of that name.
        """
        if step not in self._declared:
            raise UndeclaredEffectError(f"The process declares no effect {step!r}; it has {sorted(self._declared)}.")
        self.planned.append(Effect(step=step, receiver=self._declared[step], request=request))
        return self.item.earlier.answers.get(step)

    def ask(self, question: Question) -> Decision:
        """What people decided about `question`; until they have, the run ends here and waits.

        Raises:
            WaitsForPersonError: nobody has decided yet.
        """
        decision = self.item.earlier.decision(question.code)
        if decision is None:
            raise WaitsForPersonError(question)
        return decision
