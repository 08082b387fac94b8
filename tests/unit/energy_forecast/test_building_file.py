from __future__ import annotations

import json
import tomllib
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest

from samdrift_energy_forecast.building import toml_file
from samdrift_energy_forecast.building.description import MeterUnit, Weekday
from samdrift_energy_forecast.building.toml_file import BuildingFileError, example, parse, read_building_file

PACKAGE = files("samdrift_energy_forecast")


def refused(text: str | bytes) -> str:
    with pytest.raises(BuildingFileError) as raised:
        parse(text.encode() if isinstance(text, str) else text, "school.toml")
    return raised.value.message


def changed(old: str, new: str) -> str:
    assert old in example()
    return example().replace(old, new, 1)


def line_of(text: str, part: str) -> int:
    return next(number for number, line in enumerate(text.splitlines(), start=1) if part in line)


def test_the_shipped_example_is_a_building() -> None:
    found = parse(example().encode(), "school.toml")
    assert found.meter.unit is MeterUnit.KWH
    assert [one.begins_h for one in found.calendar.opening[Weekday.FRIDAY]] == [8]


def test_the_published_schema_is_the_one_that_holds() -> None:
    """`samdrift energy building schema > building.schema.json` makes it anew."""
    published = json.loads((PACKAGE / "building" / "building.schema.json").read_text(encoding="utf-8"))
    assert published == toml_file.schema()
    jsonschema.Draft202012Validator.check_schema(published)
    validator = jsonschema.Draft202012Validator(published)
    validator.validate(tomllib.loads(example()))
    assert not validator.is_valid(tomllib.loads(changed("latitude", "latitud")))


@pytest.mark.parametrize(
    ("old", "new", "key", "said"),
    [
        ("price_per_kwh", "price_kwh", "tariff.price_kwh", "not a key here. Did you mean price_per_kwh?"),
        ("[setback]", "[setbak]", "setbak", "not a key here. Did you mean setback?"),
        ("friday", "fredag", "calendar.opening.fredag", "'fredag' is not known here. Did you mean friday?"),
        ('unit = "kWh"', 'unit = "kwh"', "meter.unit", "'kwh' is not known here. Did you mean kWh?"),
        ("latitude = 55.68", "latitude = 5568", "location.latitude", "less than or equal to 90 (it is 5568)"),
        ('"school-1"', '"skole 1"', "id", "not in the form that is asked for (it is 'skole 1'). Meaning: Begins with"),
        ("year = 2021", 'year = "new"', "emission.year", "valid integer"),
        ("area_m2 = 4200.0", "setback_c = 16.0", "setback_c", "It belongs at setback.setback_c"),
        ('last = "2026-08-09"', 'last = "2026-01-09"', "calendar.closures", "no closure of at most a year"),
        ('"06:00", ends = "17:00" }  #', '"06:30", ends = "17:00" }  #', "calendar.ventilation.begins", "whole hour"),
    ],
)
def test_a_fault_is_told_with_its_line_and_key(old: str, new: str, key: str, said: str) -> None:
    text = changed(old, new)
    line = line_of(text, "[[calendar.closures]]" if key == "calendar.closures" else new)
    message = refused(text)
    fault = next(found for found in message.splitlines() if f" {key}: " in found)
    assert fault.startswith(f"school.toml, line {line}: {key}: ")
    assert said in fault


def test_a_missing_key_is_told_with_its_table_and_meaning() -> None:
    text = changed("kg_co2_per_kwh = 0.034\n", "")
    line = line_of(text, "[emission]")
    assert refused(text) == (
        f"school.toml, line {line}: emission.kg_co2_per_kwh: missing. Meaning: Of hours without an hourly factor."
    )


def test_the_second_of_several_tables_is_told_with_its_own_line() -> None:
    text = example() + '\n[[calendar.closures]]\nfirst = "2026-10-12"\nlast = "then"\n'
    assert f"line {line_of(text, 'then')}: calendar.closures.last: " in refused(text)


def test_a_wrong_pair_of_hours_is_told_once() -> None:
    (line,) = refused(changed('monday = { begins = "08:00"', 'monday = { begins = "08:30"')).splitlines()
    assert "08:30:00 is not a whole hour" in line


def test_all_faults_are_told_at_once() -> None:
    lines = refused(changed("latitude", "latitud").replace("[tariff]", "[tarif]")).splitlines()
    keys = [line.replace("school.toml, ", "").split(": ")[-2 - line.count("Meaning: ")] for line in lines]
    assert keys == ["location.latitude", "location.latitud", "tariff", "tarif"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b'name = "S\xf8en"', "school.toml, line 1: not UTF-8."),
        (b"id = 's'\nname = [1", "not TOML"),
        (b"id = 's'\nid = 't'\n", "school.toml, line 2: not TOML: Cannot overwrite a value."),
        (b"#" * 300_000, "at most 262144"),
        (b"price_per_kwh = 0,62  # kr.", "line 1: numbers have a decimal point in TOML: 0.62, not 0,62."),
    ],
)
def test_what_is_no_toml_is_told(text: bytes, said: str) -> None:
    assert said in refused(text)


def test_addresses_are_not_repeated() -> None:
    assert "olga" not in refused(changed("drift@example.dk", "olga at example.dk"))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BuildingFileError, match=r"none\.toml cannot be read: No such file"):
        read_building_file(tmp_path / "none.toml")


def test_every_key_is_explained() -> None:
    rows = toml_file.key_table().splitlines()[2:]
    assert [row for row in rows if row.endswith("| . |")] == []
