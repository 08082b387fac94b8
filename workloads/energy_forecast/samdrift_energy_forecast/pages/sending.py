"""How far a plan has come on its way to the people who get it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from samdrift_energy_forecast.delivery import MAIL
from samdrift_platform.ledger.effects import EffectRow, EffectState
from samdrift_platform.portal.shell import Shell


@dataclass(frozen=True, kw_only=True)
class Sent:
    """One way out."""

    #: "mail" or "folder".
    receiver: str
    state: EffectState
    #: People it goes to; 0 for a folder.
    recipients: int
    #: Addresses that the mail server will not take.
    refused: Sequence[str]
    #: What the receiver said last; empty when it took it.
    error: str

    @property
    def is_unknown(self) -> bool:
        """Nobody can tell whether the message arrived: a person must say."""
        return self.receiver == MAIL and self.state is EffectState.UNKNOWN


def sent_of(shell: Shell, item_id: UUID) -> Sequence[Sent]:
    """What was sent of a plan, in order."""
    return [_sent(effect) for effect in shell.reading.effects(item_id)]


def _sent(effect: EffectRow) -> Sent:
    return Sent(
        receiver=effect.receiver,
        state=EffectState(effect.state),
        recipients=len(effect.request.get("to", ())),
        refused=tuple((effect.answer or {}).get("refused", ())),
        error=effect.error or "",
    )
