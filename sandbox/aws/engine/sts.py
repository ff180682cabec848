"""STS: who is calling, and the roles that they assume, in their own account or in another.

https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.aws.engine.core import JSON, Call, operation, partition
from sandbox.aws.engine.scenery import Thing
from sandbox.aws.engine.sessions import Session, role, session, sessions_of
from sandbox.aws.ledger import holds

if TYPE_CHECKING:
    from sandbox.aws.engine.sessions import Role

_NOT_SIMULATED = ("Policy", "PolicyArns", "Tags", "TransitiveTagKeys", "SerialNumber", "ProvidedContexts")
_SECRET = "sandbox"  # noqa: S105  nobody checks signatures here


@operation("sts", "GetCallerIdentity", stale=False)
@holds("sts.caller-identity")
def get_caller_identity(call: Call) -> JSON:
    account, assumed = call.region.account, _session(call)
    return {"UserId": assumed.id if assumed else call.access_key, "Account": account, "Arn": caller_arn(call)}


def _session(call: Call) -> Session | None:
    return session(call.region.engine, call.region.account, call.access_key)


def caller_arn(call: Call) -> str:
    """Return the ARN of whoever calls: a user, or a role as it was assumed."""
    assumed = _session(call)
    if assumed:
        return assumed.arn(call.region.name)
    return f"arn:{partition(call.region.name)}:iam::{call.region.account}:user/sandbox"


@operation("sts", "AssumeRole", resource="RoleArn", stale=False)
@holds("sts.assume-role")
def assume_role(call: Call) -> JSON:
    for member in _NOT_SIMULATED:
        if member in call.params:
            raise call.refuse("sim.not-implemented", what=f"AssumeRole with {member}")
    wanted = _role(call)
    store = sessions_of(call.region.engine, wanted.account)
    begun = Session(
        access_key=store.new_access_key(),
        role=wanted,
        name=call.params["RoleSessionName"],
        expires=call.now + _duration(call),
        source_identity=call.params.get("SourceIdentity", ""),
    )
    store.sessions[begun.access_key] = begun
    return _answer(call, begun)


def _role(call: Call) -> Role:
    arn: str = call.params["RoleArn"]
    wanted = role(arn)
    if wanted is None:
        raise call.refuse("sts.role-arn")
    if not call.region.scenery.has(Thing.ROLE, arn):
        raise call.refuse("sts.role-missing", caller=caller_arn(call), role=arn)
    return wanted


def _duration(call: Call) -> float:
    usual: float = call.ledger.value("sts.duration")
    seconds: float = call.params.get("DurationSeconds", usual)
    longest: float = call.ledger.value("sts.longest-session")
    if seconds > longest:
        raise call.refuse("sts.chained-too-long" if _session(call) else "sts.too-long")
    return seconds


def _answer(call: Call, begun: Session) -> JSON:
    answer: JSON = {
        "Credentials": {
            "AccessKeyId": begun.access_key,
            "SecretAccessKey": _SECRET,
            "SessionToken": f"{_SECRET}-{begun.access_key}",
            "Expiration": begun.expires,
        },
        "AssumedRoleUser": {"AssumedRoleId": begun.id, "Arn": begun.arn(call.region.name)},
    }
    return answer | ({"SourceIdentity": begun.source_identity} if begun.source_identity else {})
