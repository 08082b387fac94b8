"""The catalogue of models, data sets and services as DCAT-AP-DK 2.0.2, so that others can find and harvest it.

Every node that another one points at says what it is: the profile's SHACL shapes ask for the class of the object. There
are no blank nodes, so the same content gives the same file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import quote

from samdrift_evaluation.report import DataUsed
from samdrift_registry.lifecycle import State
from samdrift_registry.organisation import Organisation

if TYPE_CHECKING:
    from rdflib import Graph, URIRef

PROFILE = "https://data.gov.dk/model/profile/dcat-ap-dk-2.0.2/"
_LANGUAGE = "http://publications.europa.eu/resource/dataset/language/"
_STATUS = "http://purl.org/adms/status/"

#: State -> ADMS status of the record.
_STATUSES: Mapping[State, str] = {
    State.CHAMPION: "Completed",
    State.RETIRED: "Deprecated",
    State.REFUSED: "Withdrawn",
}


@dataclass(frozen=True, kw_only=True)
class ListedModel:
    """A model version as the catalogue shows it."""

    name: str
    version: int
    #: Of the signed manifest; None: it was refused before it had one.
    digest: str | None
    size_bytes: int
    state: State
    since: datetime
    #: As declared; None: nobody has said.
    purpose: str | None
    #: What it was evaluated on.
    data: Sequence[DataUsed] = ()


@dataclass(frozen=True, kw_only=True)
class ListedService:
    """A workload as the catalogue shows it."""

    name: str
    #: By language, "da" and "en".
    title: Mapping[str, str]
    #: (name, version) of the models that serve in it.
    models: Sequence[tuple[str, int]] = ()


def catalogue(
    organisation: Organisation,
    models: Sequence[ListedModel],
    services: Iterable[ListedService],
    *,
    address: str,
    now: datetime,
) -> bytes:
    """The catalogue in Turtle.

    Args:
        organisation: publishes it.
        models: all versions that are to be listed.
        services: the workloads.
        address: where the installation answers; the things' URIs begin with it.
        now: when the catalogue is made; aware.
    """
    writer = _Writer(address.rstrip("/"))
    writer.catalogue(organisation, now)
    for model in models:
        writer.model(model)
    for service in services:
        writer.service(service)
    return writer.turtle()


class _Writer:
    """One graph, filled node by node."""

    def __init__(self, address: str) -> None:
        from rdflib import DCAT, DCTERMS, FOAF, RDF, RDFS, SKOS, XSD, Graph, Namespace

        self.address = address
        self.graph: Graph = Graph()
        self.dcat, self.dct, self.foaf, self.skos, self.xsd = DCAT, DCTERMS, FOAF, SKOS, XSD
        self.type, self.resource = RDF.type, RDFS.Resource
        self.adms = Namespace("http://www.w3.org/ns/adms#")
        self.owl = Namespace("http://www.w3.org/2002/07/owl#")
        for prefix, space in (("adms", self.adms), ("dct", DCTERMS)):
            self.graph.bind(prefix, space, replace=True)
        self.root = self.node("", DCAT.Catalog)

    def turtle(self) -> bytes:
        return self.graph.serialize(format="turtle").encode()

    def catalogue(self, organisation: Organisation, now: datetime) -> None:
        self.say(self.root, self.dct.title, "Samdrift: models, data sets and services", "en")
        self.say(self.root, self.dct.title, "Samdrift: modeller, datasæt og tjenester", "da")
        self.say(self.root, self.dct.description, "What this installation decides with, and on what evidence.", "en")
        self.say(
            self.root,
            self.dct.description,
            "Hvad denne installation træffer afgørelser med, og på hvilket grundlag.",
            "da",
        )
        self.at(self.root, self.dct.modified, now)
        self.languages(self.root)
        publisher = self.agent(organisation)
        self.link(self.root, self.dct.publisher, publisher)
        self.register(publisher, now)

    def agent(self, organisation: Organisation) -> URIRef:
        agent = self.node("/organisation", self.foaf.Agent)
        self.graph.add((agent, self.type, self.foaf.Organization))
        self.say(agent, self.foaf.name, organisation.name or "not named (organisation.yaml)")
        if organisation.homepage:
            self.link(agent, self.foaf.homepage, self.typed(organisation.homepage, self.foaf.Document))
        return agent

    def register(self, publisher: URIRef, now: datetime) -> None:
        """The register itself is a data set, so that a catalogue without any model is a valid one."""
        register = self.dataset("/models", {"en": "Register of models", "da": "Register over modeller"})
        texts = {
            "en": "Every model version with its state, and who approved it.",
            "da": "Alle modelversioner med deres tilstand, og hvem der har godkendt dem.",
        }
        for language, text in texts.items():
            self.say(register, self.dct.description, text, language)
        self.link(register, self.dct.publisher, publisher)
        self.at(register, self.dct.modified, now)
        distribution = self.node("/catalogue.ttl", self.dcat.Distribution)
        self.link(register, self.dcat.distribution, distribution)
        self.link(distribution, self.dcat.accessURL, self.typed(f"{self.address}/models", self.resource))
        turtle = "http://publications.europa.eu/resource/authority/file-type/RDF_TURTLE"
        self.link(distribution, self.dct.format, self.typed(turtle, self.dct.MediaTypeOrExtent))

    def model(self, model: ListedModel) -> None:
        path = model_path(model.name, model.version)
        title = f"{model.name} version {model.version}"
        node = self.dataset(path, {"en": title, "da": title})
        self.say(node, self.dct.description, model.purpose or "Purpose not declared.", None if model.purpose else "en")
        self.say(node, self.dct.identifier, f"{model.name}/{model.version}")
        self.say(node, self.owl.versionInfo, str(model.version))
        self.at(node, self.dct.modified, model.since)
        self.link(
            node, self.dct.type, self.concept("machine-learning-model", "Machine learning model", "Maskinlæringsmodel")
        )
        if model.digest:
            self.digest(node, path, model.digest)
            self.files(node, path, model.size_bytes)
        self.record(node, path, model)
        for used in model.data:
            self.link(node, self.dct.relation, self.used(used))

    def files(self, node: URIRef, path: str, size_bytes: int) -> None:
        from rdflib import Literal

        distribution = self.node(f"{path}/files", self.dcat.Distribution)
        self.link(node, self.dcat.distribution, distribution)
        self.link(distribution, self.dcat.accessURL, self.typed(f"{self.address}{path}", self.resource))
        self.graph.add((distribution, self.dcat.byteSize, Literal(size_bytes, datatype=self.xsd.decimal)))

    def digest(self, node: URIRef, path: str, digest: str) -> None:
        """As a second identifier: the profile's checksums are SHA-1 only (SPDX 1)."""
        identifier = self.node(f"{path}/digest", self.adms.Identifier)
        self.link(node, self.adms.identifier, identifier)
        self.say(identifier, self.skos.notation, digest)

    def record(self, node: URIRef, path: str, model: ListedModel) -> None:
        record = self.node(f"{path}/record", self.dcat.CatalogRecord)
        self.link(self.root, self.dcat.record, record)
        self.link(record, self.foaf.primaryTopic, node)
        self.at(record, self.dct.modified, model.since)
        status = _STATUS + _STATUSES.get(model.state, "UnderDevelopment")
        self.link(record, self.adms.status, self.typed(status, self.skos.Concept))
        self.say(self.uri(status), self.skos.prefLabel, status.removeprefix(_STATUS), "en")
        self.link(record, self.dct.conformsTo, self.typed(PROFILE, self.dct.Standard))

    def used(self, used: DataUsed) -> URIRef:
        """A data set that a version was evaluated on: named by its content, so that two reports on it share it."""
        path = f"/datasets/{used.digest.removeprefix('sha256:')[:32]}"
        node = self.dataset(path, {"en": used.name})
        about = f"{used.cases} cases of {used.units} units ({used.unit}). {used.source}".strip()
        self.say(node, self.dct.description, about, "en")
        self.say(node, self.dct.identifier, used.digest)
        self.link(node, self.dct.type, self.concept("evaluation-data", "Evaluation data", "Evalueringsdata"))
        return node

    def service(self, service: ListedService) -> None:
        node = self.node(f"/services/{quote(service.name, safe='')}", self.dcat.DataService)
        self.link(self.root, self.dcat.service, node)
        for language, title in service.title.items():
            self.say(node, self.dct.title, title, language)
        endpoint = self.typed(f"{self.address}/{quote(service.name, safe='')}", self.resource)
        self.link(node, self.dcat.endpointURL, endpoint)
        self.link(node, self.dcat.endpointDescription, self.typed(f"{self.address}/openapi.json", self.resource))
        for name, version in service.models:
            self.link(node, self.dct.relation, self.typed(self.address + model_path(name, version), self.dcat.Dataset))

    def dataset(self, path: str, titles: Mapping[str, str]) -> URIRef:
        node = self.node(path, self.dcat.Dataset)
        self.link(self.root, self.dcat.dataset, node)
        for language, title in titles.items():
            self.say(node, self.dct.title, title, language)
        return node

    def concept(self, path: str, english: str, danish: str) -> URIRef:
        concept = self.node(f"/concepts/{path}", self.skos.Concept)
        self.say(concept, self.skos.prefLabel, english, "en")
        self.say(concept, self.skos.prefLabel, danish, "da")
        return concept

    def languages(self, node: URIRef) -> None:
        for code in ("DAN", "ENG"):
            self.link(node, self.dct.language, self.typed(_LANGUAGE + code, self.dct.LinguisticSystem))

    def node(self, path: str, kind: URIRef) -> URIRef:
        return self.typed(f"{self.address}{path or '/catalogue'}", kind)

    def typed(self, address: str, kind: URIRef) -> URIRef:
        node = self.uri(address)
        self.graph.add((node, self.type, kind))
        return node

    def uri(self, address: str) -> URIRef:
        from rdflib import URIRef

        return URIRef(address)

    def link(self, subject: URIRef, predicate: URIRef, object_: URIRef) -> None:
        self.graph.add((subject, predicate, object_))

    def say(self, subject: URIRef, predicate: URIRef, text: str, language: str | None = None) -> None:
        from rdflib import Literal

        self.graph.add((subject, predicate, Literal(text, lang=language)))

    def at(self, subject: URIRef, predicate: URIRef, moment: datetime) -> None:
        from rdflib import Literal

        self.graph.add((subject, predicate, Literal(moment.isoformat(), datatype=self.xsd.dateTime)))


def model_path(name: str, version: int) -> str:
    """Of a version's page below the installation's address."""
    return f"/models/{quote(name, safe='')}/{version}"
