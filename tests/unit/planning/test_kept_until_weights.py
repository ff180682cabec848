"""Scale-in that a run suspended stays suspended until the variant has the traffic that replaces the run."""

from dataclasses import replace

import pytest

from sagemaker_ab.planning.kept_capacity import with_kept_capacity
from sagemaker_ab.planning.ownership import RUN_TAG
from sagemaker_ab.planning.runs.identity import RunTag
from tests.unit.planning.worlds import AUTOSCALING, chosen, spec, want, with_variant, world

SCALED = with_variant(spec(), "VariantA", instanceCount=None, autoscaling=AUTOSCALING)
TAG = RunTag(run="0123456789-1", core="core", passed="passed", started=1).encode()


def kept(*, baseline, intended, suspended=True, tag=TAG):
    """Return for which run the baseline keeps its instances under Manual."""
    wanted = want(SCALED, traffic=chosen(intended, 100 - intended))
    observed = world(wanted)
    weights = {"VariantA": float(baseline), "VariantB": 100.0 - baseline}
    variants = tuple(
        replace(each, current_weight=weights[each.name], desired_weight=weights[each.name])
        for each in observed.endpoint.variants
    )
    tags = {**observed.endpoint.tags, **({RUN_TAG: tag} if tag else {})}
    state = {"DynamicScalingInSuspended": suspended}
    targets = {name: replace(each, suspended=state) for name, each in observed.targets.items()}
    endpoint = replace(observed.endpoint, variants=variants, tags=tags)
    found = with_kept_capacity(wanted, replace(observed, endpoint=endpoint, targets=targets))
    return found.variants[0].scaling.kept_by


def test_it_stays_suspended_while_more_traffic_is_due():
    assert kept(baseline=10, intended=90) == "0123456789-1"


@pytest.mark.parametrize(
    "case",
    [{"baseline": 90}, {"baseline": 95}, {"baseline": 10, "suspended": False}, {"baseline": 10, "tag": ""}],
)
def test_otherwise_the_spec_decides(case):
    assert kept(intended=90, **case) == ""
