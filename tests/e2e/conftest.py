"""Fixtures of tests that let the operator, as a process, work between a real API server and a simulated AWS.

The operator is its chart's ServiceAccount with nothing but its RBAC. Each test has a namespace and an AWS of
its own; the control plane alone is shared. `aws` is calm and runs a hundred times as fast as real time.
"""

import os
import shutil
import subprocess
import sysconfig
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import yaml
from kubernetes import client, config
from kubernetes.client.exceptions import NotFoundException

from sandbox.cluster.cluster import Cluster
from sandbox.cluster.processes import Program
from sandbox.safety.monitor import RemoteMonitor
from tests.e2e import rollout_stage
from tests.e2e.kill_matrix import KillMatrix, Recording, Stage
from tests.e2e.operator_process import ACCESS_KEY, BOUNDS, Operator
from tests.e2e.paced_aws import paced_aws
from tests.e2e.reviews import Reviews
from tests.e2e.rollout_stage import NewRolloutStage, Played, RolloutStage
from tests.e2e.simulated_aws import SimulatedAws, simulated_aws
from tests.safety_monitor import watched_processes

ROOT = Path(__file__).parents[2]
RELEASE = "sagemaker-ab-operator"
SYSTEM_NAMESPACE = "sagemaker-ab-system"

_LOG_LINES = 40


@pytest.fixture(scope="session")
def operator_kubeconfig(control_plane: Cluster) -> Path:
    """The CRD and the chart's ServiceAccount with its RBAC are there; this kubeconfig is that account."""
    control_plane.define(ROOT / "crds" / "sagemaker-ab.dev_sagemakerabendpoints.yaml")
    objects = [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SYSTEM_NAMESPACE}}]
    objects += _identity_of_the_chart(control_plane)
    control_plane.kubectl("apply", "--server-side", "-f", "-", input=yaml.safe_dump_all(objects), check=True)
    return control_plane.service_account_kubeconfig(SYSTEM_NAMESPACE, RELEASE)


def _identity_of_the_chart(control_plane: Cluster) -> list[dict[str, Any]]:
    rendered = subprocess.run(
        [control_plane.binaries.helm, "template", RELEASE, ROOT / "helm", f"--namespace={SYSTEM_NAMESPACE}"],
        env=control_plane.env,
        capture_output=True,
        text=True,
        check=True,
    )
    kinds = {"ServiceAccount", "ClusterRole", "ClusterRoleBinding"}
    return [each for each in yaml.safe_load_all(rendered.stdout) if each and each["kind"] in kinds]


@pytest.fixture(scope="session")
def api(control_plane: Cluster) -> Iterator[client.ApiClient]:
    """The administrator's connection, for reads that kubectl would be slow for."""
    with config.new_client_from_config(config_file=str(control_plane.kubeconfig)) as connection:
        yield connection


@contextmanager
def _own_namespace(api: client.ApiClient) -> Iterator[str]:
    """Make a namespace that nobody else has; it goes with the block."""
    core, name = client.CoreV1Api(api), f"e2e-{uuid.uuid4().hex[:10]}"
    core.create_namespace({"metadata": {"name": name}})
    yield name
    with suppress(NotFoundException):  # a test may have deleted it
        core.delete_namespace(name)


@pytest.fixture
def new_namespace(api: client.ApiClient) -> Iterator[Callable[[], str]]:
    """Make namespaces that nobody else has; they go with the test."""
    with ExitStack() as made:
        yield lambda: made.enter_context(_own_namespace(api))


@pytest.fixture
def namespace(new_namespace: Callable[[], str]) -> str:
    return new_namespace()


@pytest.fixture
def aws(eventually: Callable[..., Any]) -> Iterator[SimulatedAws]:
    """An AWS without stale reads and lost answers."""
    with simulated_aws(eventually) as started:
        yield started


@pytest.fixture
def logs(tmp_path: Path) -> Iterator[Path]:
    """Where operators write their logs; what they wrote last is shown when the test fails."""
    with shown_logs(tmp_path):
        yield tmp_path


@contextmanager
def shown_logs(directory: Path) -> Iterator[None]:
    """Print the ends of the logs in a directory when the block is over."""
    try:
        yield
    finally:
        for log in sorted(directory.glob("operator-*.log")):
            end = log.read_text(errors="replace").splitlines()[-_LOG_LINES:]
            print(f"--- the end of {log.name}", *end, sep="\n")  # noqa: T201 - shown only when a test fails


@pytest.fixture
def safety(
    aws: SimulatedAws,
    control_plane: Cluster,
    namespace: str,
    operator_kubeconfig: Path,
    new_resource: Callable[[str], Reviews],
) -> Iterator[RemoteMonitor]:
    """Watches the operator; when it has ended, and before its resources are forgotten, it is judged."""
    del operator_kubeconfig, new_resource
    with watched_processes(aws, control_plane, namespace, bounds=BOUNDS, access_key=ACCESS_KEY) as monitor:
        yield monitor


