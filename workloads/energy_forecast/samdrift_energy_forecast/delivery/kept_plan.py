"""The plan that an effect names, from the object store."""

from __future__ import annotations

from samdrift_energy_forecast.errors import PlanDocumentError
from samdrift_energy_forecast.plans.document import Plan
from samdrift_platform.contract import Store
from samdrift_platform.errors import CannotTellError, NotFoundError, TryAgainError, UnavailableError


def kept_plan(store: Store, reference: str) -> Plan:
    """The plan stored as `reference`.

    Raises:
        CannotTellError: it is not there, so nothing was sent; a person must look.
        TryAgainError: the store does not answer.
    """
    try:
        data = store.get(reference)
    except NotFoundError as error:
        raise CannotTellError(f"The plan cannot be read, so nothing was sent. {error.message}") from error
    except (OSError, UnavailableError) as error:
        raise TryAgainError(f"The object store does not answer ({type(error).__name__}).") from error
    try:
        return Plan.from_json(data)
    except PlanDocumentError as error:
        raise CannotTellError(f"The plan cannot be read, so nothing was sent. {error.message}") from error
