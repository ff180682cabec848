"""AWS's time, whatever a single response says."""

from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
from botocore.hooks import HierarchicalEmitter

from sagemaker_ab.aws.clock import AwsClock, endpoint_time

NOON = 1_767_182_400.0


class Responses:
    """What a client emits when responses arrive; the local clock stands unless `passes` moves it."""

    def __init__(self):
        self._local = 1000.0
        self.clock = AwsClock(local_clock=lambda: self._local)
        self._events = HierarchicalEmitter()
        self.clock.attach(self._events)

    def passes(self, seconds):
        self._local += seconds

    def arrive(self, *times):
        for time in times:
            self.arrive_dated(format_datetime(datetime.fromtimestamp(time, UTC), usegmt=True))

    def arrive_dated(self, date):
        headers = {} if date is None else {"Date": date}
        self._events.emit("response-received.sagemaker.DescribeEndpoint", response_dict={"headers": headers})

    def lose_connection(self):
        self._events.emit("response-received.sagemaker.DescribeEndpoint", response_dict=None)


@pytest.fixture
def aws():
    return Responses()


def test_the_first_response_sets_the_clock(aws):
    aws.arrive(NOON)

    assert aws.clock.now() == NOON


def test_the_clock_goes_on_between_responses(aws):
    aws.arrive(NOON)
    aws.passes(61.5)

    assert aws.clock.now() == NOON + 61


def test_a_moment_of_the_local_clock_is_told_by_the_responses_since(aws):
    began = aws.clock.local_clock()
    aws.passes(30)
    aws.arrive(NOON + 30)

    assert aws.clock.at(began) == NOON


def test_the_clock_follows_aws_after_as_many_responses_as_a_reconcile_gets(aws):
    """In a simulation that runs faster, or after the local clock was suspended."""
    aws.arrive(*[NOON] * 10, *[NOON + 600] * 4)

    assert aws.clock.now() == NOON + 600


@pytest.mark.parametrize("off_by", [7200, -7200])
def test_a_few_responses_with_a_wrong_date_change_nothing(aws, off_by):
    """A clock that takes the newest date would stand still for two hours after it."""
    aws.arrive(*[NOON] * 4, *[NOON + off_by] * 3)
    assert aws.clock.now() == NOON

    aws.passes(5)
    aws.arrive(NOON + 5)
    assert aws.clock.now() == NOON + 5


@pytest.mark.parametrize("date", ["yesterday", "", "Tue, 99 Feb 2026 00:00:00 GMT", None])
def test_a_date_that_is_none_is_ignored(aws, date):
    aws.arrive(NOON)
    aws.arrive_dated(date)
    aws.lose_connection()

    assert aws.clock.now() == NOON


def test_a_large_difference_from_the_local_clock_is_logged_once(aws, caplog):
    aws.arrive(NOON, NOON + 1, NOON + 2)

    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "differ by" in caplog.text


class _Endpoint(BaseHTTPRequestHandler):
    """Refuses whatever is not signed, as AWS does; the date is of the server's own clock."""

    def do_HEAD(self):
        self.send_response_only(403)
        self.send_header("Date", self.server.date)
        self.end_headers()

    def log_message(self, *_):
        """Write nothing to stderr."""


@pytest.fixture
def endpoint():
    """A server that says `date` in its answers, at `url`."""
    with HTTPServer(("127.0.0.1", 0), _Endpoint) as server:
        server.url = f"http://127.0.0.1:{server.server_port}"
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_an_endpoint_says_its_time_even_if_it_refuses_the_request(endpoint):
    endpoint.date = "Wed, 31 Dec 2025 12:00:00 GMT"
    assert endpoint_time(endpoint.url) == datetime(2025, 12, 31, 12, tzinfo=UTC)


def test_without_a_date_or_an_endpoint_there_is_no_time(endpoint):
    endpoint.date = "noon"
    assert endpoint_time(endpoint.url) is None
    assert endpoint_time("http://127.0.0.1:9") is None
    assert endpoint_time("no URL") is None
