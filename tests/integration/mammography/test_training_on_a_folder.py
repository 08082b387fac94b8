"""Training and evaluating on a labelled folder, as a region would: MONAI, Lightning and the commands, on made films."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from typer.testing import CliRunner

from samdrift_evaluation.report import Report
from samdrift_mammography.commands import app
from samdrift_mammography.features import FeatureExtractor
from samdrift_mammography.film import CELL
from samdrift_mammography.lesion_head import load
from samdrift_mammography.network import pretrained
from samdrift_mammography.training import labels
from samdrift_mammography.training.examples import Example, examples
from samdrift_mammography.training.gradient import Gradient
from samdrift_mammography.training.labels import LabelledImage, Severity
from samdrift_mammography.training.transforms import film_of, prepared

ROWS, COLUMNS, RADIUS = 320, 224, 14
WOMEN = 24


def picture(seed: int, lesion: tuple[int, int] | None) -> NDArray[np.uint8]:
    """A half ellipse of tissue on the left with blurred noise; a lesion is a bright disc with spicules of its own."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:ROWS, 0:COLUMNS]
    breast = ((y - ROWS / 2) / (ROWS / 2 - 4)) ** 2 + (x / (COLUMNS - 12)) ** 2 < 1
    noise = np.kron(rng.normal(0, 12, (ROWS // 8, COLUMNS // 8)), np.ones((8, 8)))
    grey = np.where(breast, 90 + noise, 0)
    if lesion is not None:
        distance = np.hypot(x - lesion[0], y - lesion[1])
        angle = np.arctan2(y - lesion[1], x - lesion[0])
        grey = np.where(distance < RADIUS * (1 + 0.3 * np.sin(9 * angle)), 210, grey)
    return np.clip(grey, 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two films a woman; a third of the women have a benign, a third a malignant lesion in one of them."""
    made = tmp_path_factory.mktemp("films")
    rng = np.random.default_rng(1)
    rows: list[dict[str, object]] = []
    for woman in range(WOMEN):
        for side in "RL":
            ill = woman % 3 and side == "R"
            place = (int(rng.integers(60, 120)), int(rng.integers(110, 210))) if ill else None
            grey = picture(2 * woman + (side == "L"), place)
            Image.fromarray(grey[:, ::-1] if side == "R" else grey).save(made / f"{woman}{side}.png")
            x = COLUMNS - 1 - place[0] if place else ""
            rows.append(
                {
                    "file": f"{woman}{side}.png",
                    "woman": f"w{woman}",
                    "laterality": side,
                    "view": "CC",
                    "label": ("normal", "benign", "malignant")[woman % 3 if ill else 0],
                    "pixel_mm": 0.2,
                    "lesion_x": x,
                    "lesion_y": place[1] if place else "",
                    "lesion_radius": RADIUS if place else "",
                    "density": "C" if woman % 2 else "B",
                }
            )
    with (made / "labels.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return made


@pytest.fixture(scope="module")
def images(folder: Path) -> list[LabelledImage]:
    return labels.read(folder / "labels.csv", folder)


@pytest.fixture(scope="module")
def known(images: Sequence[LabelledImage]) -> list[Example]:
    torch.set_num_threads(1)
    return list(examples(images, FeatureExtractor(pretrained())))


def test_the_findings_weights_lie_on_the_bright_lesion(known: Sequence[Example]) -> None:
    """Through mirroring: the right breasts' chest walls are on the right in the files."""
    ill = [each for each in known if each.image.severity is not Severity.NORMAL]
    assert len(ill) == 16
    for each in ill:
        (weights,) = each.lesions
        row, column = np.unravel_index(int(np.nanargmax(each.cells.on_grid(weights))), each.cells.breast.shape)
        (lesion,) = each.image.lesions
        x = COLUMNS - 1 - lesion.x  # right breasts are mirrored
        assert np.hypot((column + 0.5) * CELL - x, (row + 0.5) * CELL - lesion.y) < 1.5 * CELL


def test_augmentation_moves_pixels_masks_and_findings_together(images: Sequence[LabelledImage]) -> None:
    augment = prepared(augmented=True)
    augment.set_random_state(5)
    ill = next(each for each in images if each.severity is Severity.MALIGNANT)
    for _ in range(6):
        data = augment({"image": ill})
        pixels, lesion = np.asarray(data["pixels"][0]), np.asarray(data["lesions"][0])
        inside = lesion > 0.6
        assert pixels[inside].mean() > pixels[np.asarray(data["breast"][0]) > 0].mean() + 40
        film = film_of(data)
        assert film.breast.shape == (pixels.shape[0] // 8, pixels.shape[1] // 8)
        assert film.pixels[np.kron(film.breast, np.ones((8, 8), bool))].mean() > 40


def test_the_same_seed_augments_alike(images: Sequence[LabelledImage]) -> None:
    drawn = []
    for seed in (3, 3, 4):
        augment = prepared(augmented=True)
        augment.set_random_state(seed)
        drawn.append(np.asarray(augment({"image": images[0]})["pixels"]))
    np.testing.assert_array_equal(drawn[0], drawn[1])
    assert np.abs(drawn[0] - drawn[2]).max() > 10


def test_lightning_learns_to_tell_lesions_and_repeats_itself(known: Sequence[Example], tmp_path: Path) -> None:
    recipe = Gradient(epochs=2)
    first, second = recipe.fit(known, checkpoints=tmp_path), recipe.fit(known)
    np.testing.assert_array_equal(first.weight, second.weight)
    ill = [each for each in known if each.lesions]
    inside = [
        float((each.lesions[0] > 0) @ first.cell_scores(each.cells) / (each.lesions[0] > 0).sum()) for each in ill
    ]
    assert np.mean(inside) > 1  # standard deviations above the film's median
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".safetensors"] * len(list(tmp_path.iterdir()))


def test_tuned_blocks_come_back_as_weights_of_the_trunk(known: Sequence[Example]) -> None:
    head = Gradient(epochs=1, tuned_blocks=1).fit(known)
    published = pretrained().state_dict()
    assert {name.split(".")[1] for name in head.trunk} == {"14"}
    assert any(np.abs(each - published[name].numpy()).max() > 0 for name, each in head.trunk.items())
    tuned = pretrained({name: torch.from_numpy(each) for name, each in head.trunk.items()})
    assert torch.equal(tuned.state_dict()["_conv_stem.weight"], published["_conv_stem.weight"])


def run(*words: object) -> str:
    done = CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.mark.parametrize("method", ["closed-form", "gradient"])
def test_train_and_evaluate_by_command(folder: Path, tmp_path: Path, method: str) -> None:
    options = ["--method", method, "--epochs", "2"]
    told = run("train", folder, "--labels", folder / "labels.csv", "--into", tmp_path / "model", *options)
    assert "48 images of 24 women" in told
    head, reference = load(tmp_path / "model")
    assert np.isfinite(head.weight).all()
    assert len(reference.scores) == 8
    assert "Not a medical device" in (tmp_path / "model" / "card.md").read_text()

    printed = run(
        *("evaluate", tmp_path / "model", "--data", folder, "--labels", folder / "labels.csv"),
        *("--report", tmp_path / "report.json"),
    )
    assert "auc_abnormal: " in printed
    report = Report.from_bytes((tmp_path / "report.json").read_bytes())
    (data,) = report.data
    assert (data.cases, data.units) == (48, 24)
    assert report.curve("learning curve") is not None
    assert not {path.stem for path in folder.glob("*.png")} & set(str(report.settings["cancers_read_once"]).split("'"))


def test_a_model_is_measured_directly_on_women_it_has_not_seen(
    folder: Path, tmp_path: Path, images: Sequence[LabelledImage]
) -> None:
    """Three quarters of the women to train on, the others to evaluate on."""
    rows = (folder / "labels.csv").read_text().splitlines()
    for name, chosen in (("one", range(18)), ("other", range(18, WOMEN))):
        kept = [row for row in rows[1:] if int(row.split(",")[1][1:]) in chosen]
        (tmp_path / f"{name}.csv").write_text("\n".join((rows[0], *kept)))
    run("train", folder, "--labels", tmp_path / "one.csv", "--into", tmp_path / "model")
    printed = run("evaluate", tmp_path / "model", "--data", folder, "--labels", tmp_path / "other.csv")
    assert "By its own list the model has seen none of these images" in printed
    facts = json.loads((tmp_path / "model" / "model.json").read_text())["training"]
    assert len(facts["seen"]) == 36
