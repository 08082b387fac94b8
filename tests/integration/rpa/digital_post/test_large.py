"""A message of nearly 100 MB is read, journalised and forgotten in bounded memory; a larger one is refused."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from samdrift_platform.objects import ObjectStore
from samdrift_rpa.digital_post.generator import Attachment, Written, write
from samdrift_rpa.loopback.log import Kind
from samdrift_testing.case_systems import CaseSystem

#: Peak memory above that of the imports, in MiB. The message is 99 MB, its attachment 74 MB.
MOST_MIB = 24
WORKS = """
import resource, sys
from uuid import UUID
from samdrift_platform.objects import ObjectStore
from samdrift_rpa.digital_post.process import process
from samdrift_rpa.receivers.case_system import CaseSystemReceiver
from samdrift_rpa.testing import try_case
import lxml.etree, httpx
objects, url, reference = sys.argv[1:]
store, engine = ObjectStore(objects), process.load({})
small = try_case(process, {"message": store.put(b"<a/>")}, store=store, engine=engine)
peer = CaseSystemReceiver(url, store, timeout_s=25.0)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
trial = try_case(process, {"message": reference}, store=store, engine=engine)
print(trial.verdict, trial.outcome.reason, file=sys.stderr)
for number, effect in enumerate(trial.effects[:2]):
    peer.deliver(UUID(int=number), effect.request)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


def _large(store: ObjectStore, attachment_bytes: int) -> str:
    marker = b"<<here>>"
    message = write(
        Written(
            number=1, title="Stor", text="x", kle="02.34.00", attachments=[Attachment(filename="a.bin", content=marker)]
        )
    )
    encoded = base64.b64encode(marker)
    return store.put(message.replace(encoded, b"QUJD" * (attachment_bytes // 3)))


def _worked(store: ObjectStore, url: str, reference: str) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-c", WORKS, store.url, url, reference]
    environment = {**os.environ, "SAMDRIFT_DATA": "", "OMP_NUM_THREADS": "1"}
    return subprocess.run(argv, capture_output=True, text=True, check=True, timeout=120, env=environment)


def test_memory_does_not_grow_with_the_attachment(store: ObjectStore, case_system: Callable[..., CaseSystem]) -> None:
    peer = case_system()
    done = _worked(store, peer.url, _large(store, 74_000_000))
    grown_mib = int(done.stdout)
    assert grown_mib <= MOST_MIB, f"it took {grown_mib} MiB more"
    (entry,) = peer.log.entries(Kind.ENTRY)
    sizes = [file["bytes"] for file in json.loads(entry.body)["files"]]
    assert sizes[1:] == [1, 73_999_998]


def test_an_attachment_of_100_mb_is_refused_with_a_reason(
    store: ObjectStore, case_system: Callable[..., CaseSystem], tmp_path: Path
) -> None:
    peer = case_system()
    reference = _large(store, 100_000_000)
    kept = sum(1 for path in tmp_path.rglob("objects/*/*"))
    done = _worked(store, peer.url, reference)
    assert "rejected The message is larger than 99.5 MB" in done.stderr
    assert int(done.stdout) <= MOST_MIB
    assert peer.log.entries(Kind.CASE) == []
    assert sum(1 for path in tmp_path.rglob("objects/*/*")) == kept + 1  # the tiny message
