"""InvokeEndpoint.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpoint.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.aws.engine.core import operation
from sandbox.aws.engine.pace import SlowAnswer
from sandbox.aws.engine.runtime import json_lines
from sandbox.aws.engine.runtime.json_lines import UnreadableBodyError
from sandbox.aws.engine.runtime.serving import ORDERED_TO_FAIL, routed, serve, targeted
from sandbox.aws.engine.sagemaker.store import store_of
from sandbox.aws.ledger import holds

if TYPE_CHECKING:
    from sandbox.aws.engine.core import Call
    from sandbox.aws.engine.records import Endpoint, Variant
    from sandbox.aws.engine.runtime.serving import Outcome
    from sandbox.aws.errors import AwsError

_UNKNOWN = ("TargetModel", "TargetContainerHostname", "InferenceComponentName", "SessionId")
_UNSUPPORTED_TYPE = "Unsupported content type: {given}"
_CLIENT_ERRORS, _SERVER_ERRORS = 400, 500


@operation("sagemaker-runtime", "InvokeEndpoint", resource="EndpointName", stale=False)
def invoke_endpoint(call: Call) -> SlowAnswer:
    for name in _UNKNOWN:
        if name in call.params:
            raise call.refuse("runtime.only-variants", what=name)
    endpoint = _endpoint(call)
    variant = _variant(call, endpoint)
    texts, complaint = _texts(call)
    outcome = serve(call.region, endpoint, variant, complaint=complaint)
    if outcome.status is None or outcome.status >= _CLIENT_ERRORS:
        raise _model_error(call, endpoint, outcome, complaint)
    answer = {
        "Body": json_lines.write(outcome.profile.opinion(text) for text in texts),
        "ContentType": call.ledger.value("runtime.content-types")[0],
        "InvokedProductionVariant": variant.name,
    }
    return SlowAnswer(answer, seconds=outcome.latency / 1e6)


@holds("runtime.serves-while-updating")
def _endpoint(call: Call) -> Endpoint:
    name, account = call.params["EndpointName"], call.region.account
    endpoint = store_of(call.region).endpoint(name)
    if endpoint is None or endpoint.name != name:
        raise call.refuse("runtime.endpoint-missing", name=name, account=account)
    if not endpoint.serving:
        status = endpoint.status
        raise call.refuse("runtime.endpoint-not-serving", name=name, account=account, status=status)
    return endpoint


@holds("runtime.target-variant")
def _variant(call: Call, endpoint: Endpoint) -> Variant:
    name, account = endpoint.name, call.region.account
    target = call.params.get("TargetVariant")
    if target is None:
        variant = routed(call.region, endpoint)
        if variant is None:
            raise call.refuse("runtime.no-weight", name=name, account=account)
        return variant
    variant = targeted(call.region, endpoint, target)
    if variant is None:
        raise call.refuse("runtime.target-variant-missing", name=name, account=account, variant=target)
    return variant


def _texts(call: Call) -> tuple[list[str], str]:
    """Return the texts that a request holds, or none and what the model complains of."""
    kind = call.params.get("ContentType", "").partition(";")[0].strip()
    if kind not in call.ledger.value("runtime.content-types"):
        return [], _UNSUPPORTED_TYPE.format(given=kind or "none")
    try:
        return json_lines.read(call.params["Body"]), ""
    except UnreadableBodyError as error:
        return [], str(error)


def _model_error(call: Call, endpoint: Endpoint, outcome: Outcome, complaint: str) -> AwsError:
    name, account, region = endpoint.name, call.region.account, call.region.name
    group = call.ledger.text("runtime.log-group", name=name)
    if outcome.status is None:
        return call.refuse("runtime.model-gone", name=name, account=account, region=region)
    message = complaint or ORDERED_TO_FAIL
    error = call.refuse(
        "runtime.model-error",
        side="server" if outcome.status >= _SERVER_ERRORS else "client",
        status=outcome.status,
        message=message,
        name=name,
        account=account,
        region=region,
    )
    error.members |= {
        "OriginalStatusCode": outcome.status,
        "OriginalMessage": message,
        "LogStreamArn": call.region.arn("logs", f"log-group:{group}"),
    }
    return error
