"""Every version of the resources in a cluster, as a watch tells them."""

from __future__ import annotations

import json
import subprocess
import threading
import time
from typing import TYPE_CHECKING, Any

from sandbox.cluster.processes import tied_to_this_process
from sandbox.safety.resources import Version

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sandbox.cluster.cluster import Cluster

_API = "/apis/sagemaker-ab.dev/v1alpha1"
_KIND = "sagemakerabendpoints"
_WATCH_SECONDS = 7200


class ResourceWatch:
    """Keeps what a watch tells from its start on, until it is closed.

    A version may have become current up to ``lag`` seconds before the watch tells of it.
    """

    def __init__(self, cluster: Cluster, *, namespace: str = "", lag: float) -> None:
        self.versions: list[Version] = []
        self._lag = lag
        within = f"/namespaces/{namespace}" if namespace else ""
        path = f"{_API}{within}/{_KIND}"
        listed = json.loads(cluster.kubectl("get", "--raw", path, check=True).stdout)
        for found in listed["items"]:
            self.versions.append(Version(found, earliest=0.0, latest=time.time()))
        start = listed["metadata"]["resourceVersion"]
        query = f"watch=true&resourceVersion={start}&timeoutSeconds={_WATCH_SECONDS}"
        self._process = subprocess.Popen(
            tied_to_this_process([cluster.binaries.kubectl, "get", "--raw", f"{path}?{query}"]),
            env=cluster.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, args=(self._process.stdout,), daemon=True)
        self._reader.start()

    def close(self) -> None:
        """End the watch; what it was about to tell is kept."""
        if self._process.poll() is None:
            time.sleep(self._lag)
        self._process.kill()
        self._process.wait()
        self._reader.join()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def _read(self, lines: Iterable[bytes]) -> None:
        for line in lines:
            event: dict[str, Any] = json.loads(line)
            if event["type"] in {"ADDED", "MODIFIED", "DELETED"}:
                now = time.time()
                gone = event["type"] == "DELETED"
                self.versions.append(Version(event["object"], now - self._lag, now, gone=gone))
