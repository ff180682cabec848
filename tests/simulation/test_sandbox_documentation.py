"""What the page on the simulated AWS shows: each command is run, from the command line and from Python.

Every effect of a fault, every edit and every path of the control has an example there, and each example of a
fault or an edit does what it says.
"""

from __future__ import annotations

import email.utils
import json
import re
import shlex
import shutil
import subprocess
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError

from sandbox.aws.__main__ import _arguments
from sandbox.aws.control_api import ControlApi
from sandbox.aws.effects import EFFECTS
from sandbox.aws.engine.core import EDITS, Engine
from sandbox.aws.gateway import Gateway
from sandbox.aws.holds import Holds

if TYPE_CHECKING:
    from collections.abc import Callable

PAGE = Path(__file__).parents[2] / "docs" / "simulated-aws.md"
COMMANDS = [line for line in PAGE.read_text().splitlines() if line.startswith("curl ")]
ROLE = "arn:aws:iam::123456789012:role/sagemaker"
RESTING_MINUTES = 60
"""Longer than anything takes that a call sets going."""


def sent_by(command: str) -> tuple[str, str, Any]:
    """Method, path and content of a documented command."""
    words = iter(shlex.split(command)[1:])
    method, content, path = "GET", None, ""
    for word in words:
        if word == "-X":
            method = next(words)
        elif word == "-d":
            method, content = "POST", json.loads(next(words))
        else:
            path = word.partition("/_sandbox/")[2]
    return method, path, content


def examples(path: str) -> list[tuple[str, Any]]:
    """The commands that send something to a path, each with what it sends."""
    return [(one, sent_by(one)[2]) for one in COMMANDS if sent_by(one)[:2] == ("POST", path)]


FAULTS, EDITED = examples("faults"), examples("edits")


def run(command: str, aws: Any) -> Any:
    """Run a command as it stands but for its address: by a shell, or by ourselves where there is no curl."""
    if shutil.which("curl"):
        there = command.replace("localhost:4566", aws.url).replace("timeout=5", "timeout=0.1")
        done = subprocess.run(
            ["sh", "-c", there.replace("curl ", "curl -sS --fail-with-body ", 1)],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)
    method, path, content = sent_by(command)
    body = None if content is None else json.dumps(content).encode()
    url = f"{aws.url}/_sandbox/{path.replace('timeout=5', 'timeout=0.1')}"
    request = urllib.request.Request(url, data=body, method=method)  # noqa: S310  our own URL
    with urllib.request.urlopen(request) as answer:  # noqa: S310  our own URL
        return json.load(answer)


def outcome(call: Callable[..., Any], **params: Any) -> str:
    """What becomes of a call: ok, dropped, or the code and text of its refusal."""
    try:
        call(**params)
    except ClientError as error:
        return "{Code}: {Message}".format(**error.response["Error"])
    except ConnectionClosedError:
        return "dropped"
    return "ok"


