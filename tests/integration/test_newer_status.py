"""What a resource reports while its endpoint is in a status that no version of the operator knows."""

from tests.integration.test_steering import passes, settled


def test_an_endpoint_in_an_unknown_status_is_not_ready_until_aws_says_that_it_serves():
    operator = settled()
    status = {"endpoint": "reviews", "status": "Migrating", "newer": True, "seconds": 120}
    operator.sim.edit(status=status)
    operator.step()
    assert operator.conditions["Ready"].startswith("False EndpointFailed")
    assert "that this version does not know" in operator.conditions["Reconciling"]

    passes(operator, 15)
    assert operator.ready
