"""The comparison of latencies equals an independent computation from the definitions in docs/evidence.md."""

from random import Random

import pytest

from sagemaker_ab.traffic.counts import Counts, Minute
from sagemaker_ab.traffic.evidence.latency_comparison import LatencyComparison

LENGTHS = (10, 30, 90, 270)
WIDTHS = (0.01, 0.1, 1.0)


def drawn(*, minutes, ratio, calls=(40, 15), seed=1):
    """Return (calls, average) of both variants for each minute."""
    random = Random(seed)
    return [
        (
            random.randint(1, 2 * calls[0]),
            random.gauss(50_000, 4000),
            random.randint(1, 2 * calls[1]),
            random.gauss(50_000 * ratio, 6000),
        )
        for _ in range(minutes)
    ]


def comparison(minutes):
    found = LatencyComparison(baseline="A", challenger="B")
    for at, (n_a, average_a, n_b, average_b) in enumerate(minutes):
        a = Counts(invocations=n_a, latency_average_micros=average_a)
        b = Counts(invocations=n_b, latency_average_micros=average_b)
        found.add(Minute(at, {"A": a, "B": b}))
    return found


def blocks(minutes, length, ratio, *, enough=5):
    """Return the scaled sums of a length's closed blocks, without the first, which gives the scale."""
    found, scale, block = [], None, []
    for minute in minutes:
        block.append(minute)
        if len(block) < length or sum(min(n_a, n_b) for n_a, _, n_b, _ in block) < enough:
            continue
        if scale is not None:
            differences = [
                n_a * n_b / (n_a + n_b) * (average_b - ratio * average_a)
                for n_a, average_a, n_b, average_b in block
            ]
            found.append(sum(differences) / scale)
        scale = sum(n_a * average for n_a, average, _, _ in block) / sum(n_a for n_a, _, _, _ in block)
        block = []
    return found


def evidence(y):
    n, total, squares = len(y), sum(y), sum(each * each for each in y)
    factors = [(1 + n * g) ** -0.5 * (1 - g * total**2 / ((1 + n * g) * squares)) ** (-n / 2) for g in WIDTHS]
    return sum(factors) / len(factors)


@pytest.mark.parametrize("ratio", [1.0, 1.1, 1.3])
@pytest.mark.parametrize("seed", [1, 2])
def test_the_evidence_is_the_least_of_all_lengths_with_twelve_blocks(ratio, seed):
    minutes = drawn(minutes=1500, ratio=1.2, seed=seed)
    lengths = [y for length in LENGTHS if len(y := blocks(minutes, length, ratio)) >= 12]
    assert len(lengths) == 3
    found = comparison(minutes).evidence_at(ratio)
    signs = {1 if sum(y) > 0 else -1 for y in lengths}
    assert found.direction == (signs.pop() if len(signs) == 1 else 0)
    if found.direction:
        assert found.evidence == pytest.approx(min(map(evidence, lengths)), rel=1e-9)


def test_the_values_are_the_averages_over_all_calls():
    minutes = drawn(minutes=50, ratio=1.2)
    totals = [
        sum(minute[place] * minute[place + 1] for minute in minutes)
        / sum(minute[place] for minute in minutes)
        for place in (0, 2)
    ]
    assert comparison(minutes).values == pytest.approx(totals)
    assert comparison([]).values == (None, None)


def test_the_estimate_is_the_ratio_of_the_sums_over_blocks_of_ten_minutes():
    minutes = drawn(minutes=209, ratio=1.2)
    difference = sum(blocks(minutes, 10, 1.0))
    baseline = sum(blocks(minutes, 10, 0.0)) - difference
    assert comparison(minutes).estimate == pytest.approx((difference + baseline) / baseline)
    assert comparison(minutes[:19]).estimate is None


def test_a_block_stays_open_until_each_variant_could_have_five_calls():
    """With a call every third minute, a block of ten minutes has five calls after thirteen."""
    sparse = LatencyComparison(baseline="A", challenger="B")
    for at in range(0, 28, 3):
        counts = Counts(invocations=1, latency_average_micros=50_000.0 + at)
        sparse.add(Minute(at, {"A": counts, "B": counts}))
    shortest = sparse.state.lengths[0]
    assert (shortest.closed.n, shortest.scale) == (1, pytest.approx(50_021))
    assert shortest.closed.b == shortest.closed.a == pytest.approx(5 / 2 * 50_021 / 50_006)


@pytest.mark.parametrize(
    "counts",
    [
        Counts(invocations=0, latency_average_micros=5.0),
        Counts(invocations=5),
        Counts(latency_average_micros=5.0),
    ],
)
def test_a_minute_without_calls_or_without_an_average_does_not_count(counts):
    whole = Counts(invocations=5, latency_average_micros=5.0)
    found = LatencyComparison(baseline="A", challenger="B")
    empty = LatencyComparison(baseline="A", challenger="B")
    for minute in ({"A": counts, "B": whole}, {"A": whole, "B": counts}, {"A": whole}, {"B": whole}):
        found.add(Minute(7, minute))
    assert found.state == empty.state
    found.add(Minute(8, {"A": whole, "B": whole}))
    assert found.last_seen == 8


def test_p_is_one_over_the_greatest_evidence_so_far():
    minutes = drawn(minutes=400, ratio=1.4)
    found = comparison(minutes)
    peak = max(comparison(minutes[:end]).evidence_at().evidence for end in range(10, 401, 10))
    assert found.p == pytest.approx(1 / peak)
    assert comparison(minutes[:100]).p == 1.0
