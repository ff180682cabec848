"""Status as the operator writes it: camelCase, RFC 3339, and nothing where nothing is known."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from pydantic import ValidationError

from sagemaker_ab.api.conditions import ConditionType, Reason
from sagemaker_ab.api.status import Condition, EndpointStatus, Status, VariantMetrics


def test_what_is_not_known_is_not_written() -> None:
    assert Status().model_dump(by_alias=True, exclude_none=True) == {"observedGeneration": -1}


def test_cloudwatchs_names_keep_their_capitals() -> None:
    metrics = VariantMetrics(name="VariantA", invocation_4xx_errors=1, invocation_5xx_errors=0)
    assert metrics.model_dump(by_alias=True, exclude_none=True) == {
        "name": "VariantA",
        "invocation4XXErrors": 1,
        "invocation5XXErrors": 0,
    }


@pytest.mark.parametrize(
    ("moment", "written"),
    [
        (datetime(2026, 11, 25, 4, 0, tzinfo=UTC), "2026-11-25T04:00:00Z"),
        (datetime(2026, 11, 25, 5, 0, tzinfo=timezone(timedelta(hours=1))), "2026-11-25T04:00:00Z"),
        (datetime(2026, 11, 25, 4, 0, 0, 123000, tzinfo=UTC), "2026-11-25T04:00:00.123Z"),
    ],
)
def test_a_moment_is_written_in_utc_to_the_millisecond_that_aws_gives(moment: datetime, written: str) -> None:
    status = EndpointStatus(since=moment)
    dumped = status.model_dump(by_alias=True, exclude_none=True)
    assert dumped == {"since": written}
    assert EndpointStatus.model_validate(dumped) == status


def test_a_moment_needs_a_zone() -> None:
    with pytest.raises(ValidationError, match="timezone"):
        EndpointStatus.model_validate({"since": "2026-11-25T04:00:00"})


def test_a_condition_is_written_with_types_and_reasons_of_the_closed_tables() -> None:
    condition = Condition(
        type=ConditionType.READY,
        status="True",
        reason=Reason.IN_SERVICE,
        message="",
        last_transition_time=datetime(2026, 11, 25, tzinfo=UTC),
    )
    assert condition.model_dump(by_alias=True, exclude_none=True) == {
        "type": "Ready",
        "status": "True",
        "reason": "InService",
        "message": "",
        "lastTransitionTime": "2026-11-25T00:00:00Z",
    }


def test_aws_words_are_cut_to_what_the_schema_allows() -> None:
    assert EndpointStatus(failure_reason="x" * 5000).failure_reason == "x" * 2048
