"""The records that status keeps for later reconciles: how they are written, and how they are read back.

A record that is lost or unreadable costs a wait or a repeated read, or a question to a person. It never makes
the operator act on a guess.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import TypeVar

from sagemaker_ab.api.status import (
    CONTENT_LENGTH,
    DeploymentStatus,
    EndpointStatus,
    InstanceCount,
    ReleasedTarget,
    Status,
)
from sagemaker_ab.planning.config_content import decode_content, encode_content, own_content
from sagemaker_ab.planning.deployment import Deployment, DeploymentState
from sagemaker_ab.planning.desired import Desired
from sagemaker_ab.planning.observed import Observed, ObservedConfig
from sagemaker_ab.planning.released import Released, decode_target, encode_target

_Content = TypeVar("_Content")


def deployment_of(status: Status) -> Deployment | None:
    """Read the record of a deployment back from status."""
    record = status.deployment
    if record is None:
        return None
    modified = record.last_modified_time
    return Deployment(
        fingerprint=record.fingerprint,
        content_fingerprint=record.content_fingerprint or "",
        config_name=record.config_name,
        attempts=record.attempts,
        state=DeploymentState(record.state),
        since=record.since.timestamp(),
        last_modified=modified.timestamp() if modified else None,
        previous_config=record.previous_config_name,
        previous_failure=record.previous_failure_reason,
        message=record.message or "",
    )


def record_deployment(record: Deployment | None) -> DeploymentStatus | None:
    if record is None:
        return None
    modified = record.last_modified
    return DeploymentStatus(
        fingerprint=record.fingerprint,
        content_fingerprint=record.content_fingerprint or None,
        config_name=record.config_name,
        attempts=record.attempts,
        state=record.state.value,
        since=_moment(record.since),
        last_modified_time=_moment(modified) if modified is not None else None,
        previous_config_name=record.previous_config,
        previous_failure_reason=record.previous_failure,
        message=record.message or None,
    )


def applied_config_of(status: Status) -> ObservedConfig | None:
    """Read the content of the config in use back from status."""
    endpoint = status.endpoint
    if endpoint is None or not endpoint.config_name or not endpoint.config_content:
        return None
    content = _decoded(decode_content, endpoint.config_content)
    return ObservedConfig(endpoint.config_name, content) if content is not None else None


def record_config_content(
    before: EndpointStatus | None, observed: Observed, endpoint_name: str
) -> str | None:
    """Keep the content of the config in use, also when it can no longer be read."""
    config = observed.config_in_use
    if config is not None:
        text = encode_content(own_content(config.name, config.content, endpoint_name))
        return text if len(text) <= CONTENT_LENGTH else None
    same = before and observed.endpoint and before.config_name == observed.endpoint.config_name
    return before.config_content if before and same else None


def released_of(status: Status) -> Mapping[str, Released]:
    """Read the scalable targets that were released for an update back from status."""
    records = status.released_scaling or ()
    decoded = {each.name: (_decoded(decode_target, each.content), each.since) for each in records}
    return {
        name: Released(target, since.timestamp())
        for name, (target, since) in decoded.items()
        if target is not None
    }


def record_released(before: Status, released: Mapping[str, Released]) -> list[ReleasedTarget] | None:
    """Return the records; one that cannot be read stays as it is, for a version that can."""
    unreadable = [
        each for each in before.released_scaling or () if _decoded(decode_target, each.content) is None
    ]
    records = [
        ReleasedTarget(
            name=name, content=encode_target(record.target), since=_moment(float(int(record.since)))
        )
        for name, record in released.items()
    ]
    kept = [each for each in unreadable if each.name not in released]
    return [*records, *kept] or None


def instance_counts_of(status: Status) -> Mapping[str, int]:
    """Read the last known instance counts of autoscaled variants back from status."""
    return {each.name: each.count for each in status.last_instance_counts or ()}


def record_instance_counts(
    before: Status, desired: Desired, observed: Observed
) -> list[InstanceCount] | None:
    """Return the counts that the autoscaler chose; they are kept while the endpoint does not serve."""
    endpoint = observed.endpoint
    if endpoint is None or not endpoint.status.serving:
        return before.last_instance_counts
    scaled = {variant.name for variant in desired.variants if variant.scaling}
    counts = [
        InstanceCount(name=variant.name, count=variant.desired_count)
        for variant in endpoint.variants
        if variant.name in scaled
    ]
    return counts or None


def _decoded(decode: Callable[[str], _Content], text: str) -> _Content | None:
    """Decode a record; None if another version, or a person, wrote it in an unknown form."""
    with suppress(ValueError, KeyError, TypeError):
        return decode(text)
    return None


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
