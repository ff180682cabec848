"""From the Deployment in the API server to the process that its container would be."""

import json
import os
import re
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from sandbox.cluster.cluster import Cluster

COMMANDS = Path(sys.executable).parent
"""Where kopf and kubectl's plugin are installed, beside this Python."""


class UnusableDeployment(Exception):
    """The Deployment cannot be run outside a pod."""


@dataclass(frozen=True, slots=True)
class Container:
    """What the Deployment's only container runs, as whom, and where its health is asked."""

    command: tuple[str, ...]
    environment: Mapping[str, str]
    account: str
    probe_path: str

    @classmethod
    def read(cls, cluster: Cluster, *, namespace: str, name: str) -> Self:
        """Read it back from the API server. Raise KubectlFailed, UnusableDeployment."""
        found = cluster.kubectl(
            "get", "deployment", name, f"--namespace={namespace}", "--output=json", check=True
        )
        pod = json.loads(found.stdout)["spec"]["template"]["spec"]
        (container,) = pod["containers"]
        return cls(
            command=(*container["command"], *container["args"]),
            environment=dict(_literal(entry) for entry in container["env"]),
            account=pod["serviceAccountName"],
            probe_path=container["livenessProbe"]["httpGet"]["path"],
        )

    def on_this_machine(self) -> tuple[tuple[str, ...], str]:
        """Return the command with its probe on a free port of loopback, and the probe's URL.

        A pod has addresses and ports of its own. Here they are the machine's: the port may be taken, and all
        addresses would be open to the network.
        """
        with socket.socket() as chosen:
            chosen.bind(("127.0.0.1", 0))
            host = f"127.0.0.1:{chosen.getsockname()[1]}"
        command = tuple(re.sub(r"^(--liveness=http://)[^/]+", rf"\g<1>{host}", word) for word in self.command)
        return command, f"http://{host}{self.probe_path}"

    def environment_with(self, additions: Mapping[str, str], *, home: Path) -> dict[str, str]:
        """Return the container's environment with additions, and the commands of this virtual environment.

        Nothing else of the caller's: neither proxies nor AWS profiles.
        """
        path = os.pathsep.join((str(COMMANDS), os.defpath))
        return {"PATH": path, "HOME": str(home), **self.environment, **additions}


def _literal(entry: Mapping[str, Any]) -> tuple[str, str]:
    if "valueFrom" in entry:
        raise UnusableDeployment(f"{entry['name']} takes its value from the pod, and here is none")
    return entry["name"], entry.get("value", "")
