"""Answers whose Date header is wrong on order."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError


def told_dates(aws: Any, times: int = 2) -> list[str | None]:
    """The Date headers of so many answers."""
    client = aws.client("sts")
    answers = [client.get_caller_identity()["ResponseMetadata"] for _ in range(times)]
    return [answer["HTTPHeaders"].get("date") for answer in answers]


@pytest.mark.ledger("aws.date")
@pytest.mark.parametrize(
    ("order", "told"),
    [
        ({"ahead": 7200}, "Thu, 01 Jan 2026 02:00:00 GMT"),
        ({"ahead": -86400}, "Wed, 31 Dec 2025 00:00:00 GMT"),
        ({"text": "yesterday"}, "yesterday"),
        ({"absent": True}, None),
    ],
    ids=str,
)
def test_the_date_of_an_answer_is_wrong_on_order(calm_sim: Any, order: Any, told: Any) -> None:
    calm_sim.fault({"date": order})
    assert told_dates(calm_sim) == [told, "Thu, 01 Jan 2026 00:00:00 GMT"]


def test_the_date_of_a_refusal_is_wrong_on_order_too(calm_sim: Any, deployer: Any) -> None:
    calm_sim.fault({"date": {"ahead": 3600}})
    with pytest.raises(ClientError) as caught:
        deployer.describe()
    headers = caught.value.response["ResponseMetadata"]["HTTPHeaders"]
    assert headers["date"] == "Thu, 01 Jan 2026 01:00:00 GMT"
