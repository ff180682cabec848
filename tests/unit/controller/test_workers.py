"""The keeper runs at most one pass for a key at a time, and again when asked or due."""

import asyncio
import threading
from collections import Counter

import pytest

from sagemaker_ab.controller.workers import Keeper
from sagemaker_ab.kube.client import KubernetesError

KEY = ("ml", "reviews")


class Passes:
    """A reconciler whose passes wait to be let go."""

    def __init__(self, *afters):
        self.afters = list(afters)
        self.started = threading.Semaphore(0)
        self.gate = threading.Semaphore(0)
        self.running = Counter()
        self.most_at_once = 0
        self.count = 0
        self.mishaps = []
        self.order = []

    def region_of(self, key):
        return "away" if key[1].startswith("away") else "here"

    def tell(self, key, error):
        self.mishaps.append((key, str(error)))
        raise KubernetesError("the API server does not answer")

    def __call__(self, key):
        self.running[key] += 1
        self.most_at_once = max(self.most_at_once, self.running[key])
        self.count += 1
        self.order.append(key[1])
        self.started.release()
        assert self.gate.acquire(timeout=10)
        self.running[key] -= 1
        after = self.afters.pop(0) if self.afters else None
        if isinstance(after, Exception):
            raise after
        return after

    async def begun(self):
        assert await asyncio.to_thread(self.started.acquire, timeout=10)


def run(passes, story):
    async def told():
        keeper = Keeper(passes, tell_mishap=passes.tell, region_of=passes.region_of, workers=4)
        try:
            await story(keeper)
        finally:
            passes.gate.release(100)
            await keeper.close()

    asyncio.run(told())


def test_many_requests_during_a_pass_are_one_pass_after_it():
    passes = Passes()

    async def story(keeper):
        keeper.enqueue(KEY)
        await passes.begun()
        for _ in range(5):
            keeper.enqueue(KEY)
        passes.gate.release(2)
        await passes.begun()

    run(passes, story)

    assert passes.count == 2
    assert passes.most_at_once == 1


def test_keys_do_not_wait_for_each_other():
    passes = Passes()

    async def story(keeper):
        keeper.enqueue(KEY)
        keeper.enqueue(("ml", "other"))
        await passes.begun()
        await passes.begun()

    run(passes, story)

    assert passes.count == 2


def test_a_pass_says_when_the_next_one_is_due():
    passes = Passes(0.001)

    async def story(keeper):
        keeper.enqueue(KEY)
        passes.gate.release(2)
        await passes.begun()
        await passes.begun()

    run(passes, story)

    assert passes.count == 2


def test_a_bug_in_one_pass_is_told_and_stops_nobody(caplog):
    passes = Passes(RuntimeError("boom"))

    async def story(keeper):
        keeper.enqueue(KEY)
        passes.gate.release(2)
        await passes.begun()
        keeper.enqueue(KEY)
        await passes.begun()

    run(passes, story)

    assert passes.count == 2
    assert passes.mishaps == [(KEY, "boom")]
    assert "this is a bug" in caplog.text
    assert "the API server does not answer" in caplog.text


@pytest.mark.parametrize("after", [60.0, None])
def test_closing_waits_for_the_pass_that_runs_and_starts_no_other(after):
    passes = Passes(after)

    async def story(keeper):
        keeper.enqueue(KEY)
        await passes.begun()
        keeper.enqueue(KEY)

    run(passes, story)

    assert passes.count == 1
    assert not passes.running[KEY]


def test_closing_forgets_the_passes_that_wait_for_a_worker():
    passes = Passes()

    async def story(keeper):
        for number in range(50):
            keeper.enqueue(("ml", str(number)))
        await passes.begun()
        closing = asyncio.create_task(keeper.close())
        await asyncio.sleep(0)
        passes.gate.release(100)
        await closing

    run(passes, story)

    assert passes.count <= 4


def test_a_region_whose_passes_hang_leaves_workers_to_the_others():
    passes = Passes()

    async def story(keeper):
        for number in range(8):
            keeper.enqueue(("ml", f"away-{number}"))
        for _ in range(3):
            await passes.begun()
        keeper.enqueue(KEY)
        await passes.begun()

    run(passes, story)

    assert "reviews" in passes.order[:4]


def test_a_change_does_not_wait_for_resyncs():
    passes = Passes()

    async def story(keeper):
        for number in range(20):
            keeper.enqueue(("ml", f"resync-{number}"))
        keeper.enqueue(("ml", "resync-19"), urgent=True)
        for _ in range(3):
            await passes.begun()
        passes.gate.release(1)
        await passes.begun()

    run(passes, story)

    assert passes.order[3] == "resync-19"


def test_it_knows_how_long_no_pass_has_ended():
    passes = Passes()

    async def story(keeper):
        before = keeper.idle_seconds
        await asyncio.sleep(0)
        assert keeper.idle_seconds > before >= 0

    run(passes, story)
