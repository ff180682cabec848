"""From wherever AWS is, and whatever the spec asks for next, passes bring the two together.

Reads are stale, answers get lost, the process forgets everything at any moment, and somebody else changes
things in AWS. In the end AWS holds what the last spec asks for and nothing more, and no call was refused for
a reason that the operator could have known.
"""

import os

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from sagemaker_ab.api.resource import parse_spec
from sagemaker_ab.planning.desired import desired
from sagemaker_ab.planning.ownership import Owner
from sandbox.aws.inprocess import InProcessAws
from tests.property.in_process import InProcessOperator
from tests.seeds import SEEDS, blamed
from tests.unit.planning.worlds import AUTOSCALING, spec

_EXAMPLES = int(os.environ.get("CONVERGENCE_EXAMPLES", "12"))
_UNSHRUNK = (Phase.explicit, Phase.reuse, Phase.generate)
"""Every example plays for seconds: a failure found small would cost more than one read long."""
_UNAVOIDABLE = ("in-progress", "already exist", "Could not find", "currently in use", "No scalable target")


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


BY_HAND = [
    {"weights": {"endpoint": "reviews", "variants": {"VariantA": 7.0}}},
    {"counts": {"endpoint": "reviews", "variants": {"VariantA": 3}}},
    {"delete": {"endpoint": "reviews"}},
]

steps = st.one_of(
    st.tuples(st.just("apply"), specs()),
    st.tuples(st.just("passes"), st.integers(1, 12)),
    st.just(("crash", None)),
    st.tuples(st.just("by hand"), st.sampled_from(BY_HAND)),
    st.tuples(st.just("time"), st.sampled_from([5.0, 60.0, 400.0])),
)


@pytest.mark.parametrize("seed", SEEDS)
def test_passes_converge_from_anywhere(seed):
    failing = []

    @given(first=specs(), story=st.lists(steps, max_size=8))
    @settings(
        max_examples=_EXAMPLES,
        deadline=None,
        phases=_UNSHRUNK,
        suppress_health_check=[HealthCheck.too_slow],
    )
    def converges(first, story):
        failing[:] = [(first, story)]
        converge(InProcessAws(seed=seed), first, story)

    try:
        converges()
    except Exception as error:
        error.add_note(blamed(seed, lambda sim: converge(sim, *failing[0])))
        raise


def converge(sim, first, story):
    operator = InProcessOperator(sim)
    operator.cluster.apply(first)
    last = first
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
            case "by hand" if endpoint_of(operator.sim):
                operator.sim.edit(**argument)
            case "time":
                operator.sim.advance(seconds=argument)

    operator.settle()

    assert aws_holds(operator.sim) == what_is_asked(last)
    assert refused_for_good(operator) == []

    operator.cluster.delete()
    operator.settle()

    assert operator.sim.state() == {}


def endpoint_of(sim):
    """The endpoint, if it is in service with the variant that hands reach for."""
    held = sim.state().get("123456789012/us-east-1", {}).get("endpoints", {}).get("reviews")
    return held if held and held["status"] == "InService" and "VariantA" in held["variants"] else None


def what_is_asked(spec):
    wanted = desired(parse_spec(spec), owner=Owner("cluster-1", "ml", "reviews", "uid-1"), region="us-east-1")
    return {
        "models": {model.name for model in wanted.models},
        "variants": {
            v.name: (v.model_name, v.instance_type, float(v.weight), None if v.scaling else v.instance_count)
            for v in wanted.variants
        },
        "targets": {
            v.name: (v.scaling.min_capacity, v.scaling.max_capacity, len(v.scaling.policies))
            for v in wanted.variants
            if v.scaling
        },
        "configs": 1,
    }


def aws_holds(sim):
    state = sim.state()["123456789012/us-east-1"]
    endpoint = state["endpoints"]["reviews"]
    targets = {
        resource.rsplit("/", 1)[1]: (target["min"], target["max"], len(target["policies"]))
        for resource, target in state.get("scalableTargets", {}).items()
    }
    return {
        "models": set(state["models"]),
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
        "configs": len(state["endpointConfigs"]),
    }


def refused_for_good(operator):
    refused = [call for call in operator.writes() if call["outcome"] == "refused"]
    return [
        (call["operation"], call["message"])
        for call in refused
        if not any(text in call["message"] for text in _UNAVOIDABLE)
    ]
