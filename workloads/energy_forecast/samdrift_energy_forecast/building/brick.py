"""Buildings in the words of Brick (brickschema.org, classes of 1.3 to 1.5): what is metered, measured and set where."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING
from urllib.parse import quote

from samdrift_energy_forecast.building.description import MeterUnit, Quantity
from samdrift_energy_forecast.building.heating_plant import HeatSource
from samdrift_energy_forecast.metering.series import RoomSeries, Series

if TYPE_CHECKING:
    from rdflib import Graph, URIRef

    from samdrift_energy_forecast.building.description import BuildingDescription

BRICK, REFERENCE, UNIT, REAL_ESTATE = (
    "https://brickschema.org/schema/Brick#",
    "https://brickschema.org/schema/Brick/ref#",
    "http://qudt.org/vocab/unit/",
    "https://w3id.org/rec#",
)
#: Classes of places that Brick from 1.3 on takes from RealEstateCore; older tools know Brick's own.
PLACES = {"Building": "Building", "HVAC_Zone": "HVACZone"}
#: Our own identifiers: a building, its parts and its points.
BASE = "urn:samdrift:building:"
METERS: Mapping[HeatSource, str] = {
    HeatSource.DISTRICT_HEATING: "Building_Hot_Water_Meter",
    HeatSource.GAS_BOILER: "Building_Gas_Meter",
    HeatSource.HEAT_PUMP: "Building_Electrical_Meter",
    HeatSource.ELECTRIC_BOILER: "Building_Electrical_Meter",
}
#: Unit of a meter -> QUDT's name.
UNITS: Mapping[MeterUnit, str] = {
    MeterUnit.KWH: "KiloW-HR",
    MeterUnit.WH: "W-HR",
    MeterUnit.MWH: "MegaW-HR",
    MeterUnit.GJ: "GigaJ",
    MeterUnit.GAS_M3: "M3",
    MeterUnit.W: "W",
    MeterUnit.KW: "KiloW",
}
#: Series -> the class of its point and its unit; heat has its meter's.
POINTS: Mapping[Series, tuple[str, str]] = {
    Series.INDOOR: ("Zone_Air_Temperature_Sensor", "DEG_C"),
    Series.COLDEST_ROOM: ("Zone_Air_Temperature_Sensor", "DEG_C"),
    Series.VOLUME: ("Hot_Water_Usage_Sensor", "M3"),
    Series.RETURN: ("Leaving_Hot_Water_Temperature_Sensor", "DEG_C"),
    Series.OCCUPANCY: ("Occupancy_Count_Sensor", "NUM"),
}
#: Series that the heat meter itself delivers; the others belong to the zone.
OF_THE_METER = frozenset({Series.HEAT, Series.VOLUME, Series.RETURN})
SET_POINT = "set-point"


def to_turtle(buildings: Mapping[str, tuple[BuildingDescription, Collection[Series | RoomSeries]]]) -> str:
    """Buildings as RDF in Turtle.

    Args:
        buildings: by id: the description, and the series of which readings are known.
    """
    from rdflib import Graph

    graph = Graph()
    for prefix, namespace in (
        ("brick", BRICK),
        ("ref", REFERENCE),
        ("unit", UNIT),
        ("rec", REAL_ESTATE),
    ):
        graph.bind(prefix, namespace)
    for building, series in buildings.values():
        _add_building(graph, building, series)
    return graph.serialize(format="turtle")


def _add_building(graph: Graph, building: BuildingDescription, series: Collection[Series | RoomSeries]) -> None:
    from rdflib import RDFS, BNode, Literal, URIRef

    here, meter, zone = (_name(building, part) for part in ("", "meter", "zone"))
    _typed(graph, here, "Building")
    graph.add((here, RDFS.label, Literal(building.name, lang=building.language)))
    if building.area_m2 is not None:
        area = BNode()
        graph.add((here, _brick("area"), area))
        graph.add((area, _brick("value"), Literal(building.area_m2)))
        graph.add((area, _brick("hasUnit"), URIRef(f"{UNIT}M2")))
    if building.location is not None:
        place = BNode()
        graph.add((here, _brick("coordinates"), place))
        graph.add((place, _brick("latitude"), Literal(building.location.latitude)))
        graph.add((place, _brick("longitude"), Literal(building.location.longitude)))
    _typed(graph, meter, METERS[building.plant.source])
    graph.add((here, _brick("isMeteredBy"), meter))
    _typed(graph, zone, "HVAC_Zone")
    graph.add((here, _brick("hasPart"), zone))
    _add_points(graph, building, series, meter, zone)


def _add_points(
    graph: Graph, building: BuildingDescription, series: Collection[Series | RoomSeries], meter: URIRef, zone: URIRef
) -> None:
    is_power = building.meter.quantity is Quantity.POWER
    heat = "Thermal_Power_Sensor" if is_power else "Energy_Sensor"
    classes = {Series.HEAT: (heat, UNITS[building.meter.unit]), **POINTS}
    for one in sorted({Series.HEAT, *series}):
        of = meter if one in OF_THE_METER else zone
        # A room has a sensor like the building's own: which zone it lies in is not told here.
        kind = POINTS[Series.INDOOR] if isinstance(one, RoomSeries) else classes[one]
        _add_point(graph, building, of, str(one), *kind)
    _add_point(graph, building, zone, SET_POINT, "Heating_Zone_Air_Temperature_Setpoint", "DEG_C")


def _add_point(graph: Graph, building: BuildingDescription, of: URIRef, name: str, kind: str, unit: str) -> None:
    """A point that `of` has, with the name under which its time series is known here."""
    from rdflib import RDF, BNode, Literal, URIRef

    point, reference = _name(building, name), BNode()
    _typed(graph, point, kind)
    graph.add((of, _brick("hasPoint"), point))
    graph.add((point, _brick("hasUnit"), URIRef(f"{UNIT}{unit}")))
    graph.add((point, URIRef(f"{REFERENCE}hasExternalReference"), reference))
    graph.add((reference, RDF.type, URIRef(f"{REFERENCE}TimeseriesReference")))
    graph.add((reference, URIRef(f"{REFERENCE}hasTimeseriesId"), Literal(f"{building.id}/{name}")))


def _typed(graph: Graph, thing: URIRef, kind: str) -> None:
    from rdflib import RDF, URIRef

    graph.add((thing, RDF.type, _brick(kind)))
    if kind in PLACES:
        graph.add((thing, RDF.type, URIRef(f"{REAL_ESTATE}{PLACES[kind]}")))


def _name(building: BuildingDescription, part: str) -> URIRef:
    from rdflib import URIRef

    # Rooms have names with spaces and letters of their own.
    return URIRef(f"{BASE}{building.id}" + (f":{quote(part, safe=':')}" if part else ""))


def _brick(name: str) -> URIRef:
    from rdflib import URIRef

    return URIRef(f"{BRICK}{name}")
