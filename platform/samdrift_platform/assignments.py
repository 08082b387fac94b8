"""What each workload's replicas should serve now: a pure function of what is deployed and what is stopped."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from samdrift_platform.contract import Workload
from samdrift_platform.settings import Settings

if TYPE_CHECKING:
    from samdrift_registry.deployments import Deployment, Slot
    from samdrift_registry.proof import Proof

    Deployments: TypeAlias = Mapping[tuple[str, Slot], Deployment]


@dataclass(frozen=True, kw_only=True)
class Served:
    """A deployed version and the evidence on which a replica may load it."""

    deployment: Deployment
    #: New approvals or signatures make no other assignment: what was loaded stays loaded.
    proof: Proof = field(compare=False, repr=False)

    @property
    def content(self) -> tuple[str, int, str]:
        """Name, version and digest: what is loaded, whoever deployed it and when."""
        return self.deployment.model, self.deployment.version, self.deployment.digest


@dataclass(frozen=True, kw_only=True)
class Assignment:
    """What a replica serves: everything it needs to start on another machine."""

    workload: str
    home: Path
    objects_url: str
    cpu_watts: float
    grid_g_co2_per_kwh: float
    #: Registered name -> its champion; in a shadow's assignment one of them is the shadow.
    models: Mapping[str, Served] = field(default_factory=dict)
    canaries: tuple[Served, ...] = ()
    #: The workload is stopped: no model is loaded, and items get its safe state's answer.
    safe: bool = False
    #: Nothing that is written to the object store is kept.
    shadow: bool = False

    def without_canaries(self) -> Assignment:
        """The champions alone."""
        return replace(self, canaries=())

    def describe(self) -> dict[str, str]:
        """Registered name -> `version@sha256:…` of what answers."""
        return {name: str(served.deployment) for name, served in self.models.items()}


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What should be served."""

    #: Workload -> its assignment.
    crews: Mapping[str, Assignment]
    #: Workload -> shadows that score what its champions answered.
    shadows: Mapping[str, tuple[tuple[Deployment, Assignment], ...]]
    #: Workload -> why it has no assignment: its items wait.
    missing: Mapping[str, str]
    #: All versions in shadow slots, those of stopped workloads too.
    in_shadow: tuple[Deployment, ...] = ()


def wanted(
    workloads: Iterable[Workload],
    deployments: Deployments,
    stopped: Collection[str],
    prove: Callable[[Deployment], Proof],
    settings: Settings,
) -> Wanted:
    """The assignments of `workloads`. A stopped one needs no model, so none can keep it from its safe state."""
    crews, shadows, missing = {}, {}, {}
    for workload in workloads:
        blank = _blank(workload.name, settings)
        slots = {slot: _in_slot(workload, deployments, slot, prove) for slot in ("champion", "canary", "shadow")}
        needed = {model for model, use in workload.models.items() if use.required}
        absent = sorted(needed - set(slots["champion"]))
        if workload.name in stopped:
            crews[workload.name] = replace(blank, safe=True)
        elif absent:
            missing[workload.name] = f"no version is deployed of {', '.join(absent)}"
        else:
            served = replace(blank, models=slots["champion"], canaries=tuple(slots["canary"].values()))
            crews[workload.name] = served
            shadows[workload.name] = tuple(_shadow(served, each) for each in slots["shadow"].values())
    in_shadow = tuple(deployment for (_, slot), deployment in deployments.items() if slot == "shadow")
    return Wanted(crews=crews, shadows=shadows, missing=missing, in_shadow=in_shadow)


def canary_for(assignment: Assignment, reference: str) -> Served | None:
    """The canary that answers for this item: always the same share of all references, chosen by their hash."""
    return next((c for c in assignment.canaries if portion(c.deployment.model, reference) < c.deployment.share), None)


def portion(model: str, reference: str) -> float:
    """Where a reference lies between 0 and 1; the same for every version of a model, so that a wider share adds."""
    hashed = hashlib.sha256(f"{model}\x1f{reference}".encode()).digest()
    return int.from_bytes(hashed[:8]) / 2**64


def _blank(workload: str, settings: Settings) -> Assignment:
    return Assignment(
        workload=workload,
        home=settings.home.resolve(),
        objects_url=settings.objects_url,
        cpu_watts=settings.cpu_watts,
        grid_g_co2_per_kwh=settings.grid_g_co2_per_kwh,
    )


def _in_slot(
    workload: Workload, deployments: Deployments, slot: str, prove: Callable[[Deployment], Proof]
) -> dict[str, Served]:
    """Registered name -> what is deployed in `slot`, of the models that the workload uses."""
    mine = [found for (model, where), found in deployments.items() if model in workload.models and where == slot]
    return {each.model: Served(deployment=each, proof=prove(each)) for each in sorted(mine, key=lambda d: d.model)}


def _shadow(champions: Assignment, shadow: Served) -> tuple[Deployment, Assignment]:
    models = {**champions.models, shadow.deployment.model: shadow}
    return shadow.deployment, replace(champions, models=models, canaries=(), shadow=True)
