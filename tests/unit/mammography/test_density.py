from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from samdrift_mammography.density import BINS, CLASSES, DensityModel, histogram
from samdrift_mammography.errors import WrongWeightsError
from samdrift_mammography.settings import DENSITY_MODEL
from samdrift_mammography.views import View


def state(seed: int = 0) -> dict[str, torch.Tensor]:
    made = torch.Generator().manual_seed(seed)
    shapes = {"fc1.weight": (100, 200), "fc1.bias": (100,), "fc2.weight": (4, 100), "fc2.bias": (4,)}
    return {name: torch.randn(shape, generator=made) for name, shape in shapes.items()}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    torch.save(state(), tmp_path / "model.p")
    return tmp_path / "model.p"


def test_the_two_layers_are_those_of_torch(file: Path) -> None:
    """Against torch's own layers, with the views in the order of the training: left before right, CC before MLO."""
    shares = {view: np.random.default_rng(place).dirichlet(np.ones(BINS)) for place, view in enumerate(View)}
    x = np.concatenate([shares[view] for view in (View.LCC, View.RCC, View.LMLO, View.RMLO)])
    weights = state()
    hidden = torch.relu(weights["fc1.weight"] @ torch.from_numpy(x).float() + weights["fc1.bias"])
    expected = torch.softmax(weights["fc2.weight"] @ hidden + weights["fc2.bias"], 0).numpy()
    found = DensityModel.load(file).density(shares)
    assert found is not None
    np.testing.assert_allclose(found.probabilities, expected, atol=1e-5)
    assert found.most_likely == CLASSES[int(expected.argmax())]


def test_an_exam_without_a_view_has_no_density(file: Path) -> None:
    shares = {view: np.ones(BINS) / BINS for view in list(View)[1:]}
    assert DensityModel.load(file).density(shares) is None


@given(st.integers(3, 60), st.integers(3, 60), st.integers(0, 99))
def test_a_histogram_counts_the_window_around_the_breast(rows: int, columns: int, seed: int) -> None:
    """Against numpy's histogram of the window itself."""
    pixels = np.random.default_rng(seed).uniform(10, 250, (rows, columns)).astype(np.float32)
    window = np.zeros((max(rows, -(-columns * 13 // 10)), max(columns, -(-rows * 10 // 13))), np.float32)
    window[:rows, :columns] = pixels
    np.testing.assert_allclose(histogram(pixels), np.histogram(window, bins=BINS)[0] / window.size, atol=1e-9)


def test_only_tensors_are_read(tmp_path: Path) -> None:
    """A pickle that would run something is refused, not run."""
    trap = tmp_path / "ran"

    class Trap:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return (os.mkdir, (str(trap),))

    torch.save({**state(), "fc1.bias": Trap()}, tmp_path / "model.p")
    with pytest.raises(WrongWeightsError, match=DENSITY_MODEL.name):
        DensityModel.load(tmp_path / "model.p")
    assert not trap.exists()


@pytest.mark.parametrize("broken", ["absent", "empty", "shape"])
def test_another_file_is_refused_with_what_to_do(tmp_path: Path, broken: str) -> None:
    file = tmp_path / "model.p"
    if broken == "empty":
        file.write_bytes(b"")
    if broken == "shape":
        torch.save({**state(), "fc2.bias": torch.zeros(5)}, file)
    with pytest.raises(WrongWeightsError, match=DENSITY_MODEL.name):
        DensityModel.load(file)


def test_without_the_setting_there_is_no_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(DENSITY_MODEL.name, raising=False)
    assert DensityModel.from_settings() is None


@pytest.mark.data
def test_the_published_exam_has_the_published_density() -> None:
    from PIL import Image

    folder = Path(os.environ.get("SAMDRIFT_DATA", "")) / "mammography" / "nyu_density"
    if not (folder / "histogram_model.p").is_file():
        pytest.skip("SAMDRIFT_DATA holds no mammography/nyu_density/histogram_model.p")
    shares = {}
    for view in View:
        with Image.open(folder / "images" / f"{view[0]}-{view[1:]}.png") as picture:
            shares[view] = histogram(np.asarray(picture, dtype=np.float32))
    found = DensityModel.load(folder / "histogram_model.p").density(shares)
    assert found is not None
    np.testing.assert_allclose(found.probabilities, [0.082, 0.785, 0.132, 0.002], atol=5e-4)
