"""CloudWatch Logs: what endpoints' containers write of their start, their health and their failures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from sandbox.aws.engine.logs.patterns import Pattern, UnsupportedPatternError

if TYPE_CHECKING:
    from sandbox.aws.inprocess import InProcessAws

GROUP = "/aws/sagemaker/Endpoints/reviews"


@dataclass(frozen=True, slots=True)
class Logs:
    """Reads the group of the endpoint "reviews"."""

    sim: InProcessAws

    @property
    def client(self) -> Any:
        return self.sim.client("logs")

    def streams(self, **params: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.client.describe_log_streams(logGroupName=GROUP, **params)[
            "logStreams"
        ]
        return found

    def names(self, variant: str) -> list[str]:
        return [one["logStreamName"] for one in self.streams(logStreamNamePrefix=f"{variant}/")]

    def lines(self, **params: Any) -> list[str]:
        found = self.client.filter_log_events(logGroupName=GROUP, **params)["events"]
        return [str(event["message"]) for event in found]

    def read(self, stream: str, **params: Any) -> dict[str, Any]:
        found: dict[str, Any] = self.client.get_log_events(logGroupName=GROUP, logStreamName=stream, **params)
        return found

    def invoke(self, body: bytes = b'{"features": ["great"]}') -> None:
        runtime = self.sim.client("sagemaker-runtime")
        runtime.invoke_endpoint(EndpointName="reviews", ContentType="application/jsonlines", Body=body)


@pytest.fixture
def logs(calm_sim: InProcessAws) -> Logs:
    return Logs(calm_sim)


@pytest.mark.ledger("logs.stream-name", "logs.container-start", "runtime.log-group")
def test_each_instance_has_a_stream_that_tells_of_its_start(in_service: Any, logs: Logs) -> None:
    del in_service
    (group,) = logs.client.describe_log_groups(logGroupNamePrefix="/aws/sagemaker/")["logGroups"]
    assert group["logGroupName"] == GROUP
    assert group["arn"] == f"arn:aws:logs:us-east-1:123456789012:log-group:{GROUP}:*"
    (first,), (second,) = logs.names("VariantA"), logs.names("VariantB")
    assert first.startswith("VariantA/i-0")
    assert first.rpartition("/")[2] != second.rpartition("/")[2]
    lines = [event["message"] for event in logs.read(first)["events"]]
    assert any("Loaded the model of bert-a" in line for line in lines)
    assert lines[-1] == '[INFO ] "GET /ping HTTP/1.1" 200'


@pytest.mark.ledger("logs.failed-health-checks")
@pytest.mark.parametrize("reason", [{}, {"silent": True}])
def test_failed_health_checks_are_written_while_the_endpoint_is_still_creating(
    calm_sim: Any, deployer: Any, logs: Logs, reason: dict[str, Any]
) -> None:
    deployer.model()
    deployer.config()
    calm_sim.fault({"fail": reason}, match={"operation": "CreateEndpoint"})
    deployer.endpoint()
    calm_sim.advance(minutes=5)
    assert deployer.describe()["EndpointStatus"] == "Creating"
    checks = logs.lines(filterPattern='"GET /ping" 503')
    assert len(checks) > 20
    assert any("could not be loaded" in line for line in logs.lines(filterPattern="RuntimeError"))
    calm_sim.advance(minutes=25)
    assert deployer.describe()["EndpointStatus"] == "Failed"
    written = len(logs.lines())
    calm_sim.advance(minutes=25)
    assert len(logs.lines()) == written


def test_an_update_that_fails_leaves_the_old_fleets_streams_running(
    calm_sim: Any, in_service: Any, logs: Logs
) -> None:
    (before,) = logs.names("VariantA")
    in_service.config("next")
    calm_sim.fault({"fail": {}}, match={"operation": "UpdateEndpoint"})
    in_service.client.update_endpoint(EndpointName="reviews", EndpointConfigName="next")
    calm_sim.advance(minutes=5)
    assert len(logs.names("VariantA")) == 2
    calm_sim.edit(ailment={"model": "bert-a", "rate5xx": 1.0})
    for _ in range(8):
        with pytest.raises(ClientError):
            logs.invoke()
    calm_sim.advance(minutes=1)
    told = logs.client.filter_log_events(logGroupName=GROUP, filterPattern='"POST /invocations"')["events"]
    assert len(told) == 8
    assert {event["logStreamName"] for event in told if event["logStreamName"].startswith("VariantA")} == {
        before
    }


@pytest.mark.ledger("sm.failure.capacity")
def test_where_no_machine_is_had_nothing_is_written(
    calm_sim: Any, deployer: Any, logs: Logs, refused: Any
) -> None:
    deployer.model()
    deployer.config()
    calm_sim.edit(missing={"capacity": "ml.m5.large"})
    deployer.endpoint()
    calm_sim.advance(minutes=5)
    assert refused(logs.lines) == (
        "ResourceNotFoundException",
        "The specified log group does not exist.",
    )


def test_new_instances_open_streams_of_their_own(calm_sim: Any, in_service: Any, logs: Logs) -> None:
    asked = [{"VariantName": "VariantA", "DesiredInstanceCount": 3}]
    in_service.client.update_endpoint_weights_and_capacities(
        EndpointName="reviews", DesiredWeightsAndCapacities=asked
    )
    calm_sim.advance(minutes=9)
    assert (len(logs.names("VariantA")), len(logs.names("VariantB"))) == (3, 1)


@pytest.mark.ledger("logs.failed-invocation")
@pytest.mark.parametrize(
    ("ailment", "pattern"),
    [
        ({"rate4xx": 1.0}, "WARN POST 400"),
        ({"rate5xx": 1.0}, "ERROR POST 500"),
        ({"rateModelError": 1.0}, '"gave no answer"'),
    ],
)
def test_an_invocation_that_fails_is_written_down(
    calm_sim: Any, in_service: Any, logs: Logs, ailment: dict[str, float], pattern: str
) -> None:
    del in_service
    logs.invoke()
    calm_sim.edit(ailment={"model": "bert-a"} | ailment)
    with pytest.raises(ClientError):
        logs.invoke()
    calm_sim.advance(minutes=1)
    assert len(logs.lines(filterPattern=pattern)) == 1


def test_a_body_that_cannot_be_read_is_told_of(calm_sim: Any, in_service: Any, logs: Logs) -> None:
    del in_service
    with pytest.raises(ClientError):
        logs.invoke(b"nonsense")
    calm_sim.advance(minutes=1)
    (line,) = logs.lines(filterPattern='"no JSON object"')
    assert line.startswith('[WARN ] "POST /invocations HTTP/1.1" 400')


@pytest.mark.ledger("logs.delay")
@pytest.mark.parametrize("sim_seed", range(3))
def test_what_is_written_can_be_read_some_seconds_later(calm_sim: Any, in_service: Any, logs: Logs) -> None:
    del in_service
    delay = calm_sim.engine.ledger.value("logs.delay")
    calm_sim.edit(ailment={"model": "bert-a", "rate5xx": 1.0})
    with pytest.raises(ClientError):
        logs.invoke()
    calm_sim.advance(seconds=delay - 1)
    assert logs.lines(filterPattern="POST") == []
    calm_sim.advance(seconds=1)
    assert len(logs.lines(filterPattern="POST")) == 1


@pytest.mark.ledger("logs.failures-kept")
def test_only_so_many_failures_are_kept_per_instance(calm_sim: Any, in_service: Any, logs: Logs) -> None:
    del in_service
    kept = calm_sim.engine.ledger.value("logs.failures-kept")
    calm_sim.edit(ailment={"model": "bert-a", "rate5xx": 1.0})
    calm_sim.edit(traffic={"endpoint": "reviews", "ratePerMinute": 3 * kept})
    calm_sim.advance(minutes=1)
    calm_sim.edit(traffic={"endpoint": "reviews", "ratePerMinute": 0})
    calm_sim.advance(minutes=1)
    assert len(logs.lines(filterPattern="POST")) == 2 * kept


def test_logs_outlive_the_endpoint_and_go_on_under_its_name(
    calm_sim: Any, in_service: Any, logs: Logs
) -> None:
    in_service.client.delete_endpoint(EndpointName="reviews")
    calm_sim.advance(minutes=1)
    assert len(logs.names("VariantA")) == 1
    in_service.endpoint()
    calm_sim.advance(minutes=5)
    assert len(logs.names("VariantA")) == 2


def test_each_account_and_region_has_logs_of_its_own(calm_sim: Any, in_service: Any) -> None:
    del in_service
    elsewhere = calm_sim.client("logs", region="eu-west-1")
    assert elsewhere.describe_log_groups()["logGroups"] == []


@pytest.mark.ledger("logs.group-missing", "logs.stream-missing", "logs.group-unnamed")
def test_what_nothing_was_written_to_is_not_there(in_service: Any, logs: Logs, refused: Any) -> None:
    del in_service
    none = ("ResourceNotFoundException", "The specified log group does not exist.")
    assert refused(logs.client.describe_log_streams, logGroupName="/aws/sagemaker/Endpoints/other") == none
    assert refused(logs.read, "VariantA/i-0") == (
        "ResourceNotFoundException",
        "The specified log stream does not exist.",
    )
    assert refused(logs.client.filter_log_events)[0] == "InvalidParameterException"


def test_a_group_can_be_named_by_its_arn(in_service: Any, logs: Logs) -> None:
    del in_service
    (group,) = logs.client.describe_log_groups()["logGroups"]
    found = logs.client.describe_log_streams(logGroupIdentifier=group["logGroupArn"])
    assert len(found["logStreams"]) == 2


@pytest.mark.ledger("logs.describe-page", "logs.bad-token")
def test_streams_come_in_pages_of_fifty_at_most(
    calm_sim: Any, deployer: Any, logs: Logs, refused: Any
) -> None:
    deployer.model()
    deployer.config(VariantA={"InitialInstanceCount": 60})
    deployer.endpoint()
    calm_sim.advance(minutes=10)
    assert len(logs.streams()) == 50
    pages = logs.client.get_paginator("describe_log_streams").paginate(
        logGroupName=GROUP, PaginationConfig={"PageSize": 25}
    )
    names = [one["logStreamName"] for page in pages for one in page["logStreams"]]
    assert (len(names), names) == (60, sorted(names))
    assert refused(logs.streams, nextToken="nonsense") == (
        "InvalidParameterException",
        "The specified nextToken is invalid.",
    )


@pytest.mark.ledger("logs.prefix-by-time")
def test_streams_can_be_ordered_by_their_last_event(
    calm_sim: Any, in_service: Any, logs: Logs, refused: Any
) -> None:
    del in_service
    calm_sim.edit(ailment={"model": "bert-a", "rate5xx": 1.0})
    with pytest.raises(ClientError):
        logs.invoke()
    calm_sim.advance(minutes=1)
    latest, earlier = logs.streams(orderBy="LastEventTime", descending=True)
    assert latest["lastEventTimestamp"] > earlier["lastEventTimestamp"]
    code, _ = refused(logs.streams, orderBy="LastEventTime", logStreamNamePrefix="VariantA")
    assert code == "InvalidParameterException"


@pytest.mark.ledger("logs.prefix-and-pattern")
def test_groups_are_found_by_prefix_or_by_a_part_of_their_name(
    in_service: Any, logs: Logs, refused: Any
) -> None:
    del in_service
    describe = logs.client.describe_log_groups
    assert len(describe(logGroupNamePattern="endpoints/rev")["logGroups"]) == 1
    assert describe(logGroupNamePrefix="/aws/lambda")["logGroups"] == []
    both = refused(describe, logGroupNamePrefix="/aws", logGroupNamePattern="rev")
    assert both[0] == "InvalidParameterException"


@pytest.mark.ledger("sim.not-implemented")
def test_what_is_not_simulated_of_logs_is_refused_and_not_ignored(
    in_service: Any, logs: Logs, refused: Any
) -> None:
    del in_service
    assert refused(logs.client.describe_log_groups, includeLinkedAccounts=True)[0] == "NotImplemented"
    assert refused(logs.lines, filterPattern="{ $.level = ERROR }")[0] == "NotImplemented"


@pytest.mark.ledger("logs.tokens-repeat", "logs.events-page")
def test_events_are_read_forwards_until_the_token_stays_the_same(in_service: Any, logs: Logs) -> None:
    del in_service
    (stream,) = logs.names("VariantA")
    every = logs.read(stream)["events"]
    assert [event["timestamp"] for event in every] == sorted(event["timestamp"] for event in every)
    page, read = logs.read(stream, startFromHead=True, limit=2), []
    while page["events"]:
        read += page["events"]
        page = logs.read(stream, nextToken=page["nextForwardToken"], limit=2)
    assert read == every
    again = logs.read(stream, nextToken=page["nextForwardToken"])
    assert (again["events"], again["nextForwardToken"]) == ([], page["nextForwardToken"])


def test_without_a_token_the_newest_events_come_first_and_lead_backwards(
    in_service: Any, logs: Logs, refused: Any
) -> None:
    del in_service
    (stream,) = logs.names("VariantA")
    every = logs.read(stream)["events"]
    newest = logs.read(stream, limit=2)
    assert newest["events"] == every[-2:]
    before = logs.read(stream, nextToken=newest["nextBackwardToken"], limit=2)
    assert before["events"] == every[-4:-2]
    assert refused(logs.read, stream, nextToken="f/x")[0] == "InvalidParameterException"


def test_events_are_cut_by_time_and_its_end_is_left_out(in_service: Any, logs: Logs) -> None:
    del in_service
    (stream,) = logs.names("VariantA")
    first, second, *_ = logs.read(stream, startFromHead=True)["events"]
    cut = logs.read(stream, startTime=first["timestamp"], endTime=second["timestamp"])
    assert cut["events"] == [first]


@pytest.mark.ledger("logs.names-and-prefix")
def test_events_are_searched_for_across_streams_in_order_of_time(
    in_service: Any, logs: Logs, refused: Any
) -> None:
    del in_service
    search = logs.client.filter_log_events
    events = search(logGroupName=GROUP)["events"]
    assert {event["logStreamName"].split("/")[0] for event in events} == {"VariantA", "VariantB"}
    assert [event["timestamp"] for event in events] == sorted(event["timestamp"] for event in events)
    assert len({event["eventId"] for event in events}) == len(events)
    pages = logs.client.get_paginator("filter_log_events").paginate(
        logGroupName=GROUP, PaginationConfig={"PageSize": 3}
    )
    assert [event for page in pages for event in page["events"]] == events
    only = search(logGroupName=GROUP, logStreamNames=logs.names("VariantB"))["events"]
    assert only == [event for event in events if event["logStreamName"].startswith("VariantB")]
    both = refused(search, logGroupName=GROUP, logStreamNames=logs.names("VariantB"), logStreamNamePrefix="V")
    assert both[0] == "InvalidParameterException"


@pytest.mark.parametrize(
    ("pattern", "message", "fits"),
    [
        ("", "anything", True),
        ("ERROR", "[ERROR] no", True),
        ("error", "[ERROR] no", False),
        ("ERROR no", "[ERROR] no", True),
        ("ERROR yes", "[ERROR] no", False),
        ('"ERROR] no"', "[ERROR] no", True),
        ("?WARN ?ERROR", "[ERROR] no", True),
        ("?WARN ?INFO", "[ERROR] no", False),
        ("ERROR -no", "[ERROR] no", False),
        ("ERROR -yes", "[ERROR] no", True),
    ],
)
def test_a_filter_pattern_is_terms_that_are_there_or_not(pattern: str, message: str, fits: bool) -> None:
    assert Pattern.parse(pattern).fits(message) is fits


@pytest.mark.parametrize("pattern", ["{ $.a = 1 }", "[ip, user]", "%a|b%"])
def test_patterns_of_structured_events_are_not_read(pattern: str) -> None:
    with pytest.raises(UnsupportedPatternError):
        Pattern.parse(pattern)
