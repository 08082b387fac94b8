"""What the journal says: states, deployments, people, policies, stops and alarms, all folded anew."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from samdrift_platform.governance.alarms import Alarm, alarms_in
from samdrift_platform.governance.journal import DEPLOYING, GOVERNING, Journal
from samdrift_registry.deployments import Deployment, Slot, current, subject_of
from samdrift_registry.lifecycle import Standing, Stop, standing, stopped
from samdrift_registry.people import Person, people
from samdrift_registry.proof import Proof, collect
from samdrift_registry.rules import Rules, in_force
from samdrift_registry.statements import Kind, Statement, model_subject


class Readings:
    """Everything that can be asked. VerificationError when the journal was tampered with."""

    _journal: Journal

    def newest(self) -> int:
        """Rises with every statement; cheap: whoever has read need not read again while it stands still."""
        return self._journal.newest()

    def standing(self, name: str, version: int, *, now: datetime | None = None) -> Standing:
        """Where a version stands (at `now`, or this moment); VersionUnknownError (404)."""
        told = self._told()
        return standing(told, name, version, now or _latest(told))

    def standings(self, *, now: datetime | None = None) -> tuple[Standing, ...]:
        """All versions, by name and number."""
        told = self._told()
        moment = now or _latest(told)
        subjects = {each.subject for each in told if each.subject.startswith("model:") and each.made_at <= moment}
        versions = sorted(subject_of(subject) for subject in subjects)
        return tuple(standing(told, name, version, moment) for name, version in versions)

    def deployments(self) -> dict[tuple[str, Slot], Deployment]:
        """(model, slot) -> what serves there."""
        return current(self._told(DEPLOYING))

    def proof(self, deployment: Deployment) -> Proof:
        """What a replica needs to verify `deployment`."""
        return collect(self._journal.read(), deployment)

    def people(self) -> Mapping[str, Person]:
        """Sign-in subject -> person."""
        return people(self._told([Kind.APPOINTED]))

    def policies(self) -> Mapping[str, Rules]:
        """Policy name -> the version in force."""
        return in_force(self._told([Kind.ADOPTED]))

    def stops(self) -> Mapping[str, Stop]:
        """Workload -> why it is in its safe state, of those that are."""
        return stopped(self._told([Kind.STOPPED, Kind.RESUMED]))

    def alarms(self) -> tuple[Alarm, ...]:
        """All, the newest first."""
        return alarms_in(self._told([Kind.ALARM, Kind.SETTLED]))

    def statements(self, name: str, version: int | None = None) -> tuple[Statement, ...]:
        """All that was stated about a model (or one version), oldest first."""
        if version is not None:
            return tuple(each for each in self._told() if each.subject == model_subject(name, version))
        return tuple(each for each in self._told() if each.subject.startswith(f"model:{name}/"))

    def _told(self, kinds: Sequence[Kind] = GOVERNING) -> list[Statement]:
        return [each.statement for each in self._journal.read(kinds)]


def _latest(statements: Iterable[Statement]) -> datetime:
    """This moment, or that of the newest statement, should a clock have been set back since."""
    return max([datetime.now(UTC), *(each.made_at for each in statements)])
