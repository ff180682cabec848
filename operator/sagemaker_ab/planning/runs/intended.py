"""The traffic that a run intends: its weights now, and what the plan must respect."""

from collections.abc import Mapping
from dataclasses import replace

from sagemaker_ab.planning.intended_traffic import IntendedTraffic
from sagemaker_ab.planning.runs.outcome import Outcome
from sagemaker_ab.planning.runs.record import RunRecord
from sagemaker_ab.planning.runs.situation import Situation
from sagemaker_ab.traffic.strategies.shares import all_traffic_to


def with_weights(record: RunRecord) -> RunRecord:
    """Return the record with the weights to keep in force now.

    They are None where those that serve stay: under Observe, and after evidence was lost.
    """
    if record.observes or record.requested is None:
        return record if record.weights is None else replace(record, weights=None)
    if record.held and record.weights is not None:
        return record
    weights = record.requested
    return record if weights == record.weights else replace(record, weights=dict(weights))


def traffic_before_run(found: Situation) -> IntendedTraffic:
    """Return the traffic while no run of the spec has started.

    The weights that serve stay. If an update to other content is due, the baseline gets all the traffic
    first.
    """
    initial, serving = _initial(found), _whole(found.serving)
    observes = found.policy.mode == "Observe"
    if serving is not None and (found.deployed or observes):
        return IntendedTraffic(weights=serving, initial_weights=initial)
    drained = frozenset(found.roles.challengers)
    return IntendedTraffic(
        weights=initial, initial_weights=initial, drained_first=frozenset() if observes else drained
    )


def traffic_of_run(record: RunRecord, found: Situation) -> IntendedTraffic:
    """Return the traffic of a run that has started, or has ended."""
    initial = _initial(found)
    moving = record.weights is not None and not _in_force(record.weights, found)
    keeps = not record.observes and (not record.final or moving)
    return IntendedTraffic(
        weights=record.weights or _whole(found.serving) or initial,
        initial_weights=initial,
        run=record.run,
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


def _whole(weights: Mapping[str, float] | None) -> Mapping[str, float] | None:
    """Return whole weights as integers, as a request and its description have them."""
    if weights is None:
        return None
    return {name: int(each) if each.is_integer() else each for name, each in weights.items()}
