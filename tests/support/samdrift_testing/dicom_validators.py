"""Debian's two validators of DICOM objects, each with its own eye.

`dciodvfy` (dicom3tools) judges modules, attributes and character set; PixelMed's `DicomSRValidator` judges templates,
relationships and context groups. Both are of June 2022, so newer parts of the standard are unknown to them.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

#: PixelMed's rules are more XPath than the JDK allows by default; without these it stops, and its exit code is 0.
_LIMITS = "-Djdk.xml.xpathExprOpLimit=0 -Djdk.xml.xpathTotalOpLimit=0 -Djdk.xml.xpathExprGrpLimit=0"
#: Half the time: it runs once and ends, so that optimising its code does not pay.
_QUICK = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
_FINDING = re.compile(r"^(?:Error|Warning)\b.*", re.MULTILINE)


def program(name: str, package: str) -> str:
    """The path of a program; the test is skipped when its Debian package is not installed."""
    return shutil.which(name) or pytest.skip(f"{name} is not installed (Debian package {package})")


def dciodvfy(path: Path) -> list[str]:
    """What `dciodvfy` finds in the file, one line each; an error of which no line tells is a line of its own."""
    command = [program("dciodvfy", "dicom3tools"), "-new", str(path)]
    done = subprocess.run(command, capture_output=True, check=False, timeout=240)
    found = _FINDING.findall((done.stdout + done.stderr).decode("utf-8", "replace"))
    return found or ([f"Error - exit code {done.returncode}"] if done.returncode else [])


def sr_validator(path: Path, iod: str, template: str) -> list[str]:
    """What PixelMed finds in a structured report of `iod` and root `template`; also when it did not get to the end."""
    command = [program("DicomSRValidator", "pixelmed-apps"), str(path)]
    environment = {**os.environ, "JAVA_TOOL_OPTIONS": f"{_LIMITS} {_QUICK}"}
    done = subprocess.run(command, capture_output=True, check=False, timeout=240, env=environment)
    said = (done.stdout + done.stderr).decode("utf-8", "replace")
    reached = (
        f"Found {iod} IOD",
        f"Found Root Template {template} ",
        "Root Template Validation Complete",
        "IOD validation complete",
    )
    return _FINDING.findall(said) + [f"Error: never said {line!r}" for line in reached if line not in said]


def unexpected(findings: Iterable[str], allowed: Mapping[str, str]) -> list[str]:
    """The findings that match none of the `allowed` patterns; each of these has its reason as value."""
    return [finding for finding in findings if not any(re.search(pattern, finding) for pattern in allowed)]
