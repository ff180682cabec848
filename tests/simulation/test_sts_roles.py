"""STS: roles that are assumed, in the caller's account or in another, and sessions that end."""

from __future__ import annotations

from typing import Any

import pytest

ROLE = "arn:aws:iam::222233334444:role/deployers/cross"


def assumed(aws: Any, arn: str = ROLE, **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = aws.client("sts").assume_role(RoleArn=arn, RoleSessionName="night", **more)
    return found


@pytest.mark.ledger("sts.assume-role", "sts.duration", "sts.longest-session", "sts.caller-identity")
def test_a_role_of_another_account_gives_credentials_of_that_account(calm_sim: Any) -> None:
    answer = assumed(calm_sim)
    key = answer["Credentials"]["AccessKeyId"]
    expires = answer["Credentials"]["Expiration"].timestamp()
    assert (len(key), key[:4], key[-12:]) == (20, "ASIA", "222233334444")
    assert expires == calm_sim.engine.clock.now() + 3600
    caller = calm_sim.client("sts", access_key=key).get_caller_identity()
    assert caller["Account"] == "222233334444"
    assert caller["Arn"] == "arn:aws:sts::222233334444:assumed-role/cross/night"
    assert caller["UserId"] == answer["AssumedRoleUser"]["AssumedRoleId"]


def test_what_is_made_with_a_role_is_in_its_account(calm_sim: Any, deployer: Any) -> None:
    key = assumed(calm_sim)["Credentials"]["AccessKeyId"]
    there = type(deployer)(calm_sim.client("sagemaker", access_key=key))
    arn = there.client.describe_model(ModelName=there.model())["ModelArn"]
    assert arn == "arn:aws:sagemaker:us-east-1:222233334444:model/bert-a"
    assert deployer.client.list_models()["Models"] == []


def test_each_session_has_a_key_of_its_own(calm_sim: Any) -> None:
    keys = {assumed(calm_sim)["Credentials"]["AccessKeyId"] for _ in range(20)}
    assert len(keys) == 20


def test_the_identity_that_a_caller_names_is_told_back(calm_sim: Any) -> None:
    assert assumed(calm_sim, SourceIdentity="ada")["SourceIdentity"] == "ada"
    assert "SourceIdentity" not in assumed(calm_sim)


@pytest.mark.ledger("sts.expired", "aws.query-codes")
def test_credentials_end_with_their_session_and_say_so_in_each_protocol(calm_sim: Any, refused: Any) -> None:
    key = assumed(calm_sim, DurationSeconds=900)["Credentials"]["AccessKeyId"]
    sagemaker = calm_sim.client("sagemaker", access_key=key)
    assert sagemaker.list_models()["Models"] == []
    calm_sim.advance(minutes=15)
    text = "The security token included in the request is expired"
    assert refused(sagemaker.list_models) == ("ExpiredTokenException", text)
    by_query = refused(calm_sim.client("sts", access_key=key).get_caller_identity)
    assert by_query == ("ExpiredToken", text)


@pytest.mark.ledger("sts.too-long", "sts.chained-too-long")
def test_no_session_is_longer_than_an_hour_chained_or_not(calm_sim: Any, refused: Any) -> None:
    asked = {"RoleArn": ROLE, "RoleSessionName": "night", "DurationSeconds": 3601}
    code, text = refused(calm_sim.client("sts").assume_role, **asked)
    assert (code, "MaxSessionDuration" in text) == ("ValidationError", True)
    key = assumed(calm_sim)["Credentials"]["AccessKeyId"]
    code, text = refused(calm_sim.client("sts", access_key=key).assume_role, **asked)
    assert (code, "role chaining" in text) == ("ValidationError", True)


@pytest.mark.ledger("sts.role-arn")
@pytest.mark.parametrize(
    "arn", ["arn:aws:iam::222233334444:user/ada", "arn:aws:iam::1:role/reviewers", "x" * 20]
)
def test_what_is_no_role_cannot_be_assumed(calm_sim: Any, refused: Any, arn: str) -> None:
    found = refused(calm_sim.client("sts").assume_role, RoleArn=arn, RoleSessionName="night")
    assert found == ("ValidationError", "Request ARN is invalid")


@pytest.mark.ledger("sts.role-missing")
def test_a_role_that_is_not_there_may_not_be_assumed(calm_sim: Any, refused: Any) -> None:
    calm_sim.edit(missing={"role": ROLE})
    code, text = refused(calm_sim.client("sts").assume_role, RoleArn=ROLE, RoleSessionName="night")
    assert code == "AccessDenied"
    assert text == (
        "User: arn:aws:iam::123456789012:user/sandbox is not authorized to perform: sts:AssumeRole "
        f"on resource: {ROLE}"
    )


@pytest.mark.ledger("sim.not-implemented")
def test_a_session_with_a_policy_of_its_own_is_not_simulated(calm_sim: Any, refused: Any) -> None:
    assert refused(assumed, calm_sim, Policy="{}")[0] == "NotImplemented"
