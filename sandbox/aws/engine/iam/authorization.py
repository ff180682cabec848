"""Whether a caller may do what it asks for, and AWS's words when it may not.

https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.aws.engine.iam.documents import Decision, decide
from sandbox.aws.engine.iam.identities import identities_of, identity
from sandbox.aws.engine.iam.implied import implied
from sandbox.aws.engine.iam.permissions import EVERYTHING, own
from sandbox.aws.engine.sts import caller_arn
from sandbox.aws.ledger import holds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.aws.engine.core import Call, Operation
    from sandbox.aws.engine.iam.documents import Permission
    from sandbox.aws.errors import AwsError

_OLD = frozenset({"cloudwatch", "sts"})
"""Services that grew up with the query protocol, and kept its code."""

_TEXTS = {Decision.IMPLICIT: "iam.denied-implicit", Decision.EXPLICIT: "iam.denied-explicit"}


@holds("iam.open-without-policies", "iam.caller-identity")
def authorize(call: Call, operation: Operation) -> None:
    """Refuse what the caller's policies do not allow; whoever has none may do everything."""
    engine, account = call.region.engine, call.region.account
    caller = identity(engine, account, call.access_key)
    if caller is not None and operation.name != "GetCallerIdentity":
        for wanted, row in _needed(call, operation):
            caller.note(wanted)
            decision = decide(caller.policies, wanted)
            if decision is not Decision.ALLOWED:
                raise call.refuse(row) if row else denial(call, operation, wanted, decision)
    if operation.name == "RegisterScalableTarget":
        identities_of(engine, account).has_service_linked_role = True


def _needed(call: Call, operation: Operation) -> Iterator[tuple[Permission, str]]:
    for wanted in own(call, operation.service, operation.name):
        yield wanted, ""
    yield from implied(call, operation.service, operation.name)


def denied_on_order(call: Call, operation: Operation, decision: Decision) -> AwsError:
    """Return the refusal of a request by its own action, whatever policies say."""
    wanted = next(iter(own(call, operation.service, operation.name)))
    return denial(call, operation, wanted, decision)


def denial(call: Call, operation: Operation, wanted: Permission, decision: Decision) -> AwsError:
    row = "iam.denied-on-everything" if wanted.resource == EVERYTHING else "iam.denied-on"
    text = call.ledger.text(
        _TEXTS[decision],
        caller=caller_arn(call),
        action=wanted.action,
        on=call.ledger.text(row, resource=wanted.resource),
    )
    return call.refuse("iam.denied-old" if operation.service in _OLD else "iam.denied", text=text)
