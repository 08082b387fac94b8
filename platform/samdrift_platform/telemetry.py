"""Switches off what Ray, MLflow and Prefect would tell their makers.

Public-sector machines send nothing home. Values that an operator set stay as they are.
"""

from __future__ import annotations

import os

#: Variable -> value; set before any of the three is imported.
QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",  # standard output is for `--json`
}


def silence() -> None:
    """Put QUIET into this process's environment, which its children inherit."""
    for variable, value in QUIET.items():
        os.environ.setdefault(variable, value)
