"""The keeper runs at most one pass for a key at a time, and again when asked or due."""

import asyncio
import threading
from collections import Counter

import pytest

from sagemaker_ab.controller.keeper import Keeper

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

    def __call__(self, key):
        self.running[key] += 1
        self.most_at_once = max(self.most_at_once, self.running[key])
        self.count += 1
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
        keeper = Keeper(passes, workers=4)
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
    assert "this is a bug" in caplog.text


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
