import threading
from types import SimpleNamespace

from sagemaker_ab.cli.load_run import Request, send


class Runtime:
    """A variant that answers when `gate` opens, and counts how many ask at once."""

    def __init__(self, *, waits_for=1):
        self.waits_for = waits_for
        self.gate = threading.Barrier(waits_for)
        self.asked = 0

    def invoke_endpoint(self, **request):
        self.asked += 1
        self.gate.wait(timeout=10)
        body = SimpleNamespace(read=lambda: b"{}")
        return {"InvokedProductionVariant": request.get("TargetVariant", "VariantA"), "Body": body}


def request(runtime, variant=None):
    return Request(runtime=runtime, endpoint_name="reviews-prod", body=b"{}", variant=variant)


def test_as_many_requests_as_asked_for_are_under_way_at_once():
    runtime = Runtime(waits_for=4)

    outcomes = list(send(request(runtime), times=8, concurrency=4))

    assert [outcome.variant for outcome in outcomes] == ["VariantA"] * 8
    assert all(outcome.error is None and outcome.seconds > 0 for outcome in outcomes)


def test_every_request_names_the_variant_that_was_asked_for():
    outcomes = list(send(request(Runtime(), variant="VariantB"), times=3, concurrency=1))

    assert [outcome.variant for outcome in outcomes] == ["VariantB"] * 3


def test_when_the_caller_stops_the_rest_is_not_sent():
    runtime = Runtime()
    sending = send(request(runtime), times=1000, concurrency=1)

    next(sending)
    sending.close()

    assert runtime.asked < 1000
