"""S4: nothing is deleted that serves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.safety.history import ENDPOINT
from sandbox.safety.intent import NAME_TAG, NAMESPACE_TAG
from sandbox.safety.rules.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sandbox.safety.aws_state import AwsState
    from sandbox.safety.calls import Call
    from sandbox.safety.history import History
    from sandbox.safety.violations import Violation

_DELETIONS = {"DeleteEndpointConfig": "EndpointConfigName", "DeleteModel": "ModelName"}


class NothingInUseIsDeleted(Rule):
    """Judges each DeleteEndpointConfig and DeleteModel that took effect.

    - In use is what any endpoint of the region runs or is updating to, whoever owns it. A use that began
      after the operator's newest read excuses, if that read is at most 60 s old and shows the operator's own
      changes.
    - The read is a DescribeEndpoint of the resource's endpoint, answered or with a definite "Could not
      find". Which endpoint that is, the object's owner tags tell; an object without them is judged by any.
    - A refused deletion has deleted nothing.
    """

    name = "S4"
    text = (
        "Nothing is deleted that the endpoint of that name uses or is updating to, whoever owns it, by a "
        "read begun at most 60 s earlier; an endpoint that cannot be read blocks the deletion."
    )

    def on_call(self, call: Call, history: History) -> Iterator[Violation]:
        if not call.effective or call.operation not in _DELETIONS:
            return
        name = str(call.params[_DELETIONS[call.operation]])
        for user in _users(call, name, call.before):
            known = history.known(ENDPOINT, user, call)
            if known is None or user in _users(call, name, known):
                endpoint = call.before.endpoints[user]
                deploying = f", updating to {endpoint.pending_config}" if endpoint.pending_config else ""
                yield self.broken(
                    call,
                    call.time,
                    found=f"endpoint {user} uses it: {endpoint.status} on {endpoint.config}{deploying}",
                    right="keep it until no endpoint uses it or is updating to it",
                )
        yield from self._unread(call, name, history)

    def _unread(self, call: Call, name: str, history: History) -> Iterator[Violation]:
        endpoints = _endpoints_of_owner(call, name, history)
        reads = [history.newest_read(ENDPOINT, endpoint) for endpoint in endpoints]
        times = [read.time for read in reads if read is not None]
        if not endpoints or (times and call.time - max(times) <= history.bounds.aws_read_age):
            return
        age = f"was read {call.time - max(times):.0f} s before" if times else "was never read"
        yield self.broken(
            call,
            call.time,
            found=f"endpoint {' or '.join(sorted(endpoints))} {age}",
            right=f"read the endpoint at most {history.bounds.aws_read_age:.0f} s before the deletion",
        )


def _users(call: Call, name: str, state: AwsState) -> list[str]:
    """Return the endpoints that use the object."""
    if call.operation == "DeleteModel":
        return [one.name for one in state.endpoints.values() if name in one.models]
    return [one.name for one in state.endpoints.values() if name in one.configs]


def _endpoints_of_owner(call: Call, name: str, history: History) -> set[str]:
    """Return the endpoint names of the resource that the object's tags name, else those of all resources."""
    kind = call.before.models if call.operation == "DeleteModel" else call.before.configs
    tags: Mapping[str, str] = kind[name].tags if name in kind else {}
    owner = (tags.get(NAMESPACE_TAG, ""), tags.get(NAME_TAG, ""))
    return history.timeline.endpoints_of(owner) or history.timeline.endpoints_of(None)
