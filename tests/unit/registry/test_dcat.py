"""The catalogue is held to DCAT-AP-DK's own shapes, and a catalogue that breaks them must fail."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rdflib import DCAT, DCTERMS, FOAF, RDF, BNode, Graph, Literal, URIRef

from samdrift_evaluation.report import DataUsed
from samdrift_registry.dcat import ListedModel, ListedService, catalogue
from samdrift_registry.lifecycle import State
from samdrift_registry.organisation import Organisation

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
ADDRESS = "https://samdrift.example.org"
READERS = DataUsed(
    name="reader study", digest="sha256:" + "a" * 64, cases=480, units=480, unit="exam", source="doi:10.1/x"
)
MODELS = [
    ListedModel(
        name="mammography triage",
        version=3,
        digest="sha256:" + "b" * 64,
        size_bytes=4096,
        state=State.CHAMPION,
        since=NOW,
        purpose="Order of reading",
        data=[READERS],
    ),
    ListedModel(name="oracle", version=1, digest=None, size_bytes=0, state=State.REFUSED, since=NOW, purpose=None),
]
SERVICES = [
    ListedService(
        name="mammography", title={"da": "Mammografi", "en": "Mammography"}, models=[("mammography triage", 3)]
    )
]
OWNER = Organisation(name="Region <Nowhere>", homepage="https://region.example.org/", email="a@region.example.org")


def made(models: Sequence[ListedModel] = MODELS, owner: Organisation = OWNER) -> Graph:
    turtle = catalogue(owner, models, SERVICES if models else [], address=ADDRESS, now=NOW)
    return Graph().parse(data=turtle, format="turtle")


@pytest.fixture(scope="module")
def shapes() -> Graph:
    path = Path(os.environ.get("SAMDRIFT_DATA", "/nowhere"), "standards/dcat-ap-dk/dcat-ap-dk_2.0.2_shacl_shapes.ttl")
    if not path.is_file():
        pytest.skip(f"{path} is missing; SAMDRIFT_DATA names the folder of real data")
    return Graph().parse(path, format="turtle")


def violations(graph: Graph, shapes: Graph) -> list[str]:
    from pyshacl import validate

    conforms, results, text = validate(graph, shacl_graph=shapes, inference="none", meta_shacl=False)
    assert isinstance(results, Graph)
    return [] if conforms else [str(text)]


@pytest.mark.data
@pytest.mark.parametrize("models", [MODELS, []], ids=["two models", "no model"])
@pytest.mark.parametrize("owner", [OWNER, Organisation()], ids=["named", "unnamed"])
def test_the_catalogue_keeps_to_the_profile(shapes: Graph, models: list[ListedModel], owner: Organisation) -> None:
    assert violations(made(models, owner), shapes) == []


def without_title(graph: Graph) -> None:
    graph.remove((URIRef(ADDRESS + "/catalogue"), DCTERMS.title, None))


def without_datasets(graph: Graph) -> None:
    graph.remove((None, DCAT.dataset, None))


def untyped_publisher(graph: Graph) -> None:
    graph.remove((URIRef(ADDRESS + "/organisation"), RDF.type, FOAF.Agent))


def untyped_service(graph: Graph) -> None:
    graph.remove((URIRef(ADDRESS + "/services/mammography"), RDF.type, None))


def without_endpoint(graph: Graph) -> None:
    graph.remove((None, DCAT.endpointURL, None))


def size_in_words(graph: Graph) -> None:
    distribution = URIRef(ADDRESS + "/models/mammography%20triage/3/files")
    graph.set((distribution, DCAT.byteSize, Literal("four kilobytes")))


def foreign_language(graph: Graph) -> None:
    graph.add((URIRef(ADDRESS + "/catalogue"), DCTERMS.language, URIRef("https://example.org/danish")))


BREAKS: list[Callable[[Graph], None]] = [
    without_title,
    without_datasets,
    untyped_publisher,
    untyped_service,
    without_endpoint,
    size_in_words,
    foreign_language,
]


@pytest.mark.data
@pytest.mark.parametrize("broken", BREAKS, ids=lambda each: each.__name__)
def test_a_broken_catalogue_is_found_out(shapes: Graph, broken: Callable[[Graph], None]) -> None:
    graph = made()
    broken(graph)
    assert violations(graph, shapes) != []


def test_every_node_that_is_pointed_at_says_what_it_is() -> None:
    graph = made()
    objects = {o for _, p, o in graph if p != RDF.type and isinstance(o, URIRef | BNode)}
    assert objects
    assert [node for node in objects if (node, RDF.type, None) not in graph] == []


def test_the_same_content_gives_the_same_bytes() -> None:
    once = catalogue(OWNER, MODELS, SERVICES, address=ADDRESS, now=NOW)
    assert once == catalogue(OWNER, MODELS, SERVICES, address=ADDRESS + "/", now=NOW)


def test_models_data_and_services_are_listed() -> None:
    graph = made()
    titles = {str(title) for title in graph.objects(None, DCTERMS.title)}
    assert {"mammography triage version 3", "reader study", "Mammografi", "Mammography"} <= titles
    assert (None, FOAF.name, Literal("Region <Nowhere>")) in graph
