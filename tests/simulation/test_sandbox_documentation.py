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

from sandbox.aws.__main__ import _arguments
from sandbox.aws.control_api import ControlApi
from sandbox.aws.effects import EFFECTS
from sandbox.aws.engine.core import EDITS, Engine
from sandbox.aws.gateway import Gateway
from sandbox.aws.holds import Holds
from tests.simulation.documented_scene import Scene

if TYPE_CHECKING:
    from collections.abc import Callable

PAGE = Path(__file__).parents[2] / "docs" / "simulated-aws.md"
COMMANDS = [line for line in PAGE.read_text().splitlines() if line.startswith("curl ")]
ROLE = "arn:aws:iam::123456789012:role/sagemaker"


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
