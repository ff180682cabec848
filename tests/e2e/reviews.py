"""The notebook's resource, as its user sees and changes it; and changes, by what a user would call them."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import yaml
from kubernetes import client, watch
from kubernetes.client.exceptions import ApiException

from sandbox.cluster.cluster import Cluster

Manifest = dict[str, Any]
Spec = dict[str, Any]
Change = Callable[[Spec], None]

SAMPLE: Manifest = yaml.safe_load(
    (Path(__file__).parents[2] / "manifests" / "samples" / "reviews.yaml").read_text()
)
ROLE: str = SAMPLE["spec"]["executionRoleArn"]
SAMPLE_MODEL_DATA = "s3://dlai-practical-data-science/models/ab/variant_b/model.tar.gz"
NEW_MODEL_DATA = "s3://dlai-practical-data-science/models/ab/variant_b_retrained/model.tar.gz"

KIND = ("sagemaker-ab.dev", "v1alpha1", "sagemakerabendpoints")
_READY_WITHIN = 90.0
_NOT_FOUND = 404


def weights(**by_variant: int) -> Change:
    def change(spec: Spec) -> None:
        for name, weight in by_variant.items():
            variant_of(spec, name)["weight"] = weight

    return change


def instance_count(variant: str, count: int) -> Change:
    """Fix the count of a variant; it does not scale any more."""

    def change(spec: Spec) -> None:
        chosen = variant_of(spec, variant)
        chosen.pop("autoscaling", None)
        chosen["instanceCount"] = count

    return change


def autoscaling(variant: str, *, minimum: int = 1, maximum: int = 2, target: int = 2) -> Change:
    """Let a variant scale by its invocations, as the notebook does."""

    def change(spec: Spec) -> None:
        chosen = variant_of(spec, variant)
        chosen.pop("instanceCount", None)
        tracking = {
            "predefinedMetricType": "SageMakerVariantInvocationsPerInstance",
            "targetValue": target,
            "scaleOutCooldownSeconds": 60,
            "scaleInCooldownSeconds": 300,
        }
        policy = {"name": "invocations", "type": "TargetTrackingScaling", "targetTrackingScaling": tracking}
        chosen["autoscaling"] = {"minCapacity": minimum, "maxCapacity": maximum, "policies": [policy]}

    return change


def instance_type(variant: str, name: str) -> Change:
    def change(spec: Spec) -> None:
        variant_of(spec, variant)["instanceType"] = name

    return change


def model_data(model: str, url: str) -> Change:
    def change(spec: Spec) -> None:
        container_of(spec, model)["modelDataUrl"] = url

    return change


def image(model: str, name: str) -> Change:
    """Let a model run in an image instead of a framework's."""

    def change(spec: Spec) -> None:
        container = container_of(spec, model)
        container.pop("framework", None)
        container["image"] = name

    return change


def put(**fields: Any) -> Change:
    """Set fields of the spec by their own names."""

    def change(spec: Spec) -> None:
        spec.update(fields)

    return change


