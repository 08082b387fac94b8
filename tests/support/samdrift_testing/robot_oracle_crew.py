"""Processes of one kind for the robots' oracle: some die or fall asleep as planned, the last ones live."""

from __future__ import annotations

import multiprocessing
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from multiprocessing.context import ForkProcess

import psutil

from samdrift_testing.robot_oracle_worker import Mortal, Plan

#: How long somebody sleeps beyond the lease, in seconds.
_BEYOND_S = 2.0


@dataclass(kw_only=True)
class Crew:
    """As many at once, one after the other with a plan; when all plans are used up, as many that live."""

    make: Callable[..., Mortal]
    plans: list[Plan]
    at_once: int
    #: After the clock was set nobody is started for so long.
    lease: timedelta
    alive: dict[ForkProcess, Plan | None] = field(default_factory=dict)
    #: One that lived has found that everything has ended.
    is_done: bool = False
    #: Process -> when it was first seen asleep (monotonic).
    _asleep: dict[ForkProcess, float] = field(default_factory=dict)
    _rests_until_s: float = 0.0
    _random: random.Random = field(default_factory=lambda: random.Random(2))

    @property
    def finished(self) -> bool:
        """Nobody is left."""
        return self.is_done and not self.alive

    def fill(self) -> None:
        """Start whoever is missing; sleepers do not count."""
        if self.is_done or time.monotonic() < self._rests_until_s:
            return
        while len(self.alive) - len(self._asleep) < self.at_once:
            plan = self.plans.pop() if self.plans else None
            process = multiprocessing.get_context("fork").Process(target=_live, args=(self.make, plan), daemon=True)
            process.start()
            self.alive[process] = plan

    def rest(self) -> None:
        """Start nobody for one lease."""
        self._rests_until_s = time.monotonic() + self.lease.total_seconds()

    def bury(self) -> Counter[str]:
        """Those who have ended: where they were killed, as the plan said or at any moment."""
        killed = Counter[str]()
        for process, plan in [(process, plan) for process, plan in self.alive.items() if process.exitcode is not None]:
            del self.alive[process]
            self._asleep.pop(process, None)
            assert process.exitcode in (0, -signal.SIGKILL), f"a process ended with {process.exitcode}"
            if process.exitcode == 0:
                self.is_done = True
            elif plan is not None and plan.number is signal.SIGKILL:
                killed[plan.point] += 1
            else:
                killed["at any moment"] += 1
        return killed

    def wake(self) -> int:
        """Those that have slept beyond their lease; how many."""
        now_s, woken = time.monotonic(), 0
        for process, plan in self.alive.items():
            asleep = plan is not None and plan.number is signal.SIGSTOP and process not in self._asleep
            if asleep and _is_stopped(process):
                self._asleep[process] = now_s
        for process, since_s in list(self._asleep.items()):
            if now_s - since_s > self.lease.total_seconds() + _BEYOND_S:
                del self._asleep[process]
                self.alive[process] = None  # from now on it lives
                with suppress(psutil.NoSuchProcess):
                    psutil.Process(process.pid).resume()
                woken += 1
        return woken

    def kill_somebody(self) -> None:
        """SIGKILL, at whatever it is doing."""
        awake = [process for process in self.alive if process not in self._asleep and process.is_alive()]
        if awake:
            process = self._random.choice(awake)
            self.alive[process] = None
            process.kill()

    def end(self) -> None:
        """Kill whoever is left."""
        for process in self.alive:
            process.kill()
            process.join()


def _live(make: Callable[..., Mortal], plan: Plan | None) -> None:
    make(plan=plan).run()


def _is_stopped(process: ForkProcess) -> bool:
    try:
        return bool(psutil.Process(process.pid).status() == psutil.STATUS_STOPPED)
    except psutil.NoSuchProcess:  # it has just died, as planned
        return False
