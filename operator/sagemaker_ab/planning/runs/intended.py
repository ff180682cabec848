"""The traffic that a run intends: its weights now, and what the plan must respect."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from sagemaker_ab.planning.intended_traffic import IntendedTraffic
from sagemaker_ab.planning.runs.outcome import Outcome
from sagemaker_ab.planning.runs.record import RunRecord
from sagemaker_ab.planning.runs.situation import Situation
from sagemaker_ab.planning.share_growth import limit_growth
from sagemaker_ab.traffic.strategies.shares import all_traffic_to
from sagemaker_ab.traffic.variant_roles import ALL_TRAFFIC_PERCENT

_KEEPS_BASELINE: Final = {Outcome.SUPERSEDED, Outcome.EVIDENCE_LOST}
"""The outcomes that decide nothing about the traffic: the baseline may yet get all of it."""
_IDLE_BASELINE: Final = (
    "{baseline} has no traffic, and as the baseline of the next run its new model or instance type would get"
    " most of it. Commit the winner, or swap the roles"
)
_DRAINING: Final = "The traffic of the candidate moves to {baseline} step by step before the update"


def with_weights(record: RunRecord, found: Situation) -> RunRecord:
    """Return the record with the weights to keep in force now.

    They are None where those that serve stay: under Observe, and after evidence was lost. The share of a
    candidate that autoscales grows step by step, each when the one before it has been in force for a while.
    """
    requested = record.requested
    if record.observes or requested is None:
        return replace(record, weights=None, in_force_since=None)
    if record.weights is not None and record.in_force_since is None and _in_force(record.weights, found):
        record = replace(record, in_force_since=float(int(found.now)))
    stays = record.held or not (_returns(record) or _may_grow(record, found))
    if stays and record.weights is not None:
        return record
    weights = dict(requested) if _returns(record) else _limited(record, requested, found)
    if weights == record.weights:
        return record
    return replace(record, weights=weights, in_force_since=None)


def has_all_traffic(record: RunRecord, found: Situation) -> bool:
    """Return whether the candidate has all the traffic; under Observe, which moves none, it need not."""
    candidate = all_traffic_to(record.candidate, (record.baseline, record.candidate))
    return record.observes or _in_force(candidate, found)


def _may_grow(record: RunRecord, found: Situation) -> bool:
    """Return whether a share may grow after the first weights of a run.

    Without recent data it does not, unless a person promoted the candidate, nor while not all of AWS can be
    read. A run that has ended has decided.
    """
    return not found.stays_because and (record.final or record.promoted or found.fresh)


def _returns(record: RunRecord) -> bool:
    """Return whether the run ended in favor of the baseline, whose instances it has kept."""
    return record.outcome is not None and record.outcome.returns_to_baseline


def _limited(record: RunRecord, requested: Mapping[str, int], found: Situation) -> dict[str, int]:
    """Return the weights between those in force and the requested ones that the candidate can follow."""
    current = record.weights or _shares(found.live_weights)
    since = record.in_force_since if record.weights is not None else None
    return _grown(current, requested, found, since=found.now if since is None else since)


def _grown(
    current: Mapping[str, int] | None, requested: Mapping[str, int], found: Situation, *, since: float
) -> dict[str, int]:
    """Return the weights on the way from the current to the requested ones that no variant is overrun by."""
    if current is None or current.keys() != requested.keys():
        return dict(requested)
    limited = limit_growth(
        current,
        requested,
        autoscaled=found.autoscaled,
        first=found.policy.steps[0].percent,
        since=since,
        now=found.now,
    )
    return dict(limited)


def traffic_before_run(record: RunRecord | None, found: Situation) -> IntendedTraffic:
    """Return the traffic while no run of the spec has started; `record` is of the last one.

    The weights that serve stay. If an update to another candidate is due, the baseline gets its traffic
    first. A baseline without traffic gets no new content: the next run would give it most of the traffic.
    """
    initial, serving = _initial(found), _whole(found.live_weights)
    drained = frozenset(found.roles.challengers)
    if found.policy.mode == "Observe":
        return IntendedTraffic(weights=serving or initial, initial_weights=initial)
    if serving is None:
        return IntendedTraffic(weights=initial, initial_weights=initial, drained_first=drained)
    before = IntendedTraffic(weights=serving, initial_weights=initial)
    if record is not None and record.outcome in _KEEPS_BASELINE and not record.observes:
        before = replace(before, run=record.run, keeps_capacity=frozenset({record.baseline}))
    if found.deployed or not found.core:
        return before
    baseline = found.roles.baseline
    if baseline in found.changing and not serving[baseline]:
        return replace(before, holds_update=_IDLE_BASELINE.format(baseline=baseline))
    if not found.changing & drained:
        return before
    modified = found.endpoint.last_modified if found.endpoint else found.now
    weights = _grown(_shares(serving), initial, found, since=modified)
    if weights != initial:
        return replace(before, weights=weights, holds_update=_DRAINING.format(baseline=baseline))
    return replace(before, weights=initial, drained_first=drained)


def traffic_of_run(record: RunRecord, found: Situation) -> IntendedTraffic:
    """Return the traffic of a run that has started, or has ended."""
    initial = _initial(found)
    moving = record.weights is not None and not _in_force(record.weights, found)
    keeps = not record.observes and (not record.final or moving or record.outcome in _KEEPS_BASELINE)
    return IntendedTraffic(
        weights=record.weights or _whole(found.live_weights) or initial,
        initial_weights=initial,
        run=record.run,
        run_tag=record.tag.encode(),
        keeps_capacity=frozenset({record.baseline}) if keeps else frozenset(),
        overrides_capacity=_override(record),
    )


def _initial(found: Situation) -> Mapping[str, int]:
    """Return the weights of a new config: all the traffic to the baseline."""
    return all_traffic_to(found.roles.baseline, found.variants)


def _override(record: RunRecord) -> str:
    """Return why the weights go out whatever the capacity: only to leave a candidate that was given up."""
    match record.outcome:
        case Outcome.ROLLED_BACK:
            return f"because run {record.run} was rolled back"
        case Outcome.ABORTED:
            return f"because run {record.run} was aborted"
    return ""


def _in_force(weights: Mapping[str, float], found: Situation) -> bool:
    endpoint = found.endpoint
    current = {each.name: each.current_weight for each in endpoint.variants} if endpoint else {}
    return current == weights


def in_percent(weights: Mapping[str, float] | None) -> dict[str, int] | None:
    """Return weights as whole percents; None if they are not."""
    whole = weights is not None and all(float(each).is_integer() for each in weights.values())
    if weights is None or not whole or sum(weights.values()) != ALL_TRAFFIC_PERCENT:
        return None
    return {name: int(each) for name, each in weights.items()}


def _shares(weights: Mapping[str, float] | None) -> dict[str, int] | None:
    """Return the shares of any weights in whole percents, by largest remainders."""
    if weights is None:
        return None
    total = sum(weights.values())
    exact = {name: each * ALL_TRAFFIC_PERCENT / total for name, each in weights.items()}
    shares = {name: int(each) for name, each in exact.items()}
    by_remainder = sorted(exact, key=lambda name: shares[name] - exact[name])
    for name in by_remainder[: ALL_TRAFFIC_PERCENT - sum(shares.values())]:
        shares[name] += 1
    return shares


def _whole(weights: Mapping[str, float] | None) -> Mapping[str, float] | None:
    """Return whole weights as integers, as a request and its description have them."""
    if weights is None:
        return None
    return {name: int(each) if each.is_integer() else each for name, each in weights.items()}
