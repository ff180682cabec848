"""An autoscaled variant gets at most twice its share in ten minutes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagemaker_ab.planning.share_growth import DOUBLING_SECONDS, limit_growth

SINCE = 1_700_000_000.0
LATER = SINCE + DOUBLING_SECONDS


def pair(candidate):
    return {"VariantA": 100 - candidate, "VariantB": candidate}


def limited(current, target, *, autoscaled=("VariantB",), first=25, now=LATER):
    return limit_growth(current, target, autoscaled=autoscaled, first=first, since=SINCE, now=now)


@pytest.mark.parametrize(
    ("current", "target", "following"),
    [(5, 10, 10), (5, 9, 9), (5, 11, 10), (5, 100, 10), (1, 100, 2), (50, 100, 100), (49, 100, 98)],
)
def test_after_ten_minutes_a_share_may_double(current, target, following):
    assert limited(pair(current), pair(target)) == pair(following)


@pytest.mark.parametrize("target", [6, 10, 100])
def test_before_that_it_stays(target):
    assert limited(pair(5), pair(target), now=LATER - 1) == pair(5)


def test_a_share_that_has_waited_longer_does_not_grow_faster():
    """The autoscaler has had no reason to add instances meanwhile."""
    assert limited(pair(5), pair(100), now=LATER + 3600) == pair(10)


@pytest.mark.parametrize("now", [SINCE, LATER])
def test_the_first_share_is_that_of_the_first_step(now):
    assert limited(pair(0), pair(25), now=now) == pair(25)
    assert limited(pair(0), pair(100), now=now) == pair(25)


def test_a_baseline_that_may_have_scaled_in_gets_its_traffic_back_step_by_step():
    both = ("VariantA", "VariantB")
    assert limited(pair(100), pair(10), autoscaled=both, first=10) == pair(90)
    assert limited(pair(90), pair(10), autoscaled=both, first=10) == pair(80)


def test_at_the_target_nothing_changes():
    assert limited(pair(5), pair(5), now=SINCE) == pair(5)


def test_a_variant_with_a_fixed_count_is_not_limited():
    """It does not scale with its traffic, and S1 waits for its instances."""
    assert limited(pair(5), pair(100), autoscaled=(), now=SINCE) == pair(100)


def test_a_share_falls_at_once():
    assert limited(pair(50), pair(0), now=SINCE) == pair(0)


def test_the_variants_that_fall_make_room_in_proportion():
    current = {"A": 60, "B": 30, "C": 10}

    found = limited(current, {"A": 0, "B": 0, "C": 100}, autoscaled=["C"])

    assert found == {"A": 53, "B": 27, "C": 20}


def test_a_variant_that_is_not_limited_rises_while_another_waits():
    current = {"A": 80, "B": 10, "C": 10}

    found = limited(current, {"A": 0, "B": 50, "C": 50}, autoscaled=["C"], now=SINCE + 60)

    assert found == {"A": 40, "B": 50, "C": 10}


@pytest.mark.parametrize("target", [{"VariantA": 100}, {"VariantA": 90, "VariantB": 20}])
def test_weights_that_cannot_follow_are_refused(target):
    with pytest.raises(ValueError, match="does not follow"):
        limited(pair(5), target)


NAMES = ["A", "B", "C", "D"]


@st.composite
def percents(draw):
    """Percents of four variants: the gaps between three cuts of the whole."""
    cuts = sorted(draw(st.lists(st.integers(0, 100), min_size=3, max_size=3)))
    return {name: high - low for name, low, high in zip(NAMES, [0, *cuts], [*cuts, 100], strict=True)}


SCALED = st.sets(st.sampled_from(NAMES))


@given(percents(), percents(), SCALED, st.floats(0, 3 * DOUBLING_SECONDS))
def test_every_step_is_safe(current, target, autoscaled, waited):
    found = limited(current, target, autoscaled=autoscaled, now=SINCE + waited)

    assert sum(found.values()) == 100
    for name, share in found.items():
        low, high = sorted((current[name], target[name]))
        assert low <= share <= high
        if name in autoscaled and current[name]:
            assert share <= max(current[name], target[name] if waited >= DOUBLING_SECONDS else 0)
            assert share <= 2 * current[name]


@given(percents(), percents(), SCALED)
def test_the_target_is_reached(current, target, autoscaled):
    """By six doublings from one percent to all traffic, and one step for shares that do not limit."""
    for _ in range(8):
        if current == target:
            break
        current = limited(current, target, autoscaled=autoscaled)

    assert current == target
