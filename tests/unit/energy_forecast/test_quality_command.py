from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import typer

from samdrift_energy_forecast.commands import app
from samdrift_energy_forecast.quality.finding import Finding
from samdrift_energy_forecast.quality.sentences import SENTENCES
from samdrift_platform.cli import main, program
from samdrift_testing.command_line import Ended, Samdrift
from samdrift_testing.meter_faults import BEGINS, clean_heat
from samdrift_water.browsing import Outline

COUNT = 24 * 60


@pytest.fixture
def samdrift(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Samdrift:
    """Runs a command of this workload as the shell would, with a wide terminal."""
    monkeypatch.setenv("COLUMNS", "220")
    energy = typer.Typer()
    energy.add_typer(app, name="energy")
    monkeypatch.setattr(program, "app", energy)

    def run(*arguments: str) -> Ended:
        monkeypatch.setattr(sys, "argv", ["samdrift", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        told = capsys.readouterr()
        return Ended(status=int(ended.value.code or 0), out=told.out, err=told.err)

    return run


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Two months as a Danish spreadsheet exports them: local time, start of the hour, semicolons and commas."""
    import pandas as pd

    heat = clean_heat(COUNT)
    heat[100], heat[200:203] = -3.0, 0.0
    index = pd.date_range(pd.Timestamp(BEGINS * 3600, unit="s", tz="UTC"), periods=COUNT, freq="h")
    frame = pd.DataFrame({"Tid": index.tz_convert("Europe/Copenhagen").tz_localize(None), "Skolen": heat})
    path = tmp_path / "export.csv"
    frame.to_csv(path, sep=";", decimal=",", index=False, date_format="%Y-%m-%dT%H:%M:%S")
    return path


OPTIONS = ("--stamp", "start", "--time-zone", "Europe/Copenhagen", "--stamp-column", "Tid")


def test_json_has_counts_and_every_verdict(samdrift: Samdrift, file: Path) -> None:
    ended = samdrift("energy", "quality", str(file), *OPTIONS, "--json")
    assert ended.status == 1, ended.err
    (meter,) = json.loads(ended.out)["meters"]
    assert (meter["meter"], meter["hours"]) == ("Skolen", COUNT)
    assert meter["counts"] == {"negative": 1, "zero-as-missing": 3}
    negative = next(verdict for verdict in meter["verdicts"] if verdict["code"] == "negative")
    assert (negative["raw"], negative["used"]) == ([-3.0], False)
    assert negative["begins"] == np.datetime64((BEGINS + 100) * 3600, "s").item().isoformat() + "+00:00"
    assert negative["da"] == SENTENCES[Finding.NEGATIVE].da


def test_the_table_is_for_people_and_the_page_is_whole(samdrift: Samdrift, file: Path, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    ended = samdrift("energy", "quality", str(file), *OPTIONS, "--html", str(page), "--language", "en")
    assert "zero-as-missing" in ended.out
    text = page.read_text(encoding="utf-8")
    outline = Outline(text)
    assert not outline.all("script")
    assert not any(key in element.attributes for element in outline.elements for key in ("src", "onclick"))
    assert len(outline.all("svg")) == 1
    assert len(outline.all("table")) == 3
    assert "Nothing is repaired" in text


def test_a_sound_file_ends_with_status_0(samdrift: Samdrift, tmp_path: Path) -> None:
    rows = [f"2026-01-0{1 + k // 24}T{k % 24:02d}:00:00Z,{5 + k % 7}" for k in range(72)]
    path = tmp_path / "sound.csv"
    path.write_text("\n".join(["stamp,heat_kwh", *rows]))
    ended = samdrift("energy", "quality", str(path))
    assert ended.status == 0
    assert "Nothing was found" in ended.out


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--unit", "m3"), "m3 needs it"),
        (("--unit", "kWh", "--quantity", "power"), "cannot write power in kWh"),
        (("--time-zone", "Nowhere/Here"), "not an IANA time zone"),
        ((), "not clear which column holds the stamps"),
    ],
)
def test_a_wrong_order_is_told(samdrift: Samdrift, file: Path, options: tuple[str, ...], says: str) -> None:
    named = ("--stamp-column", "Tid") if options else ()
    ended = samdrift("energy", "quality", str(file), *named, *options)
    assert ended.status != 0
    assert says in ended.err


def test_a_danish_export_is_read_as_it_is_written(samdrift: Samdrift, tmp_path: Path) -> None:
    rows = [f"{1 + k // 24:02d}-02-2026 {k % 24:02d}.00;{5 + k % 7},5" for k in range(72)]
    path = tmp_path / "eksport.csv"
    path.write_bytes("\r\n".join(["Tidspunkt;Måler 4", *rows]).encode("cp1252"))
    options = ("--stamp-column", "Tidspunkt", "--stamp-format", "%d-%m-%Y %H.%M", "--time-zone", "Europe/Copenhagen")
    ended = samdrift("energy", "quality", str(path), *options, "--json")
    assert ended.status == 0, ended.err
    (meter,) = json.loads(ended.out)["meters"]
    assert (meter["meter"], meter["hours"], meter["begins"]) == ("Måler 4", 72, "2026-01-31T22:00:00+00:00")


def test_people_are_told_in_words_and_in_one_language(samdrift: Samdrift, tmp_path: Path) -> None:
    path = tmp_path / "short.csv"
    path.write_text("stamp,heat\n" + "".join(f"2026-01-05T00:00:00Z,{k}\n" for k in range(1, 40)))
    ended = samdrift("energy", "quality", str(path))
    assert "heat is not fit for a forecast: readings in under 80 % of the hours." in ended.out
    assert "39" not in ended.out, "six values of forty tell enough"
    assert "Samme tidspunkt" in samdrift("energy", "quality", str(path), "--language", "da").out
    assert "takes da or en" in samdrift("energy", "quality", str(path), "--language", "fi").err
    assert samdrift("energy", "quality", str(path), "--time-zone", "Mars/Base").err.startswith("'Mars/Base' is not")
