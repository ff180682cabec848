"""From wherever AWS is, and whatever the spec asks for next, passes bring the two together.

Reads are stale, answers get lost, the process forgets everything at any moment, and hardships of every kind
befall the endpoint: faults, statuses, shortages, and other people. When what lasts has been taken back, AWS
comes to hold what the last spec asks for and nothing more; what is somebody else's was not touched, and no
call was refused for a reason that the operator could have known.
"""

import itertools
import os
import random

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from sagemaker_ab.api.resource import RECONCILE_REQUESTED_AT, parse_spec
from sagemaker_ab.planning.desired import desired
from sagemaker_ab.planning.ownership import Owner
from sandbox.aws.inprocess import InProcessAws
from tests.property.hardships import HARDSHIPS, THEIRS, endpoint_of, forget_theirs, state_of
from tests.property.in_process import InProcessOperator
from tests.seeds import SEEDS, blamed
from tests.unit.planning.worlds import AUTOSCALING, spec, with_variant

_DEALT = 6
"""How many hardships a story holds that is not left to chance."""
_EXAMPLES = int(os.environ.get("CONVERGENCE_EXAMPLES", "4"))
_EVERYDAY = "SANDBOX_SEEDS" not in os.environ
"""Plays the same examples each time; ``make seeds`` looks for new ones."""
_UNSHRUNK = (Phase.explicit, Phase.reuse, Phase.generate)
"""Every example plays for seconds: a failure found small would cost more than one read long."""
_UNAVOIDABLE = (
    *("in-progress", "already exist", "Could not find", "variant doesn't exist"),
    *("currently in use", "No scalable target", "in state InService", "is not InService"),
)
"""What a read that is some seconds old, an answer that was lost, and a busy endpoint lead to."""
SPEC = spec()
SPEC["variants"][1] = {k: v for k, v in SPEC["variants"][1].items() if k != "instanceCount"} | {
    "autoscaling": AUTOSCALING
}
CHANGED = with_variant(SPEC, "VariantA", weight=10, instanceCount=2)
CHANGED["models"] = [SPEC["models"][0] | {"revision": "2"}, SPEC["models"][1]]


@st.composite
def specs(draw):
    """Valid specs of one endpoint: one to three variants, some of which scale."""
    names = draw(
        st.lists(st.sampled_from(["VariantA", "VariantB", "VariantC"]), min_size=1, max_size=3, unique=True)
    )
    variants = [draw(_variants(name)) for name in names]
    if not any(variant["weight"] for variant in variants):
        variants[0]["weight"] = 1
    models = spec()["models"]
    revision = draw(st.sampled_from(["", "2"]))
    if revision:
        models[0]["revision"] = revision
    tags = draw(
        st.sampled_from([[], [{"key": "team", "value": "search"}], [{"key": "team", "value": "ads"}]])
    )
    return spec(models=models, variants=variants, tags=tags)


@st.composite
def _variants(draw, name):
    variant = {
        "name": name,
        "model": draw(st.sampled_from(["bert-a", "bert-b"])),
        "instanceType": draw(st.sampled_from(["ml.m5.large", "ml.m5.xlarge"])),
        "weight": draw(st.sampled_from([0, 1, 50, 100])),
    }
    if draw(st.booleans()):
        return variant | {"instanceCount": draw(st.integers(1, 3))}
    bounds = {"minCapacity": draw(st.integers(1, 2)), "maxCapacity": draw(st.integers(2, 4))}
    return variant | {"autoscaling": AUTOSCALING | bounds}


steps = st.one_of(
    st.tuples(st.just("apply"), specs()),
    st.tuples(st.just("passes"), st.integers(1, 12)),
    st.just(("crash", None)),
    st.tuples(st.just("time"), st.sampled_from([5.0, 60.0, 400.0])),
    st.tuples(st.just("befall"), st.sampled_from(sorted(HARDSHIPS))),
    st.tuples(st.just("befall"), st.sampled_from(sorted(HARDSHIPS))),
)


