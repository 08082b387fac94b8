"""The roster: every workload's crew, and a crew for each shadow beside it."""

from __future__ import annotations

from collections.abc import Mapping

from samdrift_platform.admission import Capacity
from samdrift_platform.assignments import Assignment, Wanted
from samdrift_platform.contract import Workload
from samdrift_platform.crew import Crew
from samdrift_platform.lines import ItemLine, ShadowLine


class Roster:
    """Hires, reassigns and dismisses."""

    def __init__(self, workloads: Mapping[str, Workload]) -> None:
        """Know the workloads; nobody works yet."""
        self._workloads = workloads
        self._lines = {name: ItemLine(workload) for name, workload in workloads.items()}
        #: Workload -> the crew that answers.
        self._answering: dict[str, Crew] = {}
        #: Line -> the crew that shadows.
        self._shadowing: dict[str, Crew] = {}
        self._missing: dict[str, str] = {}

    @property
    def crews(self) -> dict[str, Crew]:
        """Line -> crew."""
        return {**self._answering, **self._shadowing}

    def muster(self, wanted: Wanted, capacity: Capacity) -> None:
        """Give every crew its assignment, hire those that are missing, dismiss those without one."""
        self._missing = dict(wanted.missing)
        for name in set(self._answering) - set(wanted.crews):
            self._answering.pop(name).dismiss()
        for name, assignment in wanted.crews.items():
            self._answer(name, assignment, capacity.open_to(self._lines[name].priority))
        for name, line in self._lines.items():
            line.shadows = tuple(deployment for deployment, _ in wanted.shadows.get(name, ()))
        self._shadow(wanted, capacity.cpus)

    def tend(self) -> None:
        """Let every crew take in what has loaded, and change what is due."""
        for crew in self.crews.values():
            crew.tend()

    def dismiss(self) -> None:
        """End all replicas."""
        for crew in self.crews.values():
            crew.dismiss()

    @property
    def missing(self) -> dict[str, str]:
        """Workload -> why not everything that should be served is."""
        troubled = {name: crew.trouble for name, crew in self._answering.items() if crew.trouble and not crew.settled}
        return {**self._missing, **troubled}

    @property
    def ready(self) -> bool:
        """Every workload is served as it should be. Shadows do not count: nobody waits for them."""
        staffed = set(self._answering) == set(self._workloads)
        return staffed and not self.missing and all(crew.settled for crew in self._answering.values())

    @property
    def detail(self) -> dict[str, object]:
        """What a person sees of it."""
        return {
            "crews": {name: crew.detail for name, crew in self._answering.items()},
            "shadows": {name: crew.detail for name, crew in self._shadowing.items()},
            "missing": self.missing,
        }

    def _answer(self, name: str, assignment: Assignment, cpus: float) -> None:
        if name not in self._answering:
            workload = self._workloads[name]
            most = workload.resources.most_replicas
            self._answering[name] = Crew(
                workload=workload, line=self._lines[name], assignment=assignment, cluster_cpus=cpus, most_replicas=most
            )
        crew = self._answering[name]
        crew.cluster_cpus = cpus
        crew.assign(assignment)

    def _shadow(self, wanted: Wanted, cpus: float) -> None:
        lines = {
            line.name: (line, assignment)
            for name, shadows in wanted.shadows.items()
            for deployment, assignment in shadows
            for line in [ShadowLine(self._workloads[name], deployment)]
        }
        for name in set(self._shadowing) - set(lines):
            self._shadowing.pop(name).dismiss()
        for name, (line, assignment) in lines.items():
            crew = Crew(workload=line.workload, line=line, assignment=assignment, cluster_cpus=cpus)
            self._shadowing.setdefault(name, crew).assign(assignment)
