"""Workers run at most one reconcile for a key at a time, and again when requested or due."""

import asyncio
import threading
from collections import Counter

import pytest

from sagemaker_ab.controller.workers import Workers
from sagemaker_ab.kube.client import KubernetesError
from sagemaker_ab.kube.keys import Key

KEY = Key("ml", "reviews")


class Reconciles:
    """A reconciler whose reconciles wait for the gate."""

    def __init__(self, *afters):
        self.afters = list(afters)
        self.started = threading.Semaphore(0)
        self.gate = threading.Semaphore(0)
        self.running = Counter()
        self.most_at_once = 0
        self.count = 0
        self.unexpected = []
        self.order = []
        self.threads = set()

    def region_of(self, key):
        return "away" if key[1].startswith("away") else "here"

    def report(self, key, error):
        self.threads.add(threading.current_thread().name)
        self.unexpected.append((key, str(error)))
        raise KubernetesError("the API server does not answer")

    def __call__(self, key):
        self.running[key] += 1
        self.most_at_once = max(self.most_at_once, self.running[key])
        self.count += 1
        self.order.append(key[1])
        self.threads.add(threading.current_thread().name)
        self.started.release()
        assert self.gate.acquire(timeout=10)
        self.running[key] -= 1
        after = self.afters.pop(0) if self.afters else None
        if isinstance(after, Exception):
            raise after
        return after

    async def begun(self):
        assert await asyncio.to_thread(self.started.acquire, timeout=10)


class SkippingLoop(asyncio.SelectorEventLoop):
    """An event loop whose time can be moved on, so that a timer is due at once."""

    skipped = 0.0

    def time(self):
        return super().time() + self.skipped


def run(reconciles, story, *, count=4):
    async def scenario():
        workers = Workers(
            reconciles, report_unexpected=reconciles.report, region_of=reconciles.region_of, workers=count
        )
        try:
            await story(workers)
        finally:
            reconciles.gate.release(100)
            await workers.close()

    with asyncio.Runner(loop_factory=SkippingLoop) as runner:
        runner.run(scenario())


async def an_hour_later():
    """Move the loop's time on, and let it run the timers that are due."""
    asyncio.get_running_loop().skipped += 3601.0
    for _ in range(10):
        await asyncio.sleep(0)


async def ended(workers):
    """Wait until a reconcile has ended."""
    before = workers._last_end
    async with asyncio.timeout(10):
        while workers._last_end == before:  # noqa: ASYNC110  nothing signals the end
            await asyncio.sleep(0)


def test_many_requests_during_a_reconcile_are_one_reconcile_after_it():
    reconciles = Reconciles()

    async def story(workers):
        workers.enqueue(KEY)
        await reconciles.begun()
        for _ in range(5):
            workers.enqueue(KEY)
        reconciles.gate.release(2)
        await reconciles.begun()

    run(reconciles, story)

    assert reconciles.count == 2
    assert reconciles.most_at_once == 1


def test_a_request_during_a_reconcile_is_honored_once_and_before_the_keys_that_wait():
    reconciles = Reconciles()

    async def story(workers):
        workers.enqueue(KEY)
        await reconciles.begun()
        workers.enqueue(Key("ml", "other"))
        workers.enqueue(KEY)
        reconciles.gate.release(3)
        await reconciles.begun()
        await reconciles.begun()

    run(reconciles, story, count=1)

    assert reconciles.order == ["reviews", "reviews", "other"]


def test_a_key_that_is_requeued_at_once_goes_before_the_keys_that_wait():
    reconciles = Reconciles(0)

    async def story(workers):
        workers.enqueue(KEY)
        await reconciles.begun()
        workers.enqueue(Key("ml", "other"))
        reconciles.gate.release(3)
        await reconciles.begun()
        await reconciles.begun()

    run(reconciles, story, count=1)

    assert reconciles.order == ["reviews", "reviews", "other"]


def test_a_request_takes_the_place_of_the_requeue_that_was_due_later():
    reconciles = Reconciles(3600.0)

    async def story(workers):
        workers.enqueue(KEY)
        reconciles.gate.release(3)
        await ended(workers)
        workers.enqueue(KEY)
        await ended(workers)
        await an_hour_later()
        workers.enqueue(Key("ml", "other"))
        await ended(workers)

    run(reconciles, story, count=1)

    assert reconciles.order == ["reviews", "reviews", "other"]


def test_as_many_reconciles_run_at_a_time_as_there_are_workers():
    """More than the threads that Python would start of its own accord."""
    reconciles = Reconciles()

    async def story(workers):
        for number in range(40):
            workers.enqueue(Key("ml", f"here-{number}"))
            workers.enqueue(Key("ml", f"away-{number}"))
        for _ in range(40):
            await reconciles.begun()

    run(reconciles, story, count=40)

    assert reconciles.count == 40