@pytest.mark.parametrize("seed", SEEDS)
def test_passes_converge_from_anywhere(seed):
    failing = []

    @given(first=specs(), story=st.lists(steps, max_size=10))
    @settings(
        max_examples=_EXAMPLES,
        deadline=None,
        derandomize=_EVERYDAY,
        phases=_UNSHRUNK,
        suppress_health_check=[HealthCheck.too_slow],
    )
    def converges(first, story):
        failing[:] = [(first, story)]
        converge(InProcessAws(seed=seed), first, story)

    for story in dealt(seed):
        converges = example(first=SPEC, story=story)(converges)
    try:
        converges()
    except Exception as error:
        error.add_note(blamed(seed, lambda sim: converge(sim, *failing[0])))
        raise


def dealt(seed):
    """Stories upon an endpoint in service that is then to change; those of two seeds hold every hardship."""
    names = sorted(HARDSHIPS)[seed % 2 :: 2]
    random.Random(seed).shuffle(names)
    for at in range(0, len(names), _DEALT):
        hard = [[("befall", name), ("passes", 4)] for name in names[at : at + _DEALT]]
        yield [("passes", 30), *itertools.chain(*hard), ("apply", CHANGED), ("passes", 8)]


def converge(sim, first, story):
    """Play a story, let what lasts be taken back, and hold that AWS becomes as the last spec asks."""
    random.seed(0)  # spreads the waits; equal ones, so that a failure can be played again
    operator = InProcessOperator(sim)
    operator.cluster.apply(first)
    last, lifts, expected = first, [], set(_UNAVOIDABLE)
    for kind, argument in story:
        match kind:
            case "apply":
                last = argument
                operator.cluster.apply(argument)
            case "passes":
                for _ in range(argument):
                    operator.step()
            case "crash":
                operator.crash()
            case "time":
                sim.advance(seconds=argument)
            case "befall":
                expected.update(HARDSHIPS[argument].refusals)
                lifts.append(HARDSHIPS[argument].befall(sim, wanted(last)))

    for lift in filter(None, reversed(lifts)):
        lift()
    ask_again(operator)

    held, asked = aws_holds(sim), what_is_asked(last)
    if ("befall", "models deleted") in story:
        # A fleet that is there needs no model: the next deployment creates it anew.
        assert held.pop("models") <= asked.pop("models")
    assert held == asked
    assert refused(operator, beside=expected) == []

    forget_theirs(sim)
    operator.cluster.delete()
    operator.settle()

    assert sim.state() == {}


def ask_again(operator):
    """Ask until it is done: a deployment that was under way when all was taken back may fail yet."""
    for times in range(3):
        operator.cluster.annotate(**{RECONCILE_REQUESTED_AT: f"time {times}"})
        operator.settle_or_stall()
        if operator.ready:
            return
    operator.settle()


def wanted(spec):
    return desired(parse_spec(spec), owner=Owner("cluster-1", "ml", "reviews", "uid-1"), region="us-east-1")


def what_is_asked(spec):
    asked = wanted(spec)
    return {
        "models": {model.name for model in asked.models},
        "variants": {
            v.name: (v.model_name, v.instance_type, float(v.weight), None if v.scaling else v.instance_count)
            for v in asked.variants
        },
        "targets": {
            v.name: (v.scaling.min_capacity, v.scaling.max_capacity, len(v.scaling.policies))
            for v in asked.variants
            if v.scaling
        },
        "configs": 1,
    }


def aws_holds(sim):
    state, endpoint = state_of(sim), endpoint_of(sim)
    models, configs = (state.get(kind, {}).keys() - {THEIRS} for kind in ("models", "endpointConfigs"))
    targets = {
        resource.rsplit("/", 1)[1]: (target["min"], target["max"], len(target["policies"]))
        for resource, target in state.get("scalableTargets", {}).items()
    }
    return {
        "models": models,
        "variants": {
            name: (
                v["model"],
                v["instanceType"],
                v["currentWeight"],
                None if name in targets else v["currentInstanceCount"],
            )
            for name, v in endpoint["variants"].items()
        },
        "targets": targets,
        "configs": len(configs),
    }


def refused(operator, *, beside):
    """The writes that were refused for a reason that the operator could have known."""
    calls = [call for call in operator.writes() if call["outcome"] == "refused"]
    told = [(call["operation"], f"{call['code']}: {call['message']}") for call in calls]
    return [(operation, text) for operation, text in told if not any(words in text for words in beside)]
