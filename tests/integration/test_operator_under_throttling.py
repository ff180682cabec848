"""The operator gets where it should with the smallest buckets that AWS may give it."""

from collections import Counter

from sandbox.aws.inprocess import InProcessAws
from sandbox.aws.ledger import row
from tests.property.in_process import InProcessOperator
from tests.unit.planning.worlds import AUTOSCALING, spec, with_variant

BUCKETS = [variant.value for variant in row("aws.throttle-bucket").variants]
SMALLEST = min(range(len(BUCKETS)), key=lambda number: BUCKETS[number]["rate"])


def test_a_whole_life_passes_with_the_smallest_buckets():
    sim = InProcessAws(throttling=True, variants={"aws.throttle-bucket": SMALLEST})
    operator = InProcessOperator(sim)
    first = with_variant(spec(), "VariantA", autoscaling=AUTOSCALING, instanceCount=None)
    for wanted in (first, with_variant(spec(), "VariantB", instanceType="ml.m5.xlarge")):
        operator.cluster.apply(wanted)
        operator.settle()
    operator.cluster.delete()
    operator.settle()
    assert sim.state() == {}
    codes = Counter(call["code"] for call in sim.calls())
    assert 0 < codes["ThrottlingException"] < codes["ok"] / 10
