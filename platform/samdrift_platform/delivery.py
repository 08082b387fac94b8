"""The delivery process: makes planned effects happen, once.

A row stands before the call and the attempt is counted before the call. So an effect that was attempted before is asked
about first; it is made only when its receiver says that it did not happen. A delivery that slept too long makes no call
at all. What remains is a process that stalls between looking at the clock and calling, and a call that outlasts its
lease: against these the receiver gets the effect's key.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timedelta

import structlog

from samdrift_platform import plugins, process
from samdrift_platform.contract import JsonObject, Receiver
from samdrift_platform.errors import CannotTellError, LeaseLostError, ReceiverRefusedError, TryAgainError
from samdrift_platform.impersonal import kept_fields
from samdrift_platform.ledger import effects, processes
from samdrift_platform.ledger.database import Ledger, LedgerRefusedError, LedgerUnavailableError
from samdrift_platform.ledger.effects import EffectRow, EffectState
from samdrift_platform.ledger.endings import back_off
from samdrift_platform.receiver import HearsPeople
from samdrift_platform.settings import load
from samdrift_platform.wall_clock import WallClock

log = structlog.get_logger(__name__)

#: Attempts before an effect whose receiver cannot tell whether it happened is left to a person: about half an hour. A
#: receiver that is merely down is tried again without end.
MOST_ATTEMPTS = 12
#: A call begins in the first half of its lease and must end in the second, or another delivery may ask about it.
LEASE = timedelta(seconds=60)
#: Wait before the ledger is tried again when it does not answer, in seconds.
PATIENCE_S = 1.0
HEARTBEAT = timedelta(seconds=2)
#: Calls in flight at most for each workload: slow receivers of one keep no other waiting.
THREADS = 2


class _NotCalledError(TryAgainError):
    """The receiver did not answer the question whether it happened, so it was not told to do it."""


class _Own(threading.local):
    """What each thread knows for itself."""

    #: Its last look found something: then there is more, as a rule, and it takes without looking first.
    busy = False


class Delivery:
    """Delivers the effects of some workloads to their receivers."""

    def __init__(
        self,
        ledger: Ledger,
        receivers: Mapping[str, Mapping[str, Receiver]],
        *,
        lease: timedelta = LEASE,
        clock: WallClock | None = None,
    ) -> None:
        """Deliver for each workload in `receivers` (workload -> name -> receiver)."""
        self._ledger = ledger
        self._receivers = receivers
        self._lease = lease
        self._clock = clock or WallClock()
        self._own = _Own()

    def run(self, stopping: threading.Event, *, poll_s: float) -> None:
        """Deliver until `stopping` is set, each workload in threads of its own."""
        names = [name for name in self._receivers for _ in range(THREADS)]
        with ThreadPoolExecutor(max(1, len(names))) as pool:
            workers = [pool.submit(self._work, name, stopping, poll_s) for name in names]
            while not stopping.is_set() and not any(worker.done() for worker in workers):
                self._report(self._clock.now())
                stopping.wait(HEARTBEAT.total_seconds())
            stopping.set()  # a worker that ended has failed: end all, say why, and be started again
        for worker in workers:
            worker.result()

    def _work(self, workload: str, stopping: threading.Event, poll_s: float) -> None:
        while not stopping.is_set():
            try:
                if not self.step([workload]):
                    stopping.wait(poll_s * THREADS)  # together they look every `poll_s`
            except LedgerUnavailableError as error:  # what was in hand is asked about when its lease is over
                log.warning("the ledger does not answer", error=error.message)
                stopping.wait(PATIENCE_S)

    def step(self, workloads: Sequence[str] | None = None, *, now: datetime | None = None) -> int:
        """Deliver one effect (of these workloads, or any) whose turn it is; how many there were (0 or 1)."""
        if now is None:
            now = self._clock.now()
            if self._clock.was_set_within(self._lease):
                return 0  # leases look over that are not: first every call ends that was under way
        names = list(self._receivers) if workloads is None else list(workloads)
        if not self._own.busy:
            with self._ledger.read() as connection:  # looking takes no lock that writers wait for
                if not effects.any_planned(connection, names, now=now):
                    return 0
        with self._ledger.write() as connection:
            claimed = effects.claim(connection, names, limit=1, lease=self._lease, now=now)
        self._own.busy = bool(claimed)
        for effect in claimed:
            self._deliver(effect, call_by=now + self._lease / 2)
        return len(claimed)

    def _deliver(self, effect: EffectRow, call_by: datetime) -> None:
        try:
            answer = self._attempt(effect, call_by)
        except LeaseLostError:
            log.warning("too late to call; left to the next attempt", step=effect.step, receiver=effect.receiver)
        except ReceiverRefusedError as error:
            self._stop(effect, EffectState.REFUSED, error.message)
        except _NotCalledError as error:
            self._postpone(effect, error.message, called=False)
        except TryAgainError as error:
            self._postpone(effect, error.message)
        except CannotTellError as error:
            self._postpone_or_give_up(effect, error.message)
        except Exception as error:  # noqa: BLE001 - a receiver is other people's code: recorded, asked about, tried again
            self._postpone_or_give_up(effect, f"the receiver failed with {type(error).__name__}")
        else:
            self._record(effect, answer)

    def _attempt(self, effect: EffectRow, call_by: datetime) -> JsonObject:
        receiver = self._receiver(effect)
        if effect.attempt > 1 and (answer := _found(receiver, effect)) is not None:
            return answer
        if self._clock.now() > call_by:
            raise LeaseLostError
        if effect.is_cleared and isinstance(receiver, HearsPeople):
            receiver.did_not_happen(effect.key, effect.request)
        return receiver.deliver(effect.key, effect.request)

    def _record(self, effect: EffectRow, answer: JsonObject) -> None:
        keep = kept_fields(self._receivers[effect.workload].get(effect.receiver))
        try:
            with self._ledger.write() as connection:
                effects.delivered(connection, effect, answer, now=self._clock.now(), keep=keep)
        except LedgerRefusedError as error:
            self._stop(effect, EffectState.UNKNOWN, f"it answered, but the answer cannot be recorded: {error.message}")

    def _receiver(self, effect: EffectRow) -> Receiver:
        receivers = self._receivers[effect.workload]
        if effect.receiver not in receivers:
            raise ReceiverRefusedError(f"{effect.workload} has no receiver called {effect.receiver!r}.")
        return receivers[effect.receiver]

    def _postpone_or_give_up(self, effect: EffectRow, error: str) -> None:
        if effect.attempt >= MOST_ATTEMPTS:
            self._stop(effect, EffectState.UNKNOWN, f"after {effect.attempt} attempts: {error}")
        else:
            self._postpone(effect, error)

    def _postpone(self, effect: EffectRow, error: str, *, called: bool = True) -> None:
        # What the receiver said stands in the effect; it may be personal, so the log does not repeat it.
        log.info("effect postponed", step=effect.step, receiver=effect.receiver, attempt=effect.attempt)
        again = self._clock.now() + back_off(effect.attempt)
        with self._ledger.write() as connection:
            effects.later(connection, effect, error, available_at=again, called=called)

    def _stop(self, effect: EffectRow, state: EffectState, message: str) -> None:
        log.warning("effect needs a person", step=effect.step, receiver=effect.receiver, state=state)
        with self._ledger.write() as connection:
            effects.stopped(connection, effect, state, message, now=self._clock.now())

    def _report(self, now: datetime) -> None:
        with suppress(LedgerUnavailableError), self._ledger.write() as connection:  # silence says it as well
            processes.report(connection, "delivery", ready=True, detail={}, now=now)


def _found(receiver: Receiver, effect: EffectRow) -> JsonObject | None:
    """Did it happen? Where the receiver cannot tell, what a person saw after the last call counts."""
    try:
        return receiver.find(effect.key, effect.request)
    except ReceiverRefusedError:
        raise
    except TryAgainError as error:
        raise _NotCalledError(error.message) from error
    except Exception:
        if effect.is_cleared:
            return None
        raise


def main() -> None:
    """Deliver the effects of every hosted workload until told to stop."""
    settings = load()
    stopping = process.begin("delivery")
    names = plugins.workload_names(settings.workloads)
    receivers = {name: workload.receivers() for name, workload in plugins.workloads(names).items()}
    Delivery(Ledger(settings.ledger_url), receivers).run(stopping, poll_s=settings.poll_s)


if __name__ == "__main__":
    main()
