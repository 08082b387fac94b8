from __future__ import annotations

from rdflib import RDF, Graph, Namespace, URIRef
from rdflib.term import Node

from samdrift_energy_forecast.building.brick import to_turtle
from samdrift_energy_forecast.building.description import BuildingDescription
from samdrift_energy_forecast.metering.series import RoomSeries, Series
from samdrift_testing.heating import DESCRIPTION

BRICK = Namespace("https://brickschema.org/schema/Brick#")
SCHOOL = URIRef("urn:samdrift:building:school-1")


def graph_of(*series: Series | RoomSeries, **fields: object) -> Graph:
    building = BuildingDescription.model_validate(DESCRIPTION | fields)
    return Graph().parse(data=to_turtle({"school-1": (building, series)}), format="turtle")


def points(graph: Graph, thing: Node) -> set[tuple[str, str]]:
    """Class and unit of each point."""
    return {
        (
            str(graph.value(point, RDF.type)).rpartition("#")[2],
            str(graph.value(point, BRICK.hasUnit)).rpartition("/")[2],
        )
        for point in graph.objects(thing, BRICK.hasPoint)
    }


def test_a_building_has_its_meter_and_its_zone_with_their_points() -> None:
    graph = graph_of(Series.HEAT, Series.INDOOR, Series.RETURN, area_m2=1200.0)
    (meter,), (zone,) = (list(graph.objects(SCHOOL, part)) for part in (BRICK.isMeteredBy, BRICK.hasPart))
    assert set(graph.objects(SCHOOL, RDF.type)) == {BRICK.Building, URIRef("https://w3id.org/rec#Building")}
    assert graph.value(meter, RDF.type) == BRICK.Building_Hot_Water_Meter
    assert points(graph, meter) == {("Energy_Sensor", "KiloW-HR"), ("Leaving_Hot_Water_Temperature_Sensor", "DEG_C")}
    assert points(graph, zone) == {
        ("Zone_Air_Temperature_Sensor", "DEG_C"),
        ("Heating_Zone_Air_Temperature_Setpoint", "DEG_C"),
    }
    assert str(graph.value(graph.value(SCHOOL, BRICK.area), BRICK.value)) == "1200.0"


def test_a_gas_boiler_has_a_gas_meter() -> None:
    meter = {"unit": "m3", "kwh_per_m3": 11.0}
    graph = graph_of(plant={"source": "gas_boiler"}, meter=meter)
    assert graph.value(graph.value(SCHOOL, BRICK.isMeteredBy), RDF.type) == BRICK.Building_Gas_Meter


def test_points_name_their_time_series() -> None:
    reference = URIRef("https://brickschema.org/schema/Brick/ref#hasTimeseriesId")
    assert {str(name) for name in graph_of(Series.OCCUPANCY).objects(None, reference)} == {
        "school-1/heat",
        "school-1/occupancy",
        "school-1/set-point",
    }


def test_addresses_of_people_stay_out() -> None:
    building = BuildingDescription.model_validate(DESCRIPTION | {"delivery": {"email": ["drift@example.dk"]}})
    assert "example.dk" not in to_turtle({"school-1": (building, ())})


def test_a_room_s_sensor_is_a_point_whatever_the_room_is_called() -> None:
    graph = graph_of(Series.HEAT, RoomSeries("room:2.14 øst"))
    point = URIRef(f"{SCHOOL}:room:2.14%20%C3%B8st")
    assert graph.value(point, RDF.type) == BRICK.Zone_Air_Temperature_Sensor
