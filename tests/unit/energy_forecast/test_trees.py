from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import lightgbm
import numpy as np
import pytest

from samdrift_energy_forecast.forecasting.features import NAMES
from samdrift_energy_forecast.forecasting.ridge import TREES_FILE, FamilyModel
from samdrift_energy_forecast.forecasting.trees import FamilyTrees, tree_rows
from samdrift_energy_forecast.training import trees as training
from samdrift_energy_forecast.training.trees import Lessons, grow
from samdrift_registry.verified import VerifiedModel


def taught(kind: str, seed: int) -> Lessons:
    """Ridges that are 2 too low whenever the first feature is above 0.5."""
    rng = np.random.default_rng(seed)
    rows = rng.random((600, 4))
    return Lessons(building=kind, rows=rows, missed=2.0 * (rows[:, 0] > 0.5) + 0.1 * rng.normal(size=600))


@pytest.fixture
def few_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "ROUNDS", (1, 60))


@pytest.mark.usefixtures("few_rounds")
def test_trees_learn_how_ridges_of_other_kinds_err() -> None:
    trees = grow([taught("school", 1), taught("office", 2)])
    assert trees.booster.num_trees() == 60
    new = taught("library", 3)
    left = new.missed - trees.corrections(new.rows[:, :-1], new.rows[:, -1])
    assert np.square(left).mean() < 0.1 * np.square(new.missed).mean()


@pytest.mark.usefixtures("few_rounds")
def test_what_does_not_carry_over_to_another_kind_grows_few_trees() -> None:
    school = taught("school", 1)
    contrary = replace(taught("office", 2), missed=-taught("office", 2).missed)
    assert grow([school, contrary]).booster.num_trees() == 1


def test_corrections_are_lightgbms_own_answer_for_each_building_and_hour(family: FamilyModel) -> None:
    assert family.trees is not None
    rng = np.random.default_rng(0)
    design, expected = rng.random((2, 5, len(NAMES))), rng.random((2, 5))
    wanted = lightgbm.Booster(model_str=family.trees.text).predict(np.append(design[1, 3], expected[1, 3])[None])
    assert family.trees.corrections(design, expected)[1, 3] == pytest.approx(wanted[0])
    assert tree_rows(design, expected).shape == (2, 5, len(NAMES) + 1)


def test_a_family_without_trees_is_its_ridge(verified: VerifiedModel, tmp_path: Path) -> None:
    for file in verified.folder.iterdir():
        if file.name != TREES_FILE:
            (tmp_path / file.name).write_bytes(file.read_bytes())
    assert FamilyModel.load(tmp_path).trees is None
    assert isinstance(FamilyModel.load(verified.folder).trees, FamilyTrees)
