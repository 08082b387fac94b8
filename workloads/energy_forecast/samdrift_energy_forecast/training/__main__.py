"""`python -m samdrift_energy_forecast.training FOLDER_FOR_SIMULATIONS MODEL_FOLDER`: simulate, fit, judge, write."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from importlib import resources
from pathlib import Path

from samdrift_energy_forecast.forecasting.features import NAMES
from samdrift_energy_forecast.forecasting.heat import HORIZON_H
from samdrift_energy_forecast.forecasting.ridge import FACTS_FILE, TREES_FILE, WEIGHTS_FILE, FamilyModel
from samdrift_energy_forecast.training.family import PENALTIES, fit_family
from samdrift_energy_forecast.training.report import judge, table
from samdrift_energy_forecast.training.trees import ROUNDS
from samdrift_energy_forecast.training.winters import DAYS, FAMILY, FIRST_DAY, HELD_OUT, Winter, simulate_winters

ENGINE = "EnergyPlus version 25.2 (pyenergyplus-lbnl 26.1.0)"


def main(simulations: str, model: str) -> None:
    """Train from simulations kept in `simulations` and write the files of the model into `model`."""
    family = fit_family(simulate_winters(FAMILY, Path(simulations)))
    held_out = simulate_winters(HELD_OUT, Path(simulations))
    figures = table({winter: judge(winter, readings, family) for winter, readings in held_out.items()})
    write(family, Path(model), figures)


def write(family: FamilyModel, folder: Path, figures: str) -> None:
    """Write `model.safetensors`, `trees.txt`, `model.json` and `card.md`."""
    from safetensors.numpy import save_file

    folder.mkdir(parents=True, exist_ok=True)
    save_file({"weights": family.weights, "feature_scale": family.feature_scale}, folder / WEIGHTS_FILE)
    if family.trees is not None:
        (folder / TREES_FILE).write_text(family.trees.text, encoding="utf-8")
    facts = {
        "architecture": "ridge regression pulled towards a family of buildings, and LightGBM trees that correct it",
        "horizon_h": HORIZON_H,
        "features": list(NAMES),
        "target": "heat of an hour in kWh / heat signature (kWh an hour for each K below 17 C)",
        "penalty": family.penalty,
        "penalties_tried": list(PENALTIES),
        "trees": family.trees.booster.num_trees() if family.trees else 0,
        "numbers_of_trees_tried": list(ROUNDS),
        "engine": ENGINE,
        "family": [winter.name for winter in FAMILY],
        "held_out": [winter.name for winter in HELD_OUT],
        "first_day": FIRST_DAY.isoformat(),
        "days": DAYS,
    }
    (folder / FACTS_FILE).write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
    template = (resources.files("samdrift_energy_forecast.training") / "card.md").read_text(encoding="utf-8")
    card = template.format(
        engine=ENGINE,
        family=_listed(FAMILY),
        held_out=_listed(HELD_OUT),
        penalty=f"{family.penalty:g}",
        trees=facts["trees"],
        horizon=HORIZON_H,
        first_day=FIRST_DAY.isoformat(),
        days=DAYS,
        figures=figures,
    )
    (folder / "card.md").write_text(card, encoding="utf-8")


def _listed(winters: Iterable[Winter]) -> str:
    return "\n".join(
        f"- `{w.building}` under `{w.weather}`: {w.warm_c:g} C from {w.begins:02d} to {w.ends:02d} on open days, "
        f"else {w.setback_c:g} C"
        for w in winters
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
