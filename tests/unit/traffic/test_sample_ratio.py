"""The sample ratio test keeps sums while weights stay. It must equal a test that adds each minute."""

from itertools import pairwise
from math import log
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sagemaker_ab.traffic.counts import Counts, Minute
from sagemaker_ab.traffic.evidence.mixture import LikelihoodMixture, binomial_hypotheses, log_spaced
from sagemaker_ab.traffic.evidence.sample_ratio import SampleRatioTest


def minute(at, *, weight, calls, own):
    others = Counts(weight=100.0 - weight, invocations=calls - own)
    return Minute(at, {"A": others, "B": Counts(weight=weight, invocations=own)})


def ratio_of(minutes):
    ratio = SampleRatioTest("B", ["A", "B"])
    for each in minutes:
        ratio.add(each)
    return ratio


def drawn(seed, *, off=0.0, weights=(50.0,), minutes=60):
    """Draw minutes at each weight in turn, with a share that differs from the weight by `off`."""
    random = Random(seed)
    for at in range(minutes):
        weight = weights[at * len(weights) // minutes]
        calls = random.randint(1, 200)
        own = sum(random.random() < weight / 100.0 + off for _ in range(calls))
        yield weight, calls, own


def by_single_minutes(minutes):
    """Compute the evidence by the formulas, with a mixture that adds each counted minute."""
    sides = [LikelihoodMixture.of(12), LikelihoodMixture.of(12)]
    for place, ((weight, calls, own), (following, _, _)) in enumerate(pairwise(minutes)):
        begins = place == 0 or minutes[place - 1][0] != weight
        if begins or following != weight:
            continue
        for side, share, events in (
            (sides[0], weight / 100.0, own),
            (sides[1], 1.0 - weight / 100.0, calls - own),
        ):
            beyond = [share + 0.02 + step for step in (0.0, *log_spaced(0.005, 0.30, 12))]
            hypotheses = binomial_hypotheses([min(each, 1.0 - 1e-6) for each in beyond])
            side.add_sums(events, calls, events * events / calls, hypotheses)
            side.update_largest(events, calls, hypotheses)
            side.minutes += 1.0
    return max(side.evidence for side in sides)


@given(
    seed=st.integers(0, 10**6),
    off=st.sampled_from([0.0, 0.05, -0.1]),
    weights=st.sampled_from([(50.0,), (10.0, 50.0), (50.0, 20.0, 50.0)]),
)
@settings(max_examples=50, deadline=None)
def test_sums_give_the_evidence_of_single_minutes(seed, off, weights):
    minutes = list(drawn(seed, off=off, weights=weights))
    ratio = ratio_of(
        minute(at, weight=weight, calls=calls, own=own) for at, (weight, calls, own) in enumerate(minutes)
    )
    assert log(ratio.evidence) == pytest.approx(log(by_single_minutes(minutes)), rel=1e-6, abs=1e-6)
    assert ratio.reaches(4000.0) == (ratio.evidence >= 4000.0)


def test_before_ten_minutes_there_is_no_evidence():
    few = ratio_of(minute(at, weight=50.0, calls=100, own=100) for at in range(10))
    assert (few.evidence, few.reaches(1.0)) == (0.0, False)
    enough = ratio_of(minute(at, weight=50.0, calls=100, own=100) for at in range(12))
    assert enough.reaches(4000.0)


def test_a_variant_with_all_the_weight_cannot_exceed_its_share():
    all_of_it = ratio_of(minute(at, weight=100.0, calls=100, own=100) for at in range(60))
    assert all_of_it.evidence < 1.0
    next_to_nothing = ratio_of(minute(at, weight=100.0, calls=100, own=80) for at in range(60))
    assert next_to_nothing.reaches(4000.0)


def test_minutes_without_weights_or_invocations_do_not_count():
    ratio = ratio_of(
        [
            Minute(0, {"A": Counts(invocations=5), "B": Counts(invocations=5)}),
            Minute(1, {"A": Counts(weight=50.0), "B": Counts(weight=50.0)}),
            Minute(2, {"A": Counts(weight=50.0, invocations=5)}),
            Minute(3, {"A": Counts(weight=0.0, invocations=5), "B": Counts(weight=0.0, invocations=5)}),
        ]
    )
    assert ratio.state == SampleRatioTest("B", ["A", "B"]).state
