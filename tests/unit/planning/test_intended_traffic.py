"""The plan follows the intended weights, no matter whether the spec or a strategy chose them."""

import pytest

from sagemaker_ab.api.resource import parse_spec
from sagemaker_ab.planning.desired import with_traffic
from sagemaker_ab.planning.intended_traffic import IntendedTraffic, manual_traffic
from sagemaker_ab.planning.observed import ObservedConfig
from sagemaker_ab.planning.state import EndpointState
from sagemaker_ab.planning.steps import StepKind
from tests.unit.planning.worlds import chosen, nothing, operations, planned, request, spec, want, world

PERCENTS = [(100, 0), (90, 10), (1, 99), (0, 100)]


def test_under_manual_the_weights_of_the_spec_are_those_of_a_new_config_too():
    traffic = manual_traffic(parse_spec(spec()))

    assert traffic.weights == traffic.initial_weights == {"VariantA": 50, "VariantB": 50}
    assert (traffic.run, traffic.keeps_capacity, traffic.drained_first) == ("", frozenset(), frozenset())


@pytest.mark.parametrize("percents", PERCENTS)
def test_weights_that_a_run_moves_change_no_name(percents):
    """Whoever changes this name gives every endpoint of every run a new fleet."""
    wanted = want(spec(), traffic=chosen(*percents))

    assert wanted.config_name == "reviews-8e563f059d"
    assert [model.name for model in wanted.models] == [model.name for model in want(spec()).models]
    assert wanted.fingerprint == want(spec()).fingerprint


@pytest.mark.parametrize("percents", PERCENTS)
def test_weights_that_a_run_moves_deploy_nothing(percents):
    live = world(want(spec(), traffic=chosen(100, 0)))

    decided = planned(want(spec(), traffic=chosen(*percents)), live)

    assert decided.state is EndpointState.CURRENT
    assert decided.rollout == ()


def test_a_run_on_an_endpoint_that_manual_deployed_deploys_nothing():
    decided = planned(want(spec(), traffic=chosen(100, 0)), world(want(spec())))

    assert operations(decided) == ["UpdateEndpointWeightsAndCapacities"]


def test_moved_weights_are_one_call_with_all_of_them():
    live = world(want(spec(), traffic=chosen(100, 0)))

    decided = planned(want(spec(), traffic=chosen(90, 10)), live)

    assert request(decided, "UpdateEndpointWeightsAndCapacities")["DesiredWeightsAndCapacities"] == [
        {"VariantName": "VariantA", "DesiredWeight": 90},
        {"VariantName": "VariantB", "DesiredWeight": 10},
    ]


def test_a_new_endpoint_starts_with_the_initial_weights_and_then_gets_the_intended_ones():
    wanted = want(spec(), traffic=chosen(20, 80))
    created = world(want(spec(), traffic=chosen(100, 0)))

    (config,) = [s for s in planned(wanted, nothing()).steps if s.kind is StepKind.CREATE_ENDPOINT_CONFIG]
    weights = [v["InitialVariantWeight"] for v in config.commands[0].request["ProductionVariants"]]

    assert weights == [100, 0]
    assert operations(planned(wanted, created)) == ["UpdateEndpointWeightsAndCapacities"]


def test_a_config_with_other_initial_weights_is_in_use_as_desired():
    manual = want(spec())
    config = ObservedConfig(manual.config_name, manual.config_content)

    assert config.deploys(want(spec(), traffic=chosen(90, 10)))


def test_other_traffic_is_the_only_thing_that_changes_with_it():
    manual, traffic = want(spec()), chosen(90, 10)

    assert with_traffic(manual, traffic) == want(spec(), traffic=traffic)
    assert with_traffic(with_traffic(manual, traffic), manual.traffic) == manual


def contradictory(**members):
    weights = {"VariantA": 90, "VariantB": 10}
    return lambda: IntendedTraffic(**{"weights": weights, "initial_weights": weights, **members})


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (contradictory(initial_weights={"VariantA": 100}), "different variants"),
        (contradictory(weights={"VariantA": 0, "VariantB": 0}), "no variant has a weight"),
        (contradictory(initial_weights={"VariantA": 0, "VariantB": 0}), "no variant has a weight"),
        (contradictory(drained_first=frozenset({"VariantB"})), "VariantB is to be drained, and has a weight"),
        (lambda: chosen(0, 100, drained_first={"VariantA"}), "VariantA is to be drained, and has a weight"),
        (contradictory(keeps_capacity=frozenset({"VariantA"})), "only a run keeps capacity"),
    ],
    ids=["other variants", "no weights", "no initial weights", "drained", "drained later", "kept by nobody"],
)
def test_traffic_that_contradicts_itself_is_refused(made, message):
    with pytest.raises(ValueError, match=message):
        made()
