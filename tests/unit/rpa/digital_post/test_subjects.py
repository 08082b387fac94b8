"""Tagger, model and what they decide together."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samdrift_platform.checks import MemoryStore
from samdrift_platform.contract import Verdict
from samdrift_rpa.digital_post.classifier import Guess, SubjectModel
from samdrift_rpa.digital_post.confidence import in_percent
from samdrift_rpa.digital_post.engine import PostEngine
from samdrift_rpa.digital_post.generator import Attachment, Written, write
from samdrift_rpa.digital_post.kle import KleSubject, NotKleError, install_kle, installed_kle, read_kle
from samdrift_rpa.digital_post.pdf.writing import write_pdf
from samdrift_rpa.digital_post.policy import PostPolicy
from samdrift_rpa.digital_post.process import process
from samdrift_rpa.digital_post.proposals import Proposals
from samdrift_rpa.digital_post.tagger import Tag, Tagger, stems_of
from samdrift_rpa.digital_post.text import text_of
from samdrift_rpa.testing import Trial, try_case

LINES = """KLENummer='09.13.01':KLETitel='Rottebekæmpelse':Keywords[Weight]=rotte[5];rottefænger[1000];skadedyr[5];
KLENummer='05.07.02':KLETitel='Snerydning':Keywords[Weight]=sne[5];rydning af sne[50];skadedyr[1];
KLENummer='85.01.00':KLETitel='Andet':Keywords[Weight]=
"""
SUBJECTS = read_kle(LINES.encode())
TAGGER = Tagger(SUBJECTS)


class Sure:
    """An estimator that says the same of every text."""

    def __init__(self, **confidences: float) -> None:
        self._said = {name.replace("_", ".").strip("."): value for name, value in confidences.items()}
        self.classes_ = list(self._said)

    def predict_proba(self, texts: Sequence[str]) -> list[list[float]]:
        return [list(self._said.values()) for _ in texts]


def started(policy: PostPolicy, text: str, model: Sure | None, tagger: Tagger | None = TAGGER) -> Trial:
    engine = PostEngine(
        policy=policy.model_copy(update={"subjects": {"09": "roads", "05": "roads"}}),
        schemas=None,
        tagger=tagger,
        model=SubjectModel(model) if model else None,
    )
    store = MemoryStore()
    message = store.put(write(Written(number=1, title="Hjælp", text=text)))
    return try_case(process, {"message": message}, store=store, engine=engine)


def test_model_and_tagger_that_agree_need_nobody(policy: PostPolicy) -> None:
    trial = started(policy, "Der er en rotte", Sure(_09_13_01=0.9, other=0.1))
    assert trial.verdict is Verdict.DONE
    assert trial.outcome.result["subject"] == "09.13.01"
    assert trial.effects[2].request["unit"] == "roads"
    assert trial.outcome.result["scores"] == {"subject_confidence": 0.9}
    assert trial.outcome.models == ("digital-post-subject",)


@pytest.mark.parametrize(
    ("text", "model", "tagger", "why"),
    [
        ("Der er en rotte", Sure(_09_13_01=0.59, other=0.41), TAGGER, "is 59 % sure"),
        ("Der er en rotte", Sure(_05_07_02=0.9, other=0.1), TAGGER, "do not agree"),
        ("Der er en rotte", Sure(_09_13_01=0.9, other=0.1), None, "KLE is not installed"),
        ("Der er en rotte", None, TAGGER, "No model is deployed"),
        ("Hej", Sure(_09_13_01=0.9, other=0.1), TAGGER, "do not agree"),  # no keyword is found
        ("Der er en rotte", Sure(_09_13_01=0.1, other=0.9), TAGGER, "do not agree"),  # it knows none of its subjects
    ],
)
def test_all_others_are_for_a_person_and_nothing_is_done(
    policy: PostPolicy, text: str, model: Sure | None, tagger: Tagger | None, why: str
) -> None:
    trial = started(policy, text, model, tagger)
    assert why in trial.question.reasons[0]["en"]
    assert trial.question.code == "subject"
    assert not trial.effects
    use = trial.question.choices[0]
    assert next(iter(use.fields[0].options)) == use.fields[0].proposed


def test_a_model_is_never_shown_as_certain(policy: PostPolicy) -> None:
    trial = started(policy, "Der er en rotte", Sure(_09_13_01=0.9999, other=0.0001), None)
    assert [fact.value for fact in trial.question.facts][:2] == ["> 99 %", "< 1 %"]


def test_each_proposal_is_named_in_the_readers_language(policy: PostPolicy) -> None:
    facts = started(policy, "Der er en rotte", Sure(_09_13_01=0.1, other=0.9), TAGGER).question.facts
    assert (facts[0].label["da"], facts[0].label["en"]) == ("Model: noget andet", "Model: something else")
    (keywords, *_) = (fact for fact in facts if fact.label["da"].startswith("KLE: "))
    assert keywords.said("da") == keywords.said("en").replace(".", ",")


def test_a_model_that_was_not_asked_took_no_part(policy: PostPolicy) -> None:
    model = SubjectModel(Sure(_09_13_01=0.9, other=0.1))
    engine, store = PostEngine(policy=policy, schemas=None, tagger=TAGGER, model=model), MemoryStore()
    message = store.put(write(Written(number=1, title="Hej", text="rotte", kle="02.34.02")))
    assert try_case(process, {"message": message}, store=store, engine=engine).outcome.models == ()


def test_the_persons_subject_counts(policy: PostPolicy) -> None:
    trial = started(policy, "Rotte i sneen", Sure(_09_13_01=0.4, _05_07_02=0.3, other=0.3))
    assert set(trial.question.choices[0].fields[0].options) == {"09.13.01", "05.07.02"}
    trial = trial.decide("use", {"subject": "05.07.02"})
    assert (trial.verdict, trial.outcome.result["subject"]) == (Verdict.DONE, "05.07.02")


def test_a_subject_without_a_unit_asks_for_one_too(policy: PostPolicy) -> None:
    tagger = Tagger([*SUBJECTS, KleSubject(number="99.99.99", title="Intet sted", keywords=[("kometer", 5)])])
    trial = started(policy, "Om kometer", None, tagger).decide("use", {"subject": "99.99.99"})
    assert trial.question.code == "unit"
    trial = trial.decide("route", {"unit": "legal"})
    assert (trial.verdict, trial.outcome.result["subject"]) == (Verdict.DONE, "99.99.99")


def test_what_a_person_said_stands_when_a_surer_model_has_come_since(policy: PostPolicy) -> None:
    trial = started(policy, "Rotte i sneen", Sure(_09_13_01=0.4, _05_07_02=0.3, other=0.3))
    assert trial.engine is not None
    surer = replace(trial.engine, model=SubjectModel(Sure(_09_13_01=0.99, other=0.01)))
    trial = replace(trial, engine=surer).decide("use", {"subject": "05.07.02"})
    assert (trial.verdict, trial.outcome.result["subject"]) == (Verdict.DONE, "05.07.02")


def test_what_a_person_said_stands_when_the_policy_has_a_rule_since(policy: PostPolicy) -> None:
    trial = started(policy, "Hej", None, None)
    assert trial.question.code == "unit"
    ruled = replace(trial.engine, policy=policy.model_copy(update={"contact_points": {"": "waste"}}))
    trial = replace(trial, engine=ruled).decide("route", {"unit": "legal"})
    assert trial.outcome.result["route"] == {"unit": "legal", "by": "person", "rule": ""}


def test_a_person_may_send_it_to_a_unit_without_a_subject(policy: PostPolicy) -> None:
    trial = started(policy, "Der er en rotte", None).decide("unit", {"unit": "legal"})
    assert trial.verdict is Verdict.DONE
    assert trial.outcome.result["route"] == {"unit": "legal", "by": "person", "rule": ""}


def test_question_and_result_quote_nothing_of_the_letter(policy: PostPolicy) -> None:
    trial = started(policy, "Der er en rotte hos Opdigtet Grete", Sure(_09_13_01=0.2, other=0.8))
    for word in ("Grete", "Der er en", "Hjælp"):
        assert word not in str(trial.outcome)


@given(
    guesses=st.lists(st.tuples(st.sampled_from("abc"), st.floats(0, 1)), max_size=3, unique_by=lambda each: each[0]),
    tags=st.lists(st.sampled_from("abcd"), max_size=4, unique=True),
    least=st.floats(0.01, 1),
)
def test_nothing_is_decided_below_the_policys_confidence_or_without_the_tagger(
    policy: PostPolicy, guesses: list[tuple[str, float]], tags: list[str], least: float
) -> None:
    ranked = sorted((Guess(subject=s, confidence=c) for s, c in guesses), key=lambda each: -each.confidence)
    made = Proposals(guesses=ranked, tags=[Tag(number=number, score=1.0) for number in tags])
    decided = made.decided(policy.model_copy(update={"least_confidence": least}))
    assert not decided or (dict(guesses)[decided] >= least and decided in tags and decided == ranked[0].subject)
    shown = made.subjects(3)
    assert len(set(shown)) == len(shown) <= 3
    assert set(shown) <= {s for s, _ in guesses} | set(tags)


def test_a_sure_sign_weighs_more_than_a_shared_word() -> None:
    assert [tag.number for tag in TAGGER.tags("Send rottefængeren", 5)] == ["09.13.01"]
    assert [tag.number for tag in TAGGER.tags("Skadedyr", 5)] == ["09.13.01", "05.07.02"]
    assert TAGGER.tags("", 5) == TAGGER.tags("Intet kendt", 5) == ()


def test_a_keyword_can_be_left_out() -> None:
    assert TAGGER.tags("rotte", 5, without=(stems_of("rotter"), "09.13.01")) == ()
    assert [tag.number for tag in TAGGER.tags("rotte", 5, without=(stems_of("rotte"), "05.07.02"))] == ["09.13.01"]


@given(text=st.text(max_size=200))
def test_the_tagger_finds_what_a_search_of_all_keywords_finds(text: str) -> None:
    stems = stems_of(text + " rydning af sne")
    found = {tag.number for tag in TAGGER.tags(text + " rydning af sne", 9)}
    slow = set()
    for subject in SUBJECTS:
        for word, _ in subject.keywords:
            key = stems_of(word)
            if any(stems[i : i + len(key)] == key for i in range(len(stems))):
                slow.add(subject.number)
    assert found == slow


@pytest.mark.parametrize(
    "content",
    [b"", b"KLENummer='1'", LINES.encode("latin-1"), (LINES + LINES).encode(), b"%PDF", LINES.encode() + b"Hej"],
)
def test_what_is_not_the_list_is_not_installed(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "list.txt"
    file.write_bytes(content)
    with pytest.raises(NotKleError):
        install_kle(file, tmp_path / "home")
    assert not (tmp_path / "home").exists()


def test_the_list_is_installed_and_found(tmp_path: Path) -> None:
    file = tmp_path / "list.txt"
    file.write_bytes(b"\xef\xbb\xbf" + LINES.encode())
    assert [subject.number for subject in install_kle(file, tmp_path / "home")] == ["09.13.01", "05.07.02", "85.01.00"]
    found = installed_kle(tmp_path / "home")
    assert found is not None
    assert read_kle(found.read_bytes()) == SUBJECTS


def test_html_is_read_without_its_scripts(engine: PostEngine) -> None:
    store = MemoryStore()
    html = "<html><style>p{}</style><p>Kære <b>kommune</b></p><script>rotte()</script></html>"
    message = write(Written(number=1, title="Hej", text=html)).replace(b"text/plain", b"text/html")
    assert text_of(engine.read(store, store.put(message)), store).text == "Hej\nKære kommune"


@pytest.mark.parametrize(
    ("media_type", "why"), [(b"image/png", "a format that the robot does not read"), (b"application/pdf", "no PDF")]
)
def test_what_cannot_be_read_is_a_persons_even_where_both_agree_on_its_title(
    policy: PostPolicy, media_type: bytes, why: str
) -> None:
    model = SubjectModel(Sure(_09_13_01=0.9, other=0.1))
    engine, store = PostEngine(policy=policy, schemas=None, tagger=TAGGER, model=model), MemoryStore()
    message = write(Written(number=1, title="Rotte", text="rotte")).replace(b"text/plain", media_type)
    trial = try_case(process, {"message": store.put(message)}, store=store, engine=engine)
    assert why in trial.question.reasons[0]["en"]
    assert len(trial.question.reasons) == 2  # nothing else stands in the way
    assert trial.question.choices[0].fields[0].proposed == "09.13.01"


def test_a_pdf_is_read_as_plain_text_is(policy: PostPolicy) -> None:
    text = "Kære kommune\nDer er en rotte på vejen. (Igen)"
    plain, store = started(policy, text, Sure(_09_13_01=0.9, other=0.1)), MemoryStore()
    pdf = Attachment(filename="brev.pdf", content=write_pdf(text))
    message = store.put(write(Written(number=1, title="Hjælp", text="", main=pdf)))
    trial = try_case(process, {"message": message}, store=store, engine=plain.engine)
    assert trial.verdict is plain.verdict is Verdict.DONE
    assert trial.facts["proposals"] == plain.facts["proposals"]
    assert "'main_document': ['read']" in str(trial.facts["proposals"])
    assert "vejen" not in str(trial.outcome)


@given(confidence=st.floats(0, 1))
def test_a_confidence_never_reads_as_more_than_it_is(confidence: float) -> None:
    said = in_percent(confidence)
    sign, number = ("", said) if said[0].isdigit() else said.split(" ", 1)
    whole = int(number.removesuffix(" %"))
    if sign:
        assert (sign, whole) in ((">", 99), ("<", 1))
    else:
        assert 1 <= whole <= 99
    assert sign != "<" or confidence < 0.01
    assert sign == "<" or whole / 100 <= confidence + 1e-8


def test_sentences_to_judge_by_were_not_learnt_from() -> None:
    from samdrift_rpa.training import letters

    phrases: Mapping[str, Mapping[str, list[str]]] = json.loads(
        (Path(letters.__file__).parent / "phrases.json").read_text("utf-8")
    )
    for name, one in phrases.items():
        if name != "frames":
            assert not set(one["learn"]) & set(one["held_out"])
    made = [letters.made_letters(part) for part in ("learn", "held_out")]
    assert not {each.text for each in made[0]} & {each.text for each in made[1]}
    assert made[0] == letters.made_letters("learn")
