"""What to commit after a promotion, so that the spec asks for the weights that serve."""

import json
from collections.abc import Mapping
from typing import Any, Final

from sagemaker_ab.api.resource import API_VERSION, GROUP, KIND
from sagemaker_ab.api.traffic_status import TrafficStatus
from sagemaker_ab.planning.json_patch import apply_patch

_LAST_APPLIED: Final = "kubectl.kubernetes.io/last-applied-configuration"


def why_no_winner(traffic: TrafficStatus | None) -> str:
    """Return why there is nothing to commit; empty if status has a patch."""
    if traffic is not None and traffic.patch:
        return ""
    if traffic is None or traffic.mode is None:
        return "there is no run, so the weights are those of the spec"
    if traffic.run is None:
        return f"no run has started yet: {traffic.message}"
    if traffic.outcome is None:
        return f"run {traffic.run} goes on: {traffic.message}"
    if traffic.outcome == "Promoted" and traffic.mode == "Observe":
        return f"run {traffic.run} only observed, and moved no weight"
    return f"run {traffic.run} ended as {traffic.outcome}, which leaves nothing to commit: {traffic.message}"


def manifest_of_winner(raw: Mapping[str, Any], patch: str) -> dict[str, Any]:
    """Return the manifest of the resource with the patch applied, without what the API server has added.

    Raises PatchMismatch if the spec has changed since the patch was made.
    """
    patched = apply_patch(raw, json.loads(patch))
    metadata = raw["metadata"]
    annotations = {
        key: value
        for key, value in (metadata.get("annotations") or {}).items()
        if key != _LAST_APPLIED and not key.startswith(f"{GROUP}/")
    }
    kept = {
        "name": metadata["name"],
        "namespace": metadata["namespace"],
        "labels": metadata.get("labels"),
        "annotations": annotations,
    }
    return {
        "apiVersion": API_VERSION,
        "kind": KIND,
        "metadata": {key: value for key, value in kept.items() if value},
        "spec": patched["spec"],
    }
