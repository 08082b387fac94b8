from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import httpx
import pytest

from samdrift_platform.checks import MemoryStore
from samdrift_platform.ledger.items import ItemState
from samdrift_platform.portal.catalogues import sentences
from samdrift_platform.portal.folders import page_folders
from samdrift_platform.portal.testing import GivenReading, portal_of
from samdrift_rpa.digital_post import process as process_module
from samdrift_rpa.digital_post import refusal
from samdrift_rpa.digital_post.engine import PostEngine
from samdrift_rpa.digital_post.generator import IMPOSSIBLE_CPR, Attachment, Written, write
from samdrift_rpa.digital_post.kle import KleSubject
from samdrift_rpa.digital_post.policy import read_post_policy
from samdrift_rpa.digital_post.process import process
from samdrift_rpa.digital_post.tagger import Tagger
from samdrift_rpa.pages import digital_post as pages
from samdrift_rpa.testing import try_case
from samdrift_rpa.workload import workload
from samdrift_testing.given_rows import given_effect, given_item
from samdrift_testing.in_process import in_process

LETTERS = (
    Written(number=1, title="Carport hos Grete", text="Hej", kle="02.34.02"),
    Written(number=2, title="Rotte", text="rotte"),
    Written(number=3, title="Brudt", text="x", kle="02.34.02", attachments=[Attachment(filename="a", content=b"%")]),
)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    keywords = [KleSubject(number="09.13.01", title="", keywords=[("rotte", 5)])]
    tagger = Tagger([*keywords, KleSubject(number="1", title="", keywords=[])])
    engine = PostEngine(policy=read_post_policy(), schemas=None, tagger=tagger)
    store, items = MemoryStore(), []
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SAMDRIFT_HOME", str(tmp_path_factory.mktemp("home")))
        for number, letter in enumerate(LETTERS, 1):
            message = write(letter).replace(b"JQ==", b"J---")
            outcome = try_case(process, {"message": store.put(message)}, store=store, engine=engine).outcome
            items.append(given_item("digital_post", number, ItemState(outcome.verdict), outcome.result, outcome.reason))
    items.append(given_item("digital_post", 4, ItemState.WAITING_FOR_PERSON, {"process": "digital_post"}, "stopped"))
    done = [given_effect(1, "find_case", {"case_number": "S000017"}), given_effect(1, "acknowledge", {})]
    app = portal_of(workload, objects=store.objects, reading=GivenReading(given=items, given_effects=done))
    with in_process(app) as transport, httpx.Client(transport=transport, base_url="http://portal.test") as client:
        yield client


def page(browser: httpx.Client, path: str, language: str) -> str:
    answer = browser.get(path, headers={"Accept-Language": language})
    assert answer.status_code == 200
    return answer.text


def test_letters_are_listed_by_what_became_of_them(browser: httpx.Client) -> None:
    listed = page(browser, "/rpa/digital_post", "en")
    waiting, _, rest = listed.partition("Refused, or failed</h2>")
    refused, _, handled = rest.partition("Handled letters</h2>")
    assert f"/inbox/{UUID(int=2)}" in waiting
    assert "09.13.01" in waiting
    assert "The content of file 2 is not base64." in refused
    for shown in ("02.34.02", "Building permits", "By its KLE subject", "S000017"):
        assert shown in handled


def test_reasons_are_in_the_readers_language(browser: httpx.Client) -> None:
    assert "Indholdet af fil 2 er ikke base64." in page(browser, "/rpa/digital_post", "da")
    assert "Byggesager" in page(browser, "/rpa/digital_post", "da")


@pytest.mark.parametrize("language", ["da", "en"])
@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_every_letter_has_a_page_that_quotes_nothing_of_it(browser: httpx.Client, number: int, language: str) -> None:
    shown = page(browser, f"/rpa/digital_post/{UUID(int=number)}", language) + page(
        browser, "/rpa/digital_post", language
    )
    for word in (IMPOSSIBLE_CPR, "Grete", "Opdigtet", "brev.txt"):
        assert word not in shown


def test_a_letters_page_says_what_was_proposed_and_done(browser: httpx.Client) -> None:
    assert "09.13.01" in page(browser, f"/rpa/digital_post/{UUID(int=2)}", "en").partition("What was proposed")[2]
    done = page(browser, f"/rpa/digital_post/{UUID(int=1)}", "en").partition("What was done outside")[2]
    assert "Case found or created" in done
    assert "Acknowledged" in done


def test_every_sentence_of_the_code_is_listed_for_translation() -> None:
    from babel.messages.extract import extract

    (folder,) = page_folders([workload])[1:]
    listed = {text for text, template in sentences(folder).items() if template.name == "sentences.html"}
    for module in (refusal, process_module, pages):
        with Path(str(module.__file__)).open("rb") as code:
            marked = {str(message) for _, message, _, _ in extract("python", code, keywords={"N_": None})}
        assert marked <= listed
        assert marked
