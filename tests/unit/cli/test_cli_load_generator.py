import threading
from types import SimpleNamespace

from sagemaker_ab.cli.load_generator import Request, send_requests


class Runtime:
    """A variant that answers only while `gate` lets it."""

    def __init__(self, gate=lambda: None):
        self.gate = gate
        self.asked = 0

    def invoke_endpoint(self, **request):
        self.asked += 1
        self.gate()
        body = SimpleNamespace(read=lambda: b"{}")
        return {"InvokedProductionVariant": request.get("TargetVariant", "VariantA"), "Body": body}


def request(runtime, variant=None):
    return Request(runtime=runtime, endpoint_name="reviews-prod", body=b"{}", variant=variant)


def test_as_many_requests_as_asked_for_are_under_way_at_once():
    four_at_once = threading.Barrier(4)
    runtime = Runtime(lambda: four_at_once.wait(timeout=10))

    results = list(send_requests(request(runtime), times=8, concurrency=4))

    assert [result.variant for result in results] == ["VariantA"] * 8
    assert all(result.error is None and result.seconds > 0 for result in results)


def test_every_request_names_the_variant_that_was_asked_for():
    results = list(send_requests(request(Runtime(), variant="VariantB"), times=3, concurrency=1))

    assert [result.variant for result in results] == ["VariantB"] * 3


def test_when_the_caller_stops_the_rest_is_neither_sent_nor_awaited():
    permits = threading.Semaphore(1)
    runtime = Runtime(permits.acquire)
    sending = send_requests(request(runtime), times=1000, concurrency=1)

    next(sending)
    sending.close()
    permits.release(1000)

    assert runtime.asked <= 2


def test_a_very_long_load_begins_at_once():
    """Only what is under way is kept, so that the first result does not wait for a million orders."""
    sending = send_requests(request(Runtime()), times=10**9, concurrency=2)

    assert next(sending).variant == "VariantA"
    sending.close()