def variant_of(spec: Spec, name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(variant for variant in spec["variants"] if variant["name"] == name)
    return found


def container_of(spec: Spec, model: str) -> dict[str, Any]:
    found: dict[str, Any] = next(m for m in spec["models"] if m["name"] == model)["primaryContainer"]
    return found


class Reviews:
    """One SageMakerABEndpoint: `manifest` is what its user has in a file."""

    def __init__(
        self,
        cluster: Cluster,
        api: client.ApiClient,
        namespace: str,
        eventually: Callable[..., Any],
        name: str = "reviews",
    ) -> None:
        self.cluster = cluster
        self.namespace = namespace
        self.name = name
        self.manifest = copy.deepcopy(SAMPLE)
        self.manifest["metadata"]["name"] = name
        self.manifest["spec"] |= {"endpointName": name, "monitoring": {"intervalSeconds": 3600}}
        self._resources = client.CustomObjectsApi(api)
        self._core = client.CoreV1Api(api)
        self._eventually = eventually

    def kubectl(self, *arguments: str, **options: Any) -> CompletedProcess[str]:
        return self.cluster.kubectl(*arguments, f"--namespace={self.namespace}", **options)

    def apply(self, *changes: Change) -> None:
        """Change the file and apply it, as a user does."""
        for change in changes:
            change(self.manifest["spec"])
        self.kubectl("apply", "-f", "-", input=json.dumps(self.manifest), check=True)

    def replace(self) -> None:
        """Put the file in the place of what the server has: what others have added is gone."""
        self.kubectl("replace", "-f", "-", input=json.dumps(self.manifest), check=True)

    def server_side_apply(self, *, field_manager: str) -> None:
        """Apply the file as GitOps tools do. Raises ApiException in a conflict."""
        self._apply_on_server(field_manager=field_manager)

    def predicted(self, *, field_manager: str) -> Manifest:
        """Return what the server would have after such an apply."""
        return readable(self._apply_on_server(field_manager=field_manager, dry_run="All"))

    def _apply_on_server(self, **options: str) -> Any:
        """Return what the server has then; None if the resource is new, for which the client has no type."""
        group, version, plural = KIND
        return self._resources.patch_namespaced_custom_object(
            *(group, version, self.namespace, plural, self.name),
            self.manifest,
            _content_type="application/apply-patch+yaml",
            **options,
        )

    def delete(self) -> None:
        """Ask for the deletion, and do not wait for it."""
        self.kubectl("delete", "smab", self.name, "--wait=false", check=True)

    def request_reconcile(self, token: str) -> None:
        annotation = f"sagemaker-ab.dev/reconcile-requested-at={token}"
        self.kubectl("annotate", "smab", self.name, annotation, "--overwrite", check=True)

    def found(self) -> Manifest | None:
        """Return the resource as the server has it, None when it has none."""
        group, version, plural = KIND
        place = (group, version, self.namespace, plural, self.name)
        try:
            found = dict(self._resources.get_namespaced_custom_object(*place))
        except ApiException as error:
            if error.status == _NOT_FOUND:
                return None
            raise
        return readable(found)

    @property
    def live(self) -> Manifest:
        found = self.found()
        assert found is not None, f"{self.namespace}/{self.name} does not exist"
        return found

    @property
    def status(self) -> dict[str, Any]:
        found: dict[str, Any] = self.live.get("status", {})
        return found

    @property
    def version(self) -> str:
        found: str = self.live["metadata"]["resourceVersion"]
        return found

    @property
    def conditions(self) -> dict[str, dict[str, Any]]:
        return conditions_of(self.live)

    def events(self) -> list[tuple[str, str, str]]:
        """Return what was told of this very object: type, reason and message."""
        events = self._core.list_namespaced_event(
            self.namespace, field_selector=f"involvedObject.uid={self.live['metadata']['uid']}"
        )
        return [(event.type, event.reason, event.message) for event in events.items]

    def is_told(self, kind: str, reason: str, words: str) -> None:
        """Wait for an event of this kind and reason with these words in it."""

        def told(events: list[tuple[str, str, str]]) -> bool:
            return any((kind, reason) == event[:2] and words in event[2] for event in events)

        self._eventually(self.events, told)

    def becomes(self, expected: Callable[[Manifest], object], *, within: float = _READY_WITHIN) -> Manifest:
        """Wait until the resource is as expected."""
        found: Manifest = self._eventually(lambda: self.live, expected, within=within)
        return found

    def watch(self) -> "Versions":
        """Begin to keep every version of the resource from the present one on."""
        return Versions(self._resources, self.namespace, self.live)

    def is_ready(self) -> Manifest:
        """Wait until Ready speaks of the newest generation."""
        return self.becomes(ready)

    def is_stalled(self, reason: str, words: str = "") -> Manifest:
        """Wait until Stalled gives this reason in these words, of the newest generation."""

        def stalled(resource: Manifest) -> bool:
            condition = conditions_of(resource).get("Stalled", {})
            return (
                condition.get("reason") == reason
                and words in condition["message"]
                and up_to_date(resource)
                and not ready(resource)
            )

        return self.becomes(stalled)

    def is_gone(self) -> None:
        self._eventually(self.found, lambda found: found is None, within=_READY_WITHIN)

    def forget(self) -> None:
        """Take the resource away whatever it waits for, as no operator will any more."""
        group, version, plural = KIND
        place = (group, version, self.namespace, plural, self.name)
        try:
            self._resources.delete_namespaced_custom_object(*place)
            self._resources.patch_namespaced_custom_object(
                *place, {"metadata": {"finalizers": []}}, _content_type="application/merge-patch+json"
            )
        except ApiException as error:
            if error.status != _NOT_FOUND:
                raise


class Versions:
    """Every version of a resource from one on, none left out, as a watch tells them."""

    def __init__(self, resources: client.CustomObjectsApi, namespace: str, first: Manifest) -> None:
        self._resources = resources
        self._namespace = namespace
        self._first = first

    def until(self, expected: Callable[[Manifest], object]) -> list[Manifest]:
        """Return the versions after the first one, up to the one that is as expected."""
        metadata = self._first["metadata"]
        seen: list[Manifest] = []
        stream = watch.Watch()
        for event in stream.stream(
            self._resources.list_namespaced_custom_object,
            *(KIND[0], KIND[1], self._namespace, KIND[2]),
            field_selector=f"metadata.name={metadata['name']}",
            resource_version=metadata["resourceVersion"],
            timeout_seconds=int(_READY_WITHIN),
        ):
            seen.append(event["object"])
            if expected(seen[-1]):
                stream.stop()
                return seen
        raise AssertionError(f"not as expected within {_READY_WITHIN:g} s; last seen: {seen[-1:]}")


def readable(resource: Manifest) -> Manifest:
    """Return a resource without what the API server notes of its managers, as kubectl shows it."""
    metadata = {key: value for key, value in resource["metadata"].items() if key != "managedFields"}
    return {**resource, "metadata": metadata}


def conditions_of(resource: Manifest) -> dict[str, dict[str, Any]]:
    conditions = resource.get("status", {}).get("conditions", [])
    return {condition["type"]: condition for condition in conditions}


def up_to_date(resource: Manifest) -> bool:
    status = resource.get("status", {})
    return bool(status.get("observedGeneration") == resource["metadata"]["generation"])


def ready(resource: Manifest) -> bool:
    condition = conditions_of(resource).get("Ready", {})
    return condition.get("status") == "True" and up_to_date(resource)
