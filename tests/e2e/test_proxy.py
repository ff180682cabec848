"""docs/troubleshooting.md on proxies: calls to AWS use a proxy, and calls to the API server never do.

The operator has the files and variables of a pod. The proxy refuses every request, so that what works does
not depend on it.
"""

import base64
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

from tests.e2e.operator_process import Operator
from tests.e2e.refusing_proxy import RefusingProxy, refusing_proxy
from tests.e2e.reviews import Manifest, Reviews, conditions_of
from tests.e2e.simulated_aws import SimulatedAws

PAGE = Path(__file__).parents[2] / "docs" / "troubleshooting.md"

Variables = Mapping[str, str]

SERVICE_ACCOUNT_DIRECTORY = Path(__file__).with_name("service_account_directory.py")
"""What kopf loads before the operator, to find the ServiceAccount's files in a directory of the test."""


@pytest.fixture
def proxy() -> Iterator[RefusingProxy]:
    with refusing_proxy() as started:
        yield started


@pytest.fixture
def pod(operator_kubeconfig: Path, tmp_path: Path) -> Variables:
    """The variables of a pod, whose ServiceAccount's files are in a directory of the test."""
    kubeconfig = yaml.safe_load(operator_kubeconfig.read_text())
    cluster, user = kubeconfig["clusters"][0]["cluster"], kubeconfig["users"][0]["user"]
    directory = tmp_path / "serviceaccount"
    directory.mkdir()
    (directory / "namespace").write_text("sagemaker-ab-system")
    (directory / "token").write_text(user["token"])
    (directory / "ca.crt").write_bytes(base64.b64decode(cluster["certificate-authority-data"]))
    server = urlsplit(cluster["server"])
    return {
        "KUBECONFIG": "",
        "KUBERNETES_SERVICE_HOST": server.hostname or "",
        "KUBERNETES_SERVICE_PORT": str(server.port or 443),
        "TEST_SERVICE_ACCOUNT_DIRECTORY": str(directory),
    }


@pytest.fixture
def start(operator: Operator, pod: Variables) -> Iterator[Callable[[Variables], None]]:
    """Start the operator in its pod with these variables in place of others."""
    with ExitStack() as running:

        def begin(variables: Variables) -> None:
            in_pod = replace(operator, variables={**pod, "NO_PROXY": "", **variables})
            running.enter_context(in_pod.running(str(SERVICE_ACCOUNT_DIRECTORY)))

        yield begin


@pytest.fixture
def documented(proxy: RefusingProxy) -> Variables:
    """The variables that the page sets, with this proxy in place of the page's."""
    (block,) = re.findall(r"^```yaml\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    variables = {entry["name"]: entry["value"] for entry in yaml.safe_load(block)["extraEnv"]}
    assert variables.keys() == {"HTTPS_PROXY", "NO_PROXY"}
    return variables | {"HTTPS_PROXY": proxy.url}


def test_the_api_server_is_called_directly_and_so_is_aws_where_no_proxy_says_so(
    start: Callable[[Variables], None],
    documented: Variables,
    proxy: RefusingProxy,
    resource: Reviews,
    aws: SimulatedAws,
) -> None:
    # The API server is at 127.0.0.1, which NO_PROXY does not cover.
    local = {"NO_PROXY": "localhost", "AWS_ENDPOINT_URL": aws.url.replace("127.0.0.1", "localhost")}
    start({**documented, **local, "HTTP_PROXY": proxy.url})
    resource.apply()
    resource.is_ready()
    resource.delete()
    resource.is_gone()

    assert proxy.requests == []


def test_aws_is_called_through_the_proxy(
    start: Callable[[Variables], None], documented: Variables, proxy: RefusingProxy, resource: Reviews
) -> None:
    start({**documented, "AWS_ENDPOINT_URL": ""})
    resource.apply()
    found = resource.becomes(retries)

    assert proxy.url in conditions_of(found)["Ready"]["message"]
    targets = {request.removesuffix(":443") for request in proxy.requests}
    assert targets
    assert [target for target in targets if not target.endswith(".us-east-1.amazonaws.com")] == []


def retries(resource: Manifest) -> bool:
    return conditions_of(resource).get("Ready", {}).get("reason") == "Retrying"
