from __future__ import annotations

from datetime import datetime

import pytest
from pydantic import AwareDatetime, BaseModel, ValidationError, field_validator

from samdrift_platform.control.invalid_input import InvalidInputError


class Order(BaseModel):
    begins: AwareDatetime

    @field_validator("begins")
    @classmethod
    def _on_the_hour(cls, begins: datetime) -> datetime:
        if begins.minute:
            raise ValueError(f"{begins:%H:%M} is not on the full hour")
        return begins


@pytest.mark.parametrize(
    ("begins", "said"),
    [
        ("2026-01-26T08:00:00", "End the time with Z for UTC, or with its offset, such as +01:00."),
        ("2026-01-26T08:30:00Z", "/begins: 08:30 is not on the full hour. Correct the value."),
    ],
)
def test_a_wrong_time_is_told_in_words_for_people(begins: str, said: str) -> None:
    with pytest.raises(ValidationError) as found:
        Order.model_validate({"begins": begins})
    assert said in InvalidInputError.of_body(found.value).message
