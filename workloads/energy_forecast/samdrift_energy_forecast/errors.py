"""Errors of the heating plans."""

from __future__ import annotations

from samdrift_platform.errors import ConflictError, InputError, SamdriftError


class EmulatorError(SamdriftError):
    """The building emulator failed. Its message names the EnergyPlus file to read."""


class ReadingsError(InputError):
    """The readings cannot be used. Correct the rows named and submit again."""


class MeterSilentError(ReadingsError):
    """The meter's latest readings are missing. See whether it is alive and its data come through."""


class ShortHistoryError(ReadingsError):
    """There are too few readings to forecast from. Send at least two weeks of them."""


class ShippedModelError(SamdriftError):
    """The forecast model's files do not fit this version of the workload. Train it again with `training`."""


class NoPlanError(SamdriftError):
    """The solver found no plan although one always exists. Keep the fixed setback plan and report this."""


class PlanDocumentError(InputError):
    """The object is not a heating plan of this version of the workload. Have the plan made again."""


class NotActiveError(ConflictError):
    """The building was removed, so it is not planned for. Add it again before you order a plan."""