def test_keys_do_not_wait_for_each_other():
    reconciles = Reconciles()

    async def story(workers):
        workers.enqueue(KEY)
        workers.enqueue(Key("ml", "other"))
        await reconciles.begun()
        await reconciles.begun()

    run(reconciles, story)

    assert reconciles.count == 2


def test_a_reconcile_says_when_the_key_is_requeued():
    reconciles = Reconciles(0.001)

    async def story(workers):
        workers.enqueue(KEY)
        reconciles.gate.release(2)
        await reconciles.begun()
        await reconciles.begun()

    run(reconciles, story)

    assert reconciles.count == 2


def test_a_bug_in_one_reconcile_is_reported_and_stops_no_other(caplog):
    reconciles = Reconciles(RuntimeError("boom"))

    async def story(workers):
        workers.enqueue(KEY)
        reconciles.gate.release(2)
        await reconciles.begun()
        workers.enqueue(KEY)
        await reconciles.begun()

    run(reconciles, story)

    assert reconciles.count == 2
    assert reconciles.unexpected == [(KEY, "boom")]
    failed, not_reported = caplog.messages
    assert failed == "ml/reviews: the reconcile failed unexpectedly; this is a bug"
    assert not_reported.startswith("ml/reviews: the error could not be reported in the resource's status: ")
    assert not_reported.endswith("the API server does not answer")


def test_reconciles_and_reports_run_in_the_threads_of_the_workers():
    reconciles = Reconciles(RuntimeError("boom"))

    async def story(workers):
        workers.enqueue(KEY)
        reconciles.gate.release(1)
        await ended(workers)

    run(reconciles, story, count=1)

    assert reconciles.unexpected
    assert reconciles.threads == {"reconcile_0"}


@pytest.mark.parametrize("after", [60.0, None])
def test_closing_waits_for_the_reconcile_that_runs_and_starts_no_other(after, caplog):
    reconciles = Reconciles(after)

    async def story(workers):
        workers.enqueue(KEY)
        await reconciles.begun()
        workers.enqueue(KEY)
        closing = asyncio.create_task(workers.close())
        for _ in range(10):
            await asyncio.sleep(0)
        assert not closing.done()
        reconciles.gate.release(1)
        await closing
        assert not reconciles.running[KEY]

    run(reconciles, story)

    assert reconciles.count == 1
    assert not caplog.messages


def test_a_key_that_was_enqueued_just_before_the_close_is_not_reconciled(caplog):
    reconciles = Reconciles()

    async def story(workers):
        workers.enqueue(KEY)
        await workers.close()

    run(reconciles, story)

    assert reconciles.count == 0
    assert not caplog.messages


def test_closing_forgets_the_keys_that_wait_for_a_worker(caplog):
    reconciles = Reconciles()

    async def story(workers):
        for number in range(50):
            workers.enqueue(Key("ml", str(number)))
        await reconciles.begun()
        closing = asyncio.create_task(workers.close())
        await asyncio.sleep(0)
        reconciles.gate.release(100)
        await closing

    run(reconciles, story)

    assert reconciles.count <= 4
    assert not caplog.messages


def test_closing_drops_the_requeues_that_are_due_later():
    reconciles = Reconciles(3600.0)

    async def story(workers):
        workers.enqueue(KEY)
        reconciles.gate.release(2)
        await ended(workers)
        await workers.close()
        workers.enqueue(KEY)
        await an_hour_later()

    run(reconciles, story)

    assert reconciles.count == 1


def test_a_region_whose_reconciles_hang_leaves_workers_to_the_others():
    reconciles = Reconciles()

    async def story(workers):
        for number in range(8):
            workers.enqueue(Key("ml", f"away-{number}"))
        for _ in range(3):
            await reconciles.begun()
        workers.enqueue(KEY)
        await reconciles.begun()

    run(reconciles, story)

    assert "reviews" in reconciles.order[:4]


def test_a_change_does_not_wait_for_resyncs():
    reconciles = Reconciles()

    async def story(workers):
        for number in range(20):
            workers.enqueue(Key("ml", f"resync-{number}"))
        workers.enqueue(Key("ml", "resync-19"), urgent=True)
        for _ in range(3):
            await reconciles.begun()
        reconciles.gate.release(1)
        await reconciles.begun()

    run(reconciles, story)

    assert reconciles.order[3] == "resync-19"


def test_it_knows_how_long_no_reconcile_has_ended():
    reconciles = Reconciles()

    async def story(workers):
        workers.enqueue(KEY)
        before = workers.idle_seconds
        await reconciles.begun()
        assert workers.idle_seconds > before >= 0
        reconciles.gate.release(1)
        await ended(workers)

    run(reconciles, story)
