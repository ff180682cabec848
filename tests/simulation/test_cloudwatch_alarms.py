"""Metric alarms: put, evaluated on what can be read, set, deleted."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest
from botocore.awsrequest import HeadersDict
from botocore.parsers import create_parser
from botocore.serialize import create_serializer

from sandbox.aws.engine.cloudwatch.alarm_state import AlarmState, Missing, Quorum
from sandbox.aws.engine.cloudwatch.alarms import alarm_state
from sandbox.aws.http import HttpRequest
from sandbox.aws.protocols.services import operation_model

if TYPE_CHECKING:
    from sandbox.aws.inprocess import InProcessAws

VARIANT_A = [{"Name": "EndpointName", "Value": "reviews"}, {"Name": "VariantName", "Value": "VariantA"}]
POINTS = {"0": False, "X": True, "-": None}
OK, ALARM, UNKNOWN = AlarmState.OK, AlarmState.ALARM, AlarmState.INSUFFICIENT_DATA
KEPT = "kept"


def metric(name: str = "Invocations") -> dict[str, Any]:
    return {"Namespace": "AWS/SageMaker", "MetricName": name, "Dimensions": VARIANT_A}


class Alarms:
    """Alarms on the invocations of VariantA, which gets all requests to "reviews"."""

    def __init__(self, sim: InProcessAws) -> None:
        self.sim = sim
        self.client = sim.client("cloudwatch")
        sim.edit(weights={"endpoint": "reviews", "variants": {"VariantA": 1, "VariantB": 0}})

    def put(self, name: str = "busy", **params: Any) -> None:
        asked = {
            **metric(),
            "Statistic": "Sum",
            "Period": 60,
            "EvaluationPeriods": 2,
            "Threshold": 100.0,
            "ComparisonOperator": "GreaterThanThreshold",
        } | params
        asked = {key: value for key, value in asked.items() if value is not None}
        self.client.put_metric_alarm(AlarmName=name, **asked)

    def describe(self, name: str = "busy") -> dict[str, Any]:
        (found,) = self.client.describe_alarms(AlarmNames=[name])["MetricAlarms"]
        return dict(found)

    def state(self, name: str = "busy") -> str | None:
        return alarm_state(self.sim.engine.region("123456789012", "us-east-1"), name)

    def load(self, per_minute: float, *, minutes: float) -> None:
        self.sim.edit(traffic={"endpoint": "reviews", "ratePerMinute": per_minute})
        self.sim.advance(minutes=minutes)


@pytest.fixture
def alarms(calm_sim: InProcessAws, in_service: Any) -> Alarms:
    del in_service
    return Alarms(calm_sim)


@pytest.mark.ledger("cloudwatch.alarm-missing-data")
@pytest.mark.parametrize(
    ("points", "datapoints", "expected"),
    [
        ("0-X-X", 3, (OK, OK, OK, OK)),
        ("----0", 3, (OK, OK, OK, OK)),
        ("-----", 3, (UNKNOWN, KEPT, ALARM, OK)),
        ("0XX-X", 3, (ALARM, ALARM, ALARM, ALARM)),
        ("--X--", 3, (ALARM, KEPT, ALARM, OK)),
        ("0-X-X", 2, (ALARM, ALARM, ALARM, ALARM)),
        ("00X0X", 2, (ALARM, ALARM, ALARM, ALARM)),
        ("0-X--", 2, (OK, OK, ALARM, OK)),
        ("----0", 2, (OK, OK, ALARM, OK)),
        ("---X-", 2, (ALARM, KEPT, ALARM, OK)),
        ("----X", 2, (KEPT, KEPT, ALARM, OK)),
    ],
)
def test_missing_datapoints_count_as_the_tables_of_the_user_guide_say(
    points: str, datapoints: int, expected: tuple[str, str, str, str]
) -> None:
    breaches = [POINTS[point] for point in points]
    treatments = (Missing.MISSING, Missing.IGNORE, Missing.BREACHING, Missing.NOT_BREACHING)
    for missing, after in zip(treatments, expected, strict=True):
        quorum = Quorum(datapoints=datapoints, periods=3, missing=missing)
        for before in AlarmState:
            assert quorum.state(breaches, before=before) == (before if after == KEPT else after)


@pytest.mark.ledger("cloudwatch.alarm-put", "cloudwatch.alarm-evaluation", "cloudwatch.alarm-range")
@pytest.mark.ledger("cloudwatch.alarm-threshold-reason", "cloudwatch.alarm-insufficient-reason")
@pytest.mark.parametrize("sim_seed", range(3))
def test_an_alarm_follows_the_load_as_it_becomes_readable(alarms: Alarms) -> None:
    alarms.put(TreatMissingData="missing")
    assert alarms.state() == "INSUFFICIENT_DATA"
    alarms.load(60, minutes=8)
    quiet = alarms.describe()
    assert quiet["StateValue"] == "OK"
    assert quiet["StateReason"].startswith("Threshold Crossed: ")
    assert quiet["StateReason"].endswith(" not greater than the threshold (100.0).")
    alarms.load(240, minutes=3)
    assert alarms.state() == "OK"
    alarms.load(240, minutes=5)
    busy = alarms.describe()
    assert busy["StateValue"] == alarms.state() == "ALARM"
    assert json.loads(busy["StateReasonData"])["recentDatapoints"][-1] == 240.0
    assert busy["StateUpdatedTimestamp"] > quiet["StateUpdatedTimestamp"]
    alarms.put("errors", **metric("Invocation5XXErrors"))
    alarms.load(240, minutes=1)
    assert alarms.state("errors") == "OK"
    alarms.load(0, minutes=12)
    assert alarms.describe("errors")["StateReason"].startswith("Insufficient Data: ")


def test_what_was_put_reads_back_and_an_update_leaves_the_state(alarms: Alarms) -> None:
    alarms.put(AlarmDescription="too busy", DatapointsToAlarm=1, TreatMissingData="ignore", Unit="None")
    alarms.load(240, minutes=6)
    found = alarms.describe()
    assert (found["AlarmArn"], found["ActionsEnabled"], found["StateValue"]) == (
        "arn:aws:cloudwatch:us-east-1:123456789012:alarm:busy",
        True,
        "ALARM",
    )
    assert (found["DatapointsToAlarm"], found["TreatMissingData"], found["Unit"]) == (1, "ignore", "None")
    assert (found["AlarmDescription"], found["AlarmActions"]) == ("too busy", [])
    alarms.put(Threshold=1_000.0)
    found = alarms.describe()
    assert found["StateValue"] == "ALARM"
    assert "AlarmDescription" not in found
    alarms.sim.advance(minutes=1)
    assert alarms.state() == "OK"


def test_a_percentile_can_be_watched(alarms: Alarms) -> None:
    alarms.put(**metric("ModelLatency"), Statistic=None, ExtendedStatistic="p99", Threshold=1e5)
    alarms.load(60, minutes=8)
    assert alarms.state() == "ALARM"
    alarms.put(**metric("ModelLatency"), Statistic=None, ExtendedStatistic="p50", Threshold=1e6)
    alarms.sim.advance(minutes=1)
    assert alarms.state() == "OK"


@pytest.mark.ledger("cloudwatch.alarm-low-samples")
def test_a_percentile_of_few_values_may_leave_the_alarm_as_it_is(alarms: Alarms) -> None:
    latency = {**metric("ModelLatency"), "Statistic": None, "Threshold": 1.0}
    told = {"EvaluateLowSampleCountPercentile": "ignore"}
    alarms.put("p99", **latency, **told, ExtendedStatistic="p99")
    alarms.put("p50", **latency, **told, ExtendedStatistic="p50")
    alarms.put("heedless", **latency, ExtendedStatistic="p99")
    alarms.load(60, minutes=8)
    states = [alarms.state(name) for name in ("p99", "p50", "heedless")]
    assert states == ["INSUFFICIENT_DATA", "ALARM", "ALARM"]


def test_metric_math_can_be_watched(alarms: Alarms) -> None:
    stat = {"Period": 60, "Stat": "Sum"}
    queries = [
        {
            "Id": "errors",
            "MetricStat": {"Metric": metric("Invocation5XXErrors"), **stat},
            "ReturnData": False,
        },
        {"Id": "all", "MetricStat": {"Metric": metric(), **stat}, "ReturnData": False},
        {"Id": "rate", "Expression": "100 * errors / all"},
    ]
    plain = dict.fromkeys(("Namespace", "MetricName", "Dimensions", "Statistic", "Period"))
    alarms.put(**plain, Metrics=queries, Threshold=5.0)
    alarms.load(120, minutes=8)
    assert alarms.state() == "OK"
    alarms.sim.edit(ailment={"model": "bert-a", "rate5xx": 0.3})
    alarms.load(120, minutes=6)
    assert alarms.state() == "ALARM"
    assert [query["Id"] for query in alarms.describe()["Metrics"]] == ["errors", "all", "rate"]


@pytest.mark.ledger("cloudwatch.alarm-set", "cloudwatch.alarm-missing", "cloudwatch.alarm-state-data")
@pytest.mark.ledger("cloudwatch.alarm-actions")
def test_a_state_that_is_set_lasts_until_the_next_evaluation(alarms: Alarms, refused: Any) -> None:
    alarms.put()
    alarms.load(60, minutes=8)
    asked = {"AlarmName": "busy", "StateValue": "ALARM", "StateReason": "testing"}
    alarms.client.set_alarm_state(**asked)
    assert (alarms.state(), alarms.describe()["StateReason"]) == ("ALARM", "testing")
    alarms.sim.advance(minutes=1)
    assert alarms.state() == "OK"
    assert refused(alarms.client.set_alarm_state, **asked | {"AlarmName": "x"})[0].startswith(
        "ResourceNotFound"
    )
    code, _ = refused(alarms.client.set_alarm_state, **asked, StateReasonData="{")
    assert code.startswith("InvalidFormat")


@pytest.mark.ledger("cloudwatch.alarm-delete-missing")
@pytest.mark.parametrize("sim_seed", range(3))
def test_deleting_deletes_what_there_is(alarms: Alarms, refused: Any) -> None:
    alarms.put()
    alarms.put("other")
    names = ["busy", "never"]
    if alarms.sim.engine.ledger.value("cloudwatch.alarm-delete-missing") == "refuse":
        assert refused(alarms.client.delete_alarms, AlarmNames=names)[0].startswith("ResourceNotFound")
    else:
        alarms.client.delete_alarms(AlarmNames=names)
    found = alarms.client.describe_alarms()["MetricAlarms"]
    assert [alarm["AlarmName"] for alarm in found] == ["other"]
    assert alarms.state() is None
    alarms.client.delete_alarms(AlarmNames=["other"])
    alarms.sim.advance(minutes=2)
    assert not alarms.client.describe_alarms()["MetricAlarms"]


@pytest.mark.ledger("cloudwatch.alarm-delete-missing-text")
def test_a_refused_deletion_names_what_is_missing(calm_sim: InProcessAws) -> None:
    text = calm_sim.engine.ledger.refuse("cloudwatch.alarm-delete-missing-text", names="never")
    assert (text.http, text.message) == (404, "Unknown alarms: never")


def test_actions_are_switched_off_and_on(alarms: Alarms) -> None:
    alarms.put(AlarmActions=["arn:aws:sns:us-east-1:123456789012:pager"])
    alarms.client.disable_alarm_actions(AlarmNames=["busy"])
    assert alarms.describe()["ActionsEnabled"] is False
    alarms.client.enable_alarm_actions(AlarmNames=["busy"])
    assert alarms.describe()["ActionsEnabled"] is True
    by_action = alarms.client.describe_alarms(ActionPrefix="arn:aws:sns")["MetricAlarms"]
    assert [alarm["AlarmName"] for alarm in by_action] == ["busy"]
    assert not alarms.client.describe_alarms(ActionPrefix="arn:aws:sqs")["MetricAlarms"]
    assert not alarms.client.describe_alarms(AlarmTypes=["CompositeAlarm"])["MetricAlarms"]


def pages(alarms: Alarms, **params: Any) -> list[list[str]]:
    paginator = alarms.client.get_paginator("describe_alarms")
    return [[one["AlarmName"] for one in page["MetricAlarms"]] for page in paginator.paginate(**params)]


@pytest.mark.ledger("cloudwatch.alarm-page", "cloudwatch.alarm-names-and-prefix", "cloudwatch.next-token")
@pytest.mark.parametrize("sim_seed", range(3))
def test_alarms_are_described_by_names_or_by_a_prefix_in_pages(alarms: Alarms, refused: Any) -> None:
    ours, theirs = [f"ours/{number:03}" for number in range(120)], [f"theirs-{number}" for number in range(3)]
    for name in (*theirs, *ours):
        alarms.put(name)
    size = alarms.sim.engine.ledger.value("cloudwatch.alarm-page")
    assert [len(page) for page in pages(alarms, AlarmNamePrefix="ours/")] == (
        [50, 50, 20] if size == 50 else [100, 20]
    )
    by_seven = pages(alarms, AlarmNamePrefix="ours/", PaginationConfig={"PageSize": 7})
    assert [name for page in by_seven for name in page] == ours
    asked = [ours[5], "never", theirs[0]]
    assert pages(alarms, AlarmNames=asked, PaginationConfig={"PageSize": 1}) == [[ours[5]], [theirs[0]]]
    assert pages(alarms, AlarmNames=["never"]) == [[]]
    describe = alarms.client.describe_alarms
    assert refused(describe, AlarmNames=asked, AlarmNamePrefix="ours/")[0] in {
        "ValidationError",
        "InvalidParameterCombination",
    }
    token = describe(AlarmNamePrefix="ours/", MaxRecords=1)["NextToken"]
    assert refused(describe, AlarmNamePrefix="theirs", MaxRecords=1, NextToken=token)


@pytest.mark.ledger("cloudwatch.alarm-tags", "cloudwatch.tagged-missing")
def test_tags_come_with_a_new_alarm_or_by_their_own_calls(alarms: Alarms, refused: Any) -> None:
    client = alarms.client
    alarms.put(Tags=[{"Key": "team", "Value": "ml"}])
    alarms.put(Tags=[{"Key": "team", "Value": "other"}])
    arn = alarms.describe()["AlarmArn"]
    client.tag_resource(ResourceARN=arn, Tags=[{"Key": "owner", "Value": "me"}, {"Key": "x", "Value": "y"}])
    client.untag_resource(ResourceARN=arn, TagKeys=["x", "never"])
    tags = client.list_tags_for_resource(ResourceARN=arn)["Tags"]
    assert tags == [{"Key": "team", "Value": "ml"}, {"Key": "owner", "Value": "me"}]
    client.delete_alarms(AlarmNames=["busy"])
    assert refused(client.list_tags_for_resource, ResourceARN=arn)[0] == "ResourceNotFoundException"


STAT = {"Metric": metric(), "Period": 60, "Stat": "Sum"}
PLAIN: dict[str, Any] = dict.fromkeys(("Namespace", "MetricName", "Dimensions", "Statistic", "Period"))


@pytest.mark.parametrize(
    "params",
    [
        pytest.param({"Period": 90}, marks=pytest.mark.ledger("cloudwatch.period")),
        pytest.param({"DatapointsToAlarm": 3}, marks=pytest.mark.ledger("cloudwatch.alarm-datapoints")),
        pytest.param(
            {"EvaluationPeriods": 1_441},
            marks=pytest.mark.ledger("cloudwatch.alarm-span", "cloudwatch.alarm-span-text"),
        ),
        pytest.param(
            {"ThresholdMetricId": "m1", "Threshold": None}, marks=pytest.mark.ledger("cloudwatch.alarm-kinds")
        ),
        pytest.param({"Threshold": None}, marks=pytest.mark.ledger("cloudwatch.alarm-parameters")),
        {"MetricName": None},
        {"Statistic": None},
        {"ExtendedStatistic": "p99"},
        {"ExtendedStatistic": "often", "Statistic": None},
        {"TreatMissingData": "perhaps"},
        {"EvaluateLowSampleCountPercentile": "perhaps"},
        {"ComparisonOperator": "GreaterThanUpperThreshold"},
        {"Metrics": [{"Id": "a", "MetricStat": STAT}]},
        {**PLAIN, "Metrics": [{"Id": "a", "MetricStat": STAT}, {"Id": "b", "MetricStat": STAT}]},
        {**PLAIN, "Metrics": [{"Id": "a", "Expression": "1"}]},
        {
            **PLAIN,
            "Metrics": [{"Id": "a", "MetricStat": STAT, "ReturnData": False}, {"Id": "b", "Expression": "x"}],
        },
    ],
)
def test_an_alarm_that_cannot_be_is_refused_and_not_put(
    alarms: Alarms, refused: Any, params: dict[str, Any]
) -> None:
    code, text = refused(alarms.put, **params)
    assert code in {"ValidationError", "InvalidParameterValue", "InvalidParameterCombination"}
    assert text
    assert not alarms.client.describe_alarms()["MetricAlarms"]


def test_seven_days_are_watched_by_the_hour(alarms: Alarms, refused: Any) -> None:
    alarms.put(Period=3_600, EvaluationPeriods=168)
    assert refused(alarms.put, Period=3_600, EvaluationPeriods=169)


@pytest.mark.ledger("cloudwatch.alarm-of-tracking")
def test_the_alarms_of_target_tracking_are_left_to_their_policy(alarms: Alarms, refused: Any) -> None:
    scaling = alarms.sim.client("application-autoscaling")
    variant = {
        "ServiceNamespace": "sagemaker",
        "ResourceId": "endpoint/reviews/variant/VariantA",
        "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
    }
    scaling.register_scalable_target(**variant, MinCapacity=1, MaxCapacity=4)
    kind = {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"}
    tracking = {"TargetValue": 20.0, "PredefinedMetricSpecification": kind}
    high, low = scaling.put_scaling_policy(
        PolicyName="p",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration=tracking,
        **variant,
    )["Alarms"]
    client, names = alarms.client, [high["AlarmName"], low["AlarmName"]]
    assert alarms.state(names[0]) == "INSUFFICIENT_DATA"
    assert refused(alarms.put, names[0])[0] == "ValidationError"
    assert refused(client.disable_alarm_actions, AlarmNames=names)[0] == "ValidationError"
    client.set_alarm_state(AlarmName=names[1], StateValue="OK", StateReason="testing")
    assert alarms.state(names[1]) == "OK"
    assert len(client.describe_alarms(AlarmNamePrefix="TargetTracking-")["MetricAlarms"]) == 2
    client.delete_alarms(AlarmNames=names)
    assert not client.describe_alarms()["MetricAlarms"]


SCOPE = "AWS4-HMAC-SHA256 Credential=AKIASANDBOX/20260101/us-east-1/monitoring/aws4_request, Signature=0"


@pytest.mark.parametrize("protocol", ["json", "query", "smithy-rpc-v2-cbor"])
def test_alarms_are_put_and_told_in_every_protocol(alarms: Alarms, protocol: str) -> None:
    def ask(operation: str, **params: Any) -> tuple[int, dict[str, Any]]:
        model = operation_model("cloudwatch", operation)
        sent = create_serializer(protocol, include_validation=False).serialize_to_request(params, model)
        body = sent["body"]
        request = HttpRequest(
            method="POST",
            target=sent["url_path"],
            headers={name.lower(): str(value) for name, value in sent["headers"].items()}
            | {"authorization": SCOPE},
            body=urlencode(body).encode() if isinstance(body, dict) else body,
        )
        answer = alarms.sim.exchange(request)
        assert answer is not None
        raw = {"status_code": answer.status, "headers": HeadersDict(answer.headers), "body": answer.body}
        return answer.status, dict(create_parser(protocol).parse(raw, model.output_shape))

    stat = {"Metric": metric(), "Period": 60, "Stat": "Sum"}
    queries = [
        {"Id": "m1", "MetricStat": stat, "ReturnData": False},
        {"Id": "e1", "Expression": "m1 * 2", "ReturnData": True},
    ]
    common = {"EvaluationPeriods": 2, "Threshold": 1.5, "ComparisonOperator": "LessThanThreshold"}
    assert ask("PutMetricAlarm", AlarmName="busy", Metrics=queries, **common)[0] == 200
    _, told = ask("DescribeAlarms", AlarmNames=["busy"])
    assert told["MetricAlarms"] == alarms.client.describe_alarms(AlarmNames=["busy"])["MetricAlarms"]
    status, refusal = ask("SetAlarmState", AlarmName="x", StateValue="OK", StateReason="testing")
    assert (status, refusal["Error"]["Message"]) == (404, "Unknown alarm: x")


def test_an_identity_may_keep_alarms_of_some_names_only(alarms: Alarms, refused: Any) -> None:
    statement = {
        "Effect": "Allow",
        "Action": ["cloudwatch:PutMetricAlarm", "cloudwatch:DeleteAlarms"],
        "Resource": "arn:aws:cloudwatch:*:*:alarm:guard-*",
    }
    document = {"Version": "2012-10-17", "Statement": [statement]}
    alarms.sim.edit(policy={"principal": "AKIASANDBOX", "documents": [document]})
    alarms.put("guard-latency")
    assert refused(alarms.put, "busy")[0] in {"AccessDenied", "AccessDeniedException"}
    alarms.client.delete_alarms(AlarmNames=["guard-latency"])
    both = ["guard-latency", "busy"]
    assert refused(alarms.client.delete_alarms, AlarmNames=both)[0] in {
        "AccessDenied",
        "AccessDeniedException",
    }