class Scene:
    """The endpoint "reviews" in service behind a socket, and what somebody may do with it."""

    def __init__(self, aws: Any, deployer: Any) -> None:
        self.aws, self.control, self._deployer = aws, aws.control, deployer
        self._made = 0

    def rest(self) -> None:
        self.control.advance(60 * RESTING_MINUTES)

    def create_model(self) -> str:
        """Make one more model; its name is in the state if it was made."""
        self._made += 1
        return outcome(self._deployer.model, name=f"model-{self._made}")

    def has_last_model(self) -> bool:
        (held,) = self.control.state().values()
        return f"model-{self._made}" in held["models"]

    def update(self) -> str:
        self._deployer.config("next")
        update = self._deployer.client.update_endpoint
        return outcome(update, EndpointName="reviews", EndpointConfigName="next")

    def describe(self) -> str:
        return outcome(self._deployer.client.describe_endpoint, EndpointName="reviews")

    def status(self) -> str:
        return str(self._deployer.describe()["EndpointStatus"])

    def date(self) -> str | None:
        """The Date header of an answer."""
        found: str | None = self._deployer.describe()["ResponseMetadata"]["HTTPHeaders"].get("date")
        return found

    def reason(self) -> str:
        return str(self._deployer.describe().get("FailureReason", ""))

    def variant(self) -> dict[str, Any]:
        found: dict[str, Any] = self._deployer.variants()["VariantA"]
        return found

    def grow(self, endpoint: str) -> str:
        self._deployer.endpoint(endpoint)
        return "ok"

    def invoke(self) -> str:
        runtime = self.aws.client("sagemaker-runtime")
        asked = {"ContentType": "application/jsonlines", "Body": b'{"features": ["good"]}'}
        return outcome(runtime.invoke_endpoint, EndpointName="reviews", **asked)

    def opinion(self) -> str:
        """What the endpoint makes of a text, and how sure it is."""
        runtime = self.aws.client("sagemaker-runtime")
        asked = {"ContentType": "application/jsonlines", "Body": b'{"features": ["good"]}'}
        return str(runtime.invoke_endpoint(EndpointName="reviews", **asked)["Body"].read())

    def launched(self) -> str:
        """What becomes of one more endpoint."""
        self._made += 1
        name = f"endpoint-{self._made}"
        self._deployer.endpoint(name)
        self.rest()
        return str(self._deployer.describe(name)["EndpointStatus"])

    def digest(self) -> str:
        """What the image's tag stands for when an endpoint is made now."""
        self._made += 1
        name = f"endpoint-{self._made}"
        self._deployer.endpoint(name)
        self.rest()
        found = self._deployer.describe(name)["ProductionVariants"][0]["DeployedImages"][0]
        return str(found["ResolvedImage"])

    def invocations(self) -> float:
        """How many there were in the last hours, and in the one that passes now."""
        self.rest()
        now = self.control.now()
        found = self.aws.client("cloudwatch").get_metric_statistics(
            Namespace="AWS/SageMaker",
            MetricName="Invocations",
            Dimensions=[
                {"Name": "EndpointName", "Value": "reviews"},
                {"Name": "VariantName", "Value": "VariantA"},
            ],
            StartTime=now - 3000,
            EndTime=now - 600,
            Period=60,
            Statistics=["Sum"],
        )
        return float(sum(point["Sum"] for point in found["Datapoints"]))

    def has_recent_metrics(self) -> bool:
        """Whether minutes of the last ten can be read."""
        self.rest()
        now = self.control.now()
        found = self.aws.client("cloudwatch").get_metric_statistics(
            Namespace="AWS/SageMaker",
            MetricName="Invocations",
            Dimensions=[
                {"Name": "EndpointName", "Value": "reviews"},
                {"Name": "VariantName", "Value": "VariantA"},
            ],
            StartTime=now - 600,
            EndTime=now,
            Period=60,
            Statistics=["Sum"],
        )
        return bool(found["Datapoints"])

    def metric_status(self) -> str:
        """The status of the invocations in an answer of GetMetricData."""
        now = self.control.now()
        named = {"EndpointName": "reviews", "VariantName": "VariantA"}
        metric = {
            "Namespace": "AWS/SageMaker",
            "MetricName": "Invocations",
            "Dimensions": [{"Name": name, "Value": value} for name, value in named.items()],
        }
        query = {"Id": "q", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum"}}
        found = self.aws.client("cloudwatch").get_metric_data(
            StartTime=now - 600, EndTime=now, MetricDataQueries=[query]
        )
        return str(found["MetricDataResults"][0]["StatusCode"])

    def models(self) -> set[str]:
        (held,) = self.control.state().values()
        return set(held["models"])

    def endpoint_fits(self) -> str:
        """Whether one more endpoint of two instances is accepted."""
        self._made += 1
        create = self._deployer.client.create_endpoint
        name = f"endpoint-{self._made}"
        return outcome(create, EndpointName=name, EndpointConfigName="fifty-fifty").partition(":")[0]


@pytest.fixture
def scene(calm_served_sim: Any, deployer: Any) -> Scene:
    there = type(deployer)(calm_served_sim.client("sagemaker"))
    there.model()
    there.config()
    there.endpoint()
    calm_served_sim.control.advance(600)
    return Scene(calm_served_sim, there)


def errs(scene: Scene, argument: Any, _rule: Any) -> None:
    assert scene.create_model() == f"{argument['code']}: {argument['text']}"
    assert not scene.has_last_model()


def throttles(scene: Scene, _argument: Any, rule: Any) -> None:
    for _ in range(rule["count"]):
        assert scene.create_model() == "ThrottlingException: Rate exceeded"
    assert scene.create_model() == "ok"


def expires(scene: Scene, _argument: Any, _rule: Any) -> None:
    assert scene.describe().startswith("ExpiredTokenException: ")
    assert scene.describe() == "ok"


def denies(scene: Scene, argument: Any, _rule: Any) -> None:
    words = "with an explicit deny" if argument == "explicit" else "because no identity-based policy allows"
    found = scene.create_model()
    assert found.startswith("AccessDeniedException: ")
    assert words in found
    assert not scene.has_last_model()


def delays(scene: Scene, argument: Any, _rule: Any) -> None:
    began = time.monotonic()
    assert scene.describe() == "ok"
    assert time.monotonic() - began >= argument


def drops(scene: Scene, argument: Any, _rule: Any) -> None:
    assert scene.create_model() == "dropped"
    assert scene.has_last_model() is (argument == "after")


def shows_the_past(scene: Scene, argument: Any, _rule: Any) -> None:
    assert scene.update() == "ok"
    scene.control.advance(argument - 1)
    assert [scene.status(), scene.status()] == ["InService", "Updating"]


def changes_the_status(scene: Scene, argument: Any, _rule: Any) -> None:
    assert scene.status() == argument["status"]
    scene.control.advance(argument["seconds"])
    assert scene.status() == "InService"


def misdates(scene: Scene, argument: Any, _rule: Any) -> None:
    now = scene.control.now()
    told = argument.get("text") or email.utils.formatdate(now + argument.get("ahead", 0), usegmt=True)
    assert scene.date() == (None if "absent" in argument else told)
    assert scene.date() == email.utils.formatdate(now, usegmt=True)


def spoils_results(scene: Scene, argument: Any, _rule: Any) -> None:
    assert [scene.metric_status(), scene.metric_status()] == [argument["status"], "Complete"]


def fails_later(scene: Scene, argument: Any, _rule: Any) -> None:
    assert scene.update() == "ok"
    seen = [scene.status()]
    while seen[-1] in {"Updating", "RollingBack"}:
        scene.control.advance(25)
        seen.append(scene.status())
    assert argument.get("status", "InService") in seen
    words = "InsufficientInstanceCapacity" if "capacity" in argument else argument.get("reason", "")
    assert words in scene.reason()
    assert bool(scene.reason()) is not argument.get("silent", False)


SCENARIOS: dict[str, Callable[[Scene, Any, Any], None]] = {
    "error": errs,
    "throttle": throttles,
    "expired": expires,
    "denied": denies,
    "latency": delays,
    "drop": drops,
    "stale": shows_the_past,
    "status": changes_the_status,
    "fail": fails_later,
    "date": misdates,
    "result": spoils_results,
}


def order_by_python(scene: Scene, command: str, rule: Any) -> None:
    del command
    options = {key: value for key, value in rule.items() if key != "effect"}
    scene.control.add_fault(rule["effect"], **options)


def order_by_curl(scene: Scene, command: str, rule: Any) -> None:
    del rule
    run(command, scene.aws)


def name_of(example: Any) -> str:
    return re.sub(r"\W+", "-", json.dumps(example)).strip("-") if isinstance(example, dict) else ""


@pytest.mark.parametrize("order", [order_by_curl, order_by_python])
@pytest.mark.parametrize(("command", "rule"), FAULTS, ids=name_of)
def test_each_fault_that_is_documented_comes_as_ordered(
    scene: Scene, order: Any, command: str, rule: Any
) -> None:
    order(scene, command, rule)
    ((effect, argument),) = rule["effect"].items()
    SCENARIOS[effect](scene, argument, rule)


def test_every_effect_of_a_fault_is_documented() -> None:
    assert {effect for _, rule in FAULTS for effect in rule["effect"]} == EFFECTS.keys()


SEEN: dict[str, Callable[[Scene], Any]] = {
    "missing": Scene.create_model,
    "restored": Scene.create_model,
    "quota": Scene.endpoint_fits,
    "push": Scene.digest,
    "shortage": Scene.launched,
    "weights": lambda scene: scene.variant()["CurrentWeight"],
    "counts": lambda scene: scene.variant()["CurrentInstanceCount"],
    "traffic": Scene.invocations,
    "lateMetrics": Scene.has_recent_metrics,
    "ailment": Scene.invoke,
    "profile": Scene.opinion,
    "call": Scene.models,
    "status": Scene.status,
    "delete": Scene.describe,
    "policy": Scene.create_model,
}
"""What shows that an edit took place."""


def edit_by_python(scene: Scene, command: str, edits: Any) -> None:
    del command
    scene.control.edit(**edits)


def edit_by_curl(scene: Scene, command: str, edits: Any) -> None:
    del edits
    run(command, scene.aws)


@pytest.mark.parametrize("edit", [edit_by_curl, edit_by_python])
def test_each_edit_that_is_documented_shows_in_the_order_of_the_page(scene: Scene, edit: Any) -> None:
    for command, edits in EDITED:
        (name,) = edits
        before = SEEN[name](scene)
        edit(scene, command, edits)
        assert SEEN[name](scene) != before, command


def test_every_edit_is_documented() -> None:
    assert {name for _, edits in EDITED for name in edits} == EDITS.keys()


def test_every_command_of_the_page_is_understood(scene: Scene) -> None:
    for command in COMMANDS:
        run(command, scene.aws)


def test_every_flag_is_documented() -> None:
    flags = {flag for action in _arguments()._actions for flag in action.option_strings}
    shown = set(re.findall(r"--[a-z-]+", PAGE.read_text()))
    assert flags - {"-h", "--help", "--host"} <= shown


def test_every_path_of_the_control_is_documented() -> None:
    gateway = Gateway(Engine())
    shown = {" ".join(sent_by(command)[:2]).partition("?")[0] for command in COMMANDS}
    assert ControlApi(gateway, Holds()).paths() <= {re.sub(r"/f\d+$", "/", one) for one in shown}
