"""Shows in MLflow what is deployed: the aliases `champion`, `canary` and `shadow` follow, and decide nothing.

Data scientists look at MLflow, so it should tell the truth. An alias that somebody moved is told as a departure by the
reconciler's scan before the mirror puts it back; a version that was deleted in MLflow keeps serving from our copy.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from samdrift_registry.deployments import Deployment, Slot
from samdrift_registry.errors import MlflowUnavailableError

if TYPE_CHECKING:
    from mlflow import MlflowClient


@dataclass(frozen=True, kw_only=True)
class Move:
    """An alias that has to change; None: there is none, or should be none."""

    name: str
    alias: str
    was: int | None
    now: int | None


def moves(
    deployed: Mapping[tuple[str, Slot], Deployment],
    aliases: Mapping[tuple[str, str], int],
    listed: frozenset[tuple[str, int]],
) -> list[Move]:
    """What has to change in MLflow.

    Args:
        deployed: what serves.
        aliases: (name, alias) -> version, as MLflow lists them. Aliases of other names than the slots' stay as they are.
        listed: (name, version) that MLflow lists: a deleted one cannot carry an alias.
    """
    ours = {(name, str(slot)): one.version for (name, slot), one in deployed.items()}
    wanted = {key: version for key, version in ours.items() if (key[0], version) in listed}
    known = {key: version for key, version in aliases.items() if key[1] in set(Slot)}
    governed = {name for name, _ in deployed}
    return [
        Move(name=name, alias=alias, was=known.get((name, alias)), now=wanted.get((name, alias)))
        for name, alias in sorted(wanted.keys() | known.keys())
        if name in governed and known.get((name, alias)) != wanted.get((name, alias))
    ]


class Mirror:
    """Writes aliases into MLflow."""

    def __init__(self, tracking_uri: str) -> None:
        self._uri = tracking_uri

    def apply(self, found: list[Move]) -> None:
        """Make the moves; MlflowUnavailableError when MLflow does not answer, and the next turn tries again."""
        if not found:
            return
        from mlflow.exceptions import MlflowException
        from sqlalchemy.exc import SQLAlchemyError

        try:
            client = self._client()
            for move in found:
                _make(client, move)
        except (MlflowException, SQLAlchemyError, OSError) as error:
            raise MlflowUnavailableError.about(str(error)) from error

    def _client(self) -> MlflowClient:
        from mlflow import MlflowClient

        return MlflowClient(tracking_uri=self._uri, registry_uri=self._uri)


def _make(client: Any, move: Move) -> None:
    if move.now is None:
        client.delete_registered_model_alias(move.name, move.alias)
    else:
        client.set_registered_model_alias(move.name, move.alias, str(move.now))
