"""`make demo`: the whole story, once, as a stranger runs it, and how it ends when things go wrong."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.cluster.cluster import Cluster
from sandbox.cluster.controlplane import ControlPlane
from sandbox.demo.acts.installing import install
from sandbox.demo.scene import Scene
from sandbox.demo.stage import CRD, NAMESPACE, Stage
from sandbox.demo.telling import Teller

ROOT = Path(__file__).parents[2]
ACTS = (
    "Install the operator",
    "Deploy two models behind one endpoint",
    "Request predictions",
    "Send traffic and measure both variants",
    "Shift all traffic to the winner",
    "Let the winner scale automatically",
    "Repair a change made by hand",
    "Stop a new model that does harm",
    "Promote a new model step by step",
    "Delete the endpoint",
    "Results",
)
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(scope="module")
def machine() -> dict[str, str]:
    """A stranger's environment: no cluster but the demo's own, and no commands but the system's."""
    return {name: value for name, value in os.environ.items() if name != "SANDBOX_KUBECONFIG"}


@pytest.fixture(scope="module")
def picture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo") / "reviews.png"


@pytest.fixture(scope="module")
def story(machine: dict[str, str], picture: Path) -> subprocess.CompletedProcess[str]:
    """`make demo`, told into a pipe. Its set-up is left out: whoever runs tests has set up, and uses it."""
    return subprocess.run(
        ["make", "--assume-old=.venv/.ready", "demo", f"ARGS=--picture={picture}"],
        cwd=ROOT,
        env=machine,
        capture_output=True,
        text=True,
        check=False,
        timeout=1500,
    )


def test_the_demo_tells_its_story_to_the_end_and_every_claim_holds(story):
    assert story.returncode == 0, story.stdout + story.stderr
    assert "✗" not in story.stdout
    assert "every check passed" in story.stdout.splitlines()[-1]


def test_the_acts_are_told_in_their_order(story):
    headings = re.findall(r"^(?:\d+\. )?(\w.*?) ─+$", story.stdout, flags=re.MULTILINE)
    assert tuple(headings) == ACTS


@pytest.mark.parametrize(
    "claim",
    [
        "the operator runs as in its Deployment, with its ServiceAccount",
        "the endpoint was Creating, then InService, and the resource Ready",
        "the three sentences were found positive (1), neutral (0) and negative (-1)",
        "the status has the same number of requests for each variant as CloudWatch",
        "shifting all traffic to VariantB took one UpdateEndpointWeightsAndCapacities",
        "VariantB scaled out to two instances and in to one again",
        "undoing the change by hand took one UpdateEndpointWeightsAndCapacities",
        "a run began with 10% for the new model, and went on to 50% after its hours without harm",
        "the harm was found and ended within 20 minutes",
        "one call gave all the traffic back to VariantB",
        "the new model was promoted by three calls, one for each step",
        "committing the winner moved no weight",
        "nothing is left in AWS",
    ],
)
def test_the_demo_proves(story, claim):
    assert f"✓ {claim}" in story.stdout


def test_a_rollout_is_told_as_it_goes_with_the_time_in_aws(story):
    told = re.findall(r"^  » \d\d:\d\d (VariantB=.* Stepped.*)$", story.stdout, flags=re.MULTILINE)
    assert {line.partition(": waits for ")[0] for line in told} >= {
        "VariantB=90% VariantC=10% Stepped step 1/3",
        "VariantB=50% VariantC=50% Stepped step 2/3",
        "VariantB=0% VariantC=100% Stepped step 3/3",
        "VariantB=0% VariantC=100% Stepped: Promoted",
    }
    assert any(line.endswith("Stepped: RolledBack") for line in told)


def test_get_says_why_a_rollout_ended_and_what_it_waits_for(story):
    assert re.search(r"because +ServerErrors of VariantC is worse than the baseline", story.stdout)
    assert re.search(r"waits for +your approval: kubectl sagemaker-ab approve reviews", story.stdout)


def test_ages_in_a_rollout_are_told_by_the_clock_of_aws(story):
    assert re.search(r"ended +\S+ \S+ UTC \(\w+ ago\)", story.stdout)


def test_every_step_is_shown_as_a_user_would_type_it(story):
    typed = {line.split()[1] for line in story.stdout.splitlines() if line.startswith("$ ")}
    assert typed == {"helm", "kubectl", "kopf", "kill"}


def test_where_nobody_looks_on_it_is_plain_text_that_fits_a_hundred_columns(story):
    assert "\x1b" not in story.stdout
    assert [line for line in story.stdout.splitlines() if len(line.rstrip()) > 100] == []


def test_the_charts_are_saved_as_a_picture_and_it_is_named(story, picture):
    assert f"Charts saved to {picture}" in story.stdout
    assert picture.read_bytes().startswith(PNG)


def test_a_story_that_breaks_off_says_what_it_saw_and_fails(machine):
    """In a cluster that has the resource already, helm refuses; and what was there stays there."""
    with ControlPlane.start() as somebodys:
        (crd,) = (ROOT / "crds").glob("sagemaker-ab.dev_*.yaml")
        somebodys.kubectl("apply", "--server-side", "-f", crd, check=True)

        told = subprocess.run(
            [sys.executable, "-m", "sandbox.demo", f"--kubeconfig={somebodys.kubeconfig}"],
            cwd=ROOT,
            env=machine,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )

        assert told.returncode == 1, told.stdout
        assert re.search(r"✗ `helm install .*saw: .*invalid ownership metadata", told.stdout, flags=re.DOTALL)
        assert somebodys.kubectl("get", CRD).returncode == 0


def test_a_borrowed_cluster_is_left_as_it_was_found(tmp_path):
    def present(cluster: Cluster) -> list[str]:
        """Names of what the chart installs; a namespace without its controller stays, Terminating."""
        names = cluster.kubectl("get", CRD, "--ignore-not-found", "--output=name", check=True).stdout
        kinds = "deployments,serviceaccounts,roles,rolebindings,secrets"
        names += cluster.kubectl("get", kinds, f"--namespace={NAMESPACE}", "--output=name", check=True).stdout
        names += cluster.kubectl(
            "get", "clusterroles,clusterrolebindings", "--output=name", check=True
        ).stdout
        return sorted(name for name in names.split() if "system:" not in name)

    with ControlPlane.start() as somebodys:
        before = present(somebodys)
        with Stage.open(kubeconfig=somebodys.kubeconfig, seed=0) as stage:
            install(Scene.on(stage, Teller(), picture=tmp_path / "unused.png"))
            during = present(somebodys)
        after = present(somebodys)

    assert any("sagemaker-ab" in name for name in during)
    assert after == before


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_all_that_the_demo_started_ends_with_it(machine, eventually, end):
    with subprocess.Popen(
        [sys.executable, "-m", "sandbox.demo"],
        cwd=ROOT,
        env=machine,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as demo:
        assert demo.stdout is not None
        while not (line := demo.stdout.readline()).startswith("2. "):
            assert line, "the demo ended before its second act"
        started = descendants(demo.pid)
        demo.send_signal(end)
        demo.stdout.read()

    assert len(started) >= 4, started
    eventually(lambda: [pid for pid in started if Path(f"/proc/{pid}").exists()], lambda left: not left)
    assert demo.returncode in {-signal.SIGKILL, 128 + signal.SIGTERM, 128 + signal.SIGINT}


def descendants(pid: int) -> set[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return {int(child) for child in children}.union(*(descendants(int(child)) for child in children))
