"""What trouble with AWS costs, and how it is told: against the simulated AWS, in process."""

from tests.integration.test_steering import settled


def denied(operation):
    fault = {"error": {"code": "AccessDeniedException", "text": f"not authorized: {operation}", "http": 400}}
    return {"effect": fault, "match": {"operation": operation}}


def test_a_listing_that_fails_once_does_not_hold_up_a_deletion():
    operator = settled()
    operator.sim.fault(**denied("ListModels"), count=1)
    operator.cluster.delete()

    operator.settle(passes=60)

    assert operator.cluster.resource is None
    assert operator.sim.state() == {}