@pytest.fixture
def operator(
    namespace: str, aws: SimulatedAws, operator_kubeconfig: Path, logs: Path, safety: RemoteMonitor
) -> Operator:
    """The operator of the test's namespace, not started yet."""
    return Operator(namespace, operator_kubeconfig, aws.url, logs, safety=safety)


@pytest.fixture
def running_operator(operator: Operator) -> Iterator[Program]:
    with operator.running() as program:
        yield program


@pytest.fixture
def new_resource(
    control_plane: Cluster, api: client.ApiClient, namespace: str, eventually: Callable[..., Any]
) -> Iterator[Callable[[str], Reviews]]:
    """Write a resource's file, from which nothing is applied yet."""
    made: list[Reviews] = []

    def make(name: str) -> Reviews:
        made.append(Reviews(control_plane, api, namespace, eventually, name))
        return made[-1]

    yield make
    for resource in made:
        resource.forget()


@pytest.fixture
def resource(new_resource: Callable[[str], Reviews]) -> Reviews:
    """The notebook's resource, not applied yet."""
    return new_resource("reviews")


@pytest.fixture
def reviews(resource: Reviews, aws: SimulatedAws, running_operator: Program) -> Reviews:
    """The notebook's resource, ready and at rest; AWS's call log is empty from here on."""
    resource.apply()
    resource.is_ready()
    aws.rests()
    aws.clear_calls()
    assert running_operator.running
    return resource


@pytest.fixture(scope="session")
def recordings() -> dict[str, Recording]:
    """Undisturbed runs of the kill matrix's scenarios, each made once."""
    return {}


@pytest.fixture
def users_directory(tmp_path: Path) -> Path:
    """What a command may see of the project; what it writes goes with the test."""
    (tmp_path / "manifests").symlink_to(ROOT / "manifests")
    return tmp_path


@pytest.fixture
def users_environment(
    control_plane: Cluster, namespace: str, aws: SimulatedAws, tmp_path: Path
) -> dict[str, str]:
    """A user's: a context of the cluster with its namespace, the plugin on PATH, an AWS identity."""
    kubeconfig = tmp_path / "kubeconfig"
    shutil.copy(control_plane.kubeconfig, kubeconfig)
    context = ("config", f"--kubeconfig={kubeconfig}", "set-context", "--current", f"--namespace={namespace}")
    control_plane.kubectl(*context, check=True)
    path = [sysconfig.get_path("scripts"), str(control_plane.binaries.kubectl.parent), os.environ["PATH"]]
    return os.environ | {
        "PATH": ":".join(path),
        "KUBECONFIG": str(kubeconfig),
        "AWS_ENDPOINT_URL": aws.url,
        "AWS_ACCESS_KEY_ID": "AKIASANDBOX",
        "AWS_SECRET_ACCESS_KEY": "sandbox",
        "NO_PROXY": "127.0.0.1",
    }


@pytest.fixture
def stage(
    resource: Reviews, aws: SimulatedAws, operator: Operator, eventually: Callable[..., Any]
) -> Iterator[Stage]:
    """The resource, not applied yet, with an operator that can be killed and started again."""
    started = Stage(resource, aws, operator, eventually)
    yield started
    started.close()


@pytest.fixture(scope="session")
def new_rollout_stage(
    control_plane: Cluster, api: client.ApiClient, operator_kubeconfig: Path, eventually: Callable[..., Any]
) -> NewRolloutStage:
    """Set up a namespace and an AWS for rollouts, with an operator that is not started yet.

    In the end the safety rules judge the operator, and its resources are forgotten.
    """

    @contextmanager
    def new(logs: Path) -> Iterator[tuple[RolloutStage, Operator]]:
        with ExitStack() as stack:
            namespace = stack.enter_context(_own_namespace(api))
            aws = stack.enter_context(paced_aws(eventually))
            stage = RolloutStage(control_plane, api, namespace, aws, eventually)
            stack.callback(stage.forget)
            bounds = rollout_stage.BOUNDS
            safety = stack.enter_context(
                watched_processes(aws.sim, control_plane, namespace, bounds=bounds, access_key=ACCESS_KEY)
            )
            stack.enter_context(shown_logs(logs))
            yield stage, Operator(namespace, operator_kubeconfig, aws.sim.url, logs, safety=safety)

    return new


@pytest.fixture(scope="module")
def played(
    request: pytest.FixtureRequest,
    new_rollout_stage: NewRolloutStage,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Played]:
    """The rollouts of the module's SCRIPTS, played at once. REGIONS has those that are not the default."""
    with new_rollout_stage(tmp_path_factory.mktemp("operator")) as (stage, operator):
        with operator.running(**rollout_stage.SETTINGS):
            played = stage.play(request.module.SCRIPTS, regions=getattr(request.module, "REGIONS", {}))
        yield played


@pytest.fixture
def kill_matrix(
    stage: Stage, recordings: dict[str, Recording], record_property: Callable[[str, object], None]
) -> KillMatrix:
    return KillMatrix(stage, recordings, record_property)
