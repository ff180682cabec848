"""STS: who is calling.

https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
"""

from __future__ import annotations

from sandbox.aws.engine.core import JSON, Call, operation
from sandbox.aws.ledger import holds


@operation("sts", "GetCallerIdentity", stale=False)
@holds("sts.caller-identity")
def get_caller_identity(call: Call) -> JSON:
    account = call.region.account
    return {
        "UserId": call.access_key,
        "Account": account,
        "Arn": f"arn:aws:iam::{account}:user/sandbox",
    }
