"""The operator as it is installed: wheel, locked requirements, the chart's command, its account's rights."""

import http.client
import json
import re
import signal
import socket
import subprocess
from pathlib import Path

import pytest
import yaml

from sandbox.cluster.controlplane import ControlPlane
from sandbox.cluster.processes import tied_to_this_process

REVIEWS = Path(__file__).parents[2] / "manifests" / "samples" / "reviews.yaml"
RELEASE = "sagemaker-ab-operator"
NAMESPACE = "sagemaker-ab-system"
WATCHED = "ml"


@pytest.fixture(scope="module")
def cluster():
    with ControlPlane.start() as started:
        started.kubectl("create", "namespace", WATCHED, check=True)
        yield started


@pytest.fixture(scope="module")
def container(cluster, chart):
    """The container of the installed Deployment. It watches one namespace, and its AWS never answers."""
    values = {
        "watchNamespaces": [WATCHED],
        "aws": {"region": "us-east-1", "endpointUrl": f"http://127.0.0.1:{free_port()}"},
    }
    place = f"--namespace={NAMESPACE}"
    subprocess.run(
        [cluster.binaries.helm, "install", RELEASE, chart, place, "--create-namespace", "--values=-"],
        env=cluster.env,
        input=yaml.safe_dump(values),
        text=True,
        check=True,
        capture_output=True,
        timeout=120,
    )
    found = cluster.kubectl("get", "deployment", RELEASE, place, "--output=json", check=True)
    (only,) = json.loads(found.stdout)["spec"]["template"]["spec"]["containers"]
    return only


@pytest.fixture(scope="module")
def probe_port():
    return free_port()


@pytest.fixture(scope="module")
def operator(cluster, container, clean_python, probe_port, tmp_path_factory):
    """The installed command, run by the clean environment with a token of the installed ServiceAccount.

    Only the probe's address differs: on this machine it must not be open to the network, nor taken already.
    """
    liveness = f"--liveness=http://127.0.0.1:{probe_port}/healthz"
    arguments = [re.sub(r"--liveness=\S+", liveness, each) for each in container["args"]]
    program, *rest = container["command"]
    environment = {entry["name"]: entry["value"] for entry in container["env"]} | {
        "KUBECONFIG": str(cluster.service_account_kubeconfig(NAMESPACE, RELEASE)),
        "AWS_ACCESS_KEY_ID": "none",
        "AWS_SECRET_ACCESS_KEY": "none",
        "PYTHONSAFEPATH": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    command = tied_to_this_process([clean_python.with_name(program), *rest, *arguments])
    process = subprocess.Popen(command, env=environment, cwd=tmp_path_factory.mktemp("elsewhere"))
    try:
        yield process
    finally:
        process.kill()
        process.wait(timeout=30)


def free_port():
    with socket.socket() as chosen:
        chosen.bind(("127.0.0.1", 0))
        return chosen.getsockname()[1]


def answer(port):
    """The status of the probe's answer, or None while nobody answers."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status
    except OSError:
        return None
    finally:
        connection.close()


def test_its_probe_answers(operator, probe_port, eventually):
    eventually(lambda: answer(probe_port) or operator.poll(), lambda seen: seen is not None, within=60)
    assert answer(probe_port) == 200


def test_with_the_charts_rights_it_sees_a_resource_and_tells_its_status(operator, cluster, eventually):
    """AWS does not answer: what is told is that, and that it is being tried again."""
    where = f"--namespace={WATCHED}"
    cluster.kubectl("apply", where, "-f", str(REVIEWS), check=True)

    def told():
        assert operator.poll() is None
        found = cluster.kubectl("get", "sagemakerabendpoint/reviews", where, "--output=json", check=True)
        conditions = json.loads(found.stdout)["status"].get("conditions", [])
        return {condition["type"]: condition["status"] for condition in conditions} or None

    assert eventually(told, within=60)["Ready"] != "True"


def test_it_ends_when_asked_to(operator, probe_port, eventually):
    eventually(lambda: answer(probe_port), within=60)
    operator.send_signal(signal.SIGTERM)
    assert operator.wait(timeout=30) == 0
