"""S8: what failed is not deployed again unasked."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.safety.aws_state import production_variants
from sandbox.safety.rules.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.safety.aws_state import AwsState, Raw
    from sandbox.safety.calls import Call
    from sandbox.safety.history import History
    from sandbox.safety.intent import Intent
    from sandbox.safety.violations import Violation

_DEPLOYS = ("CreateEndpoint", "UpdateEndpoint")
_FREE = ("InitialInstanceCount", "InitialVariantWeight")
"""What a config may change without being other content."""

_PASSING = (
    # Capacity and quota, in AWS's words.
    *("Unable to provision requested ML compute capacity", "InsufficientInstanceCapacity", "CapacityError"),
    *("ResourceLimitExceeded", "service limit"),
    # Internal failures.
    *("Request to service failed", "internal failure", "InternalFailure", "InternalServerError"),
)


@dataclass(slots=True)
class Deployment:
    """A deployment that the operator asked for, and what became of it."""

    call: Call
    config: str
    content: str
    intents: list[Intent]
    seen: bool
    """Whether the operator can know that it began: it got an answer, or a read showed it."""
    reason: str = ""


class FailedContentWaits(Rule):
    """Judges each CreateEndpoint and UpdateEndpoint that took effect.

    - Content is what a config holds besides initial weights and counts. Names of models come from their
      content, so that a revision is another content.
    - A deployment has failed when the endpoint is Failed, or in service on another config and no longer
      updating, unless a read has shown it in service before. A failure without a reason has a cause other
      than capacity, quota or an internal failure.
    - Asked for again is what the spec's models, role, variants or instance types changed for since, what a
      request to reconcile was made for since, and whatever is deployed after somebody else has changed or
      deleted the endpoint, a config or a model.
    - A failure that the operator cannot know does not count: the answer to the deployment was lost, no read
      showed it, and AWS gives no reason. Nor does it, while nothing serves, if the status was lost since: a
      Failed endpoint does not tell whether it failed at once or after it had served.
    """

    name = "S8"
    text = (
        "Content that failed for any cause but capacity, quota or an internal failure is not deployed again "
        "until models, images, instance types or other config members change, or a retry is requested. "
        "Repairing drift and hand deletions counts as asked for."
    )

    def __init__(self) -> None:
        self._open: dict[str, Deployment] = {}
        self._failed: dict[tuple[str, str], Deployment] = {}

    def on_call(self, call: Call, history: History) -> Iterator[Violation]:
        for endpoint in list(self._open):
            self._follow(endpoint, call)
        for endpoint in _changed_by_others(call, history) & self._tracked():
            self._forget(endpoint)
        if call.operation == "DeleteEndpoint" and call.effective:
            self._open.pop(call.endpoint, None)
        if call.operation in _DEPLOYS and call.effective:
            yield from self._deploys(call, history)

    def _deploys(self, call: Call, history: History) -> Iterator[Violation]:
        config = str(call.params["EndpointConfigName"])
        content = _content(call.before, config)
        failed = self._failed.get((call.endpoint, content))
        if failed is not None and not _may_repeat(failed, call, history):
            reason = failed.reason or "AWS gave no reason"
            yield self.broken(
                call,
                call.time,
                found=f"the same content failed after {failed.call}: {reason}",
                right=(
                    "wait until models, images, instance types or other members of the config change, or a "
                    "retry is requested"
                ),
            )
        self._open[call.endpoint] = Deployment(
            call=call,
            config=config,
            content=content,
            intents=history.intents_before(call),
            seen=call.answered,
        )

    def _follow(self, endpoint: str, call: Call) -> None:
        """Look what has become of a deployment by the time of a call."""
        deployment = self._open[endpoint]
        shown = call.shown.endpoint(endpoint)
        if shown is not None and call.endpoint == endpoint and not call.write:
            deployment.seen |= shown.pending_config == deployment.config or shown.status == "Failed"
        live = call.before.endpoint(endpoint)
        if live is None or live.pending_config == deployment.config:
            return
        if any(one and one.config == deployment.config and one.in_service for one in (live, shown)):
            del self._open[endpoint]
            self._failed.pop((endpoint, deployment.content), None)
        elif live.status in {"Failed", "InService", "UpdateRollbackFailed"}:
            del self._open[endpoint]
            deployment.reason = live.failure_reason
            deployment.seen |= bool(live.failure_reason)
            if not any(words in deployment.reason for words in _PASSING):
                self._failed[endpoint, deployment.content] = deployment

    def _tracked(self) -> set[str]:
        return {*self._open, *(endpoint for endpoint, _ in self._failed)}

    def _forget(self, endpoint: str) -> None:
        self._open.pop(endpoint, None)
        self._failed = {key: found for key, found in self._failed.items() if key[0] != endpoint}


def _content(state: AwsState, config: str) -> str:
    found = state.configs.get(config)
    if found is None:
        return config
    rest = {
        key: value
        for key, value in found.request.items()
        if key not in {"ProductionVariants", "EndpointConfigName"}
    }
    variants = {name: _fixed(variant) for name, variant in production_variants(found).items()}
    return json.dumps([rest, variants], sort_keys=True, default=str)


def _fixed(variant: Raw) -> Raw:
    return {key: value for key, value in variant.items() if key not in _FREE}


def _may_repeat(failed: Deployment, call: Call, history: History) -> bool:
    return not failed.seen or _asked_again(failed, call, history) or _forgotten(failed, call, history)


def _forgotten(failed: Deployment, call: Call, history: History) -> bool:
    """Tell whether a creation follows a loss of the status since."""
    return call.operation == "CreateEndpoint" and any(
        history.lost_status_since(intent, failed.call.local) for intent in history.intents(call)
    )


def _asked_again(failed: Deployment, call: Call, history: History) -> bool:
    """Tell whether a user has changed the content, or requested a retry, since a deployment was sent."""
    since, until = failed.call.local, call.local + history.bounds.lag
    return any(
        all(_differs(version.intent, intent) for intent in failed.intents)
        for version in history.timeline.current(call.endpoint, since, until)
        if version.latest >= since
    )


def _differs(intent: Intent, former: Intent) -> bool:
    return (intent.content, intent.requested_at, intent.uid) != (
        former.content,
        former.requested_at,
        former.uid,
    )


def _changed_by_others(call: Call, history: History) -> set[str]:
    """Return the endpoints that others changed or deleted, or whose parts they did, since the last call."""
    before, now = history.truth, call.before
    if before is now:
        return set()
    if before.configs.keys() - now.configs.keys() or before.models.keys() - now.models.keys():
        return before.endpoints.keys() | {one.endpoint for one in history.calls if one.operation in _DEPLOYS}
    return {name for name in before.endpoints if _changed(name, before, now)}


def _changed(name: str, before: AwsState, now: AwsState) -> bool:
    former, live = before.endpoints[name], now.endpoints.get(name)
    if live is None:
        return former.status != "Deleting"
    failed = live.status == "Failed" and not former.busy and former.status != "Failed"
    return live.created != former.created or bool(live.configs - former.configs) or failed
