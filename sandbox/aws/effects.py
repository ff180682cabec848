"""What a fault does to a request: one entry of ``EFFECTS`` for each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sandbox.aws.engine.cloudwatch.result_faults import ResultFault, ResultStatus
from sandbox.aws.engine.iam.documents import Decision
from sandbox.aws.engine.records import EndpointStatus, is_status
from sandbox.aws.errors import AwsError
from sandbox.aws.rules import Check, is_count, is_number
from sandbox.aws.throttling import throttled

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.aws.calls import CallRecord
    from sandbox.aws.ledger import Ledger


@dataclass(slots=True)
class Plan:
    """What is to happen to one request beside its plain course.

    ``refusal`` comes instead of an effect, and so does a denial of the action if ``denied`` says how.
    ``status`` is what the endpoint that the request names is put into first, and ``fail`` how the work that
    it begins fails. ``date`` says what is wrong with the answer's Date header, ``results``
    which results of GetMetricData fail.
    """

    refusal: AwsError | None = None
    denied: Decision | None = None
    latency: float = 0.0
    drop_before: bool = False
    drop_after: bool = False
    stale: float = 0.0
    status: Mapping[str, Any] | None = None
    fail: Mapping[str, Any] | None = None
    date: Mapping[str, Any] = field(default_factory=dict)
    results: list[ResultFault] = field(default_factory=list)


Apply = Callable[[Plan, Any, "Ledger", "CallRecord"], None]


@dataclass(frozen=True, slots=True)
class Effect:
    """``allows`` says whether an argument makes sense, ``apply`` puts the effect into a plan."""

    allows: Check
    apply: Apply


def _is_error(value: Any) -> bool:
    if not isinstance(value, dict) or value.keys() - {"code", "text", "http"}:
        return False
    texts = (value.get("code"), value.get("text", ""))
    return all(isinstance(text, str) for text in texts) and is_count(value.get("http", 400))


def _is_status(value: Any) -> bool:
    if not isinstance(value, dict) or value.keys() - {"status", "seconds", "reason", "newer"}:
        return False
    status, newer = value.get("status"), value.get("newer", False)
    reason, seconds = value.get("reason", ""), value.get("seconds", 0)
    fits = isinstance(status, str) and isinstance(newer, bool) and is_status(status, newer=newer)
    return fits and isinstance(reason, str) and is_number(seconds)


_ENDINGS = frozenset({EndpointStatus.ROLLING_BACK, EndpointStatus.UPDATE_ROLLBACK_FAILED})


def _is_failure(value: Any) -> bool:
    if not isinstance(value, dict) or value.keys() - {"reason", "silent", "capacity", "status"}:
        return False
    return len(value.keys() - {"status"}) <= 1 and ("status" not in value or value["status"] in _ENDINGS)


def _is_date(value: Any) -> bool:
    if not isinstance(value, dict) or len(value) != 1:
        return False
    ((kind, how),) = value.items()
    if kind == "ahead":
        return isinstance(how, int | float) and not isinstance(how, bool)
    if kind == "text":
        return isinstance(how, str) and how != "" and how.isascii() and how.isprintable()
    return kind == "absent" and how is True


_RESULT = frozenset({"status", "query", "metric", "endpoint", "variant"})


def _is_result(value: Any) -> bool:
    if not isinstance(value, dict) or value.keys() - _RESULT:
        return False
    failed = set(ResultStatus) - {ResultStatus.COMPLETE}
    return value.get("status") in failed and all(isinstance(text, str) for text in value.values())


def _error(plan: Plan, value: Any, _ledger: Ledger, _record: CallRecord) -> None:
    plan.refusal = AwsError(value["code"], value.get("text", ""), http=value.get("http", 400))


def _throttle(plan: Plan, _value: Any, ledger: Ledger, record: CallRecord) -> None:
    plan.refusal = throttled(ledger, record.service)


def _expired(plan: Plan, _value: Any, ledger: Ledger, _record: CallRecord) -> None:
    plan.refusal = ledger.refuse("sts.expired")


def _denied(plan: Plan, value: Any, _ledger: Ledger, _record: CallRecord) -> None:
    plan.denied = Decision.IMPLICIT if value is True else Decision(value)


def _latency(plan: Plan, value: Any, _ledger: Ledger, _record: CallRecord) -> None:
    plan.latency += float(value)


def _drop(plan: Plan, value: Any, _ledger: Ledger, _record: CallRecord) -> None:
    plan.drop_before, plan.drop_after = value == "before", value == "after"


def _stale(plan: Plan, value: Any, _ledger: Ledger, _record: CallRecord) -> None:
    plan.stale = float(value)


def _status(plan: Plan, value: Any, _ledger: Ledger, _record: CallRecord) -> None:
    plan.status = value


def _fail(plan: Plan, value: Any, _ledger: Ledger, _record: CallRecord) -> None:
    plan.fail = value


def _date(plan: Plan, value: Any, _ledger: Ledger, _record: CallRecord) -> None:
    plan.date = value


def _result(plan: Plan, value: Any, _ledger: Ledger, _record: CallRecord) -> None:
    plan.results.append(ResultFault(**value))


EFFECTS: Mapping[str, Effect] = {
    "error": Effect(_is_error, _error),
    "throttle": Effect(lambda value: value is True, _throttle),
    "expired": Effect(lambda value: value is True, _expired),
    "denied": Effect(lambda value: value is True or value == Decision.EXPLICIT, _denied),
    "latency": Effect(is_number, _latency),
    "drop": Effect(lambda value: value in {"before", "after"}, _drop),
    "stale": Effect(is_number, _stale),
    "status": Effect(_is_status, _status),
    "fail": Effect(_is_failure, _fail),
    "date": Effect(_is_date, _date),
    "result": Effect(_is_result, _result),
}
