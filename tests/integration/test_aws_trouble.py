"""What trouble with AWS costs, and how it is told: against the simulated AWS, in process."""

from tests.integration.test_steering import settled


def denied(operation):
    fault = {"error": {"code": "AccessDeniedException", "text": f"not authorized: {operation}", "http": 400}}
    return {"effect": fault, "match": {"operation": operation}}


def test_a_listing_that_fails_once_does_not_hold_up_a_deletion():
    operator = settled()
    operator.sim.fault(**denied("ListModels"), count=1)
    operator.cluster.delete()

    operator.settle(reconciles=60)

    assert operator.cluster.resource is None
    assert operator.sim.state() == {}


def test_numbers_that_aws_does_not_give_any_more_are_not_called_available():
    operator = settled()
    tick(operator, until=lambda: operator.cluster.resource["status"].get("metrics"))
    operator.sim.fault(**denied("GetMetricData"), count=None)
    tick(operator, until=lambda: not operator.conditions["MetricsAvailable"].startswith("True"))

    assert operator.conditions["MetricsAvailable"].startswith(
        "False AccessDenied: CloudWatch could not be read"
    )
    assert operator.ready
    assert operator.cluster.resource["status"]["metrics"]


def tick(operator, *, until):
    began = operator.sim.engine.clock.now()
    while not until():
        assert operator.sim.engine.clock.now() - began < 3600
        operator.metrics.tick()
        operator.step()
