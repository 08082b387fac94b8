"""A step of a process: one function with a name that people read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from samdrift_rpa.run import Run

R = TypeVar("R", bound="Run")


@dataclass(frozen=True, kw_only=True)
class Step(Generic[R]):
    """What is done with one item before the next step is."""

    #: The function's name: in results, statistics and explanations.
    name: str
    #: By language, "da" and "en".
    title: Mapping[str, str]
    #: Does it, on the run; pure: it reads input, objects and engine, plans effects and asks, and nothing else.
    take: Callable[[R], None]


def step(*, da: str, en: str) -> Callable[[Callable[[R], None]], Step[R]]:
    """Make a function into a step: `@step(da="Betal", en="Pay")`."""

    def make(take: Callable[[R], None]) -> Step[R]:
        return Step(name=take.__name__, title={"da": da, "en": en}, take=take)

    return make
