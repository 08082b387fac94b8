"""The pages of Digital Post in a real Chromium, a letter of every ending: accessible, also on 320 pixels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from playwright.sync_api import Browser

from samdrift_platform.checks import MemoryStore
from samdrift_platform.contract import Priority
from samdrift_platform.ledger.effects import EffectRow, EffectState
from samdrift_platform.ledger.items import ItemState, WorkItem
from samdrift_platform.portal.testing import GivenReading, portal_of
from samdrift_rpa.digital_post.engine import PostEngine
from samdrift_rpa.digital_post.generator import Written, write
from samdrift_rpa.digital_post.kle import KleSubject
from samdrift_rpa.digital_post.policy import read_post_policy
from samdrift_rpa.digital_post.process import process
from samdrift_rpa.digital_post.tagger import Tagger
from samdrift_rpa.testing import try_case
from samdrift_rpa.workload import workload
from samdrift_testing.browsing import visiting
from samdrift_testing.pages import check_page
from samdrift_testing.serving import serving

pytestmark = pytest.mark.browser

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
STATED = Written(number=1, title="Carport", text="Hej", kle="02.34.02")
LETTERS = {
    "handled": write(STATED),
    "waits": write(Written(number=2, title="Rotte", text="rotte")),
    "legal": write(replace(STATED, number=3, legal_notification=True)),
    "refused": write(STATED)[:-40],
}
SUBJECTS = [
    KleSubject(number="09.13.01", title="Rottebekæmpelse", keywords=[("rotte", 5)]),
    KleSubject(number="23.09.02", title="Pas", keywords=[("pas", 5)]),
]


def items(store: MemoryStore) -> Iterator[WorkItem]:
    engine = PostEngine(policy=read_post_policy(), schemas=None, tagger=Tagger(SUBJECTS))
    for number, content in enumerate(LETTERS.values(), 1):
        trial = try_case(process, {"message": store.put(content)}, store=store, engine=engine)
        yield WorkItem(
            id=UUID(int=number),
            submission_id=UUID(int=0),
            workload="rpa",
            tenant="t",
            reference=trial.item.reference,
            state=ItemState(trial.verdict),
            priority=Priority.ADMINISTRATIVE,
            deadline=None,
            attempt=1,
            payload=trial.item.payload,
            result=trial.outcome.result,
            reason=trial.outcome.reason,
            models={},
            queued_at=NOW,
            started_at=NOW,
            finished_at=NOW,
            lane="digital_post",
        )


def found() -> EffectRow:
    return EffectRow(
        key=UUID(int=100),
        item_id=UUID(int=1),
        ordinal=0,
        workload="rpa",
        step="find_case",
        receiver="case_system",
        request={},
        state=EffectState.DELIVERED,
        attempt=1,
        fence=1,
        answer={"case_number": "S000017"},
        error=None,
        planned_at=NOW,
        finished_at=NOW,
    )


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SAMDRIFT_HOME", str(tmp_path_factory.mktemp("home")))
        store = MemoryStore()
        reading = GivenReading(given=[*items(store)], given_effects=[found()])
        with serving(portal_of(workload, objects=store.objects, reading=reading)) as address:
            yield address


PATHS = {"list": "/rpa/digital_post"} | {
    name: f"/rpa/digital_post/{UUID(int=number)}" for number, name in enumerate(LETTERS, 1)
}


@pytest.mark.parametrize("language", ["da", "en"])
@pytest.mark.parametrize("name", PATHS)
def test_a_page_is_accessible_and_can_be_walked_by_keyboard(
    browser: Browser, address: str, name: str, language: str, tmp_path: Path
) -> None:
    with visiting(browser, f"{address}{PATHS[name]}") as visit:
        visited = visit(f"?lang={language}")
        check_page(visited, language, tmp_path / "page")
        assert language == "en" or visited.page.locator("main [lang=en]").all_inner_texts() == []
