"""A region that does not respond, or whose tick fails, delays no other region."""

import asyncio
import threading

from sagemaker_ab.controller.region_ticks import RegionTicks
from sagemaker_ab.kube.keys import Key

NEAR, FAR = Key("ml", "near"), Key("ml", "far")


class Regions:
    """A monitor of two regions; "far" responds, or fails, when it is let."""

    def __init__(self, *, error=None):
        self.responds = threading.Event()
        self.error = error
        self.ticks = []

    def regions(self):
        return ("far", "near")

    def tick(self, region):
        self.ticks.append(region)
        if region == "near":
            return (NEAR,)
        if self.error:
            raise self.error
        assert self.responds.wait(timeout=60)
        return (FAR,)


async def enqueued(queue, count):
    return [await asyncio.wait_for(queue.get(), timeout=60) for _ in range(count)]


def test_a_region_that_does_not_respond_delays_no_other():
    async def scenario():
        queue, monitor = asyncio.Queue(), Regions()
        ticks = RegionTicks(monitor, queue.put_nowait, seconds=60.0)
        ticks.start()
        ticks.start()
        assert await enqueued(queue, 2) == [NEAR, NEAR]
        monitor.responds.set()
        assert await enqueued(queue, 2) == [FAR, FAR]
        ticks.close()

    asyncio.run(scenario())


def test_a_tick_that_fails_is_logged_and_the_next_one_comes(caplog):
    async def scenario():
        queue, monitor = asyncio.Queue(), Regions(error=RuntimeError("a bug"))
        ticks = RegionTicks(monitor, queue.put_nowait, seconds=0.001)
        running = asyncio.create_task(ticks.run())
        assert await enqueued(queue, 3) == [NEAR] * 3
        assert monitor.ticks.count("far") >= 2
        running.cancel()
        ticks.close()

    asyncio.run(scenario())
    assert "far could not be read; this is a bug" in caplog.text


def test_after_closing_nothing_is_enqueued():
    async def scenario():
        queue, monitor = asyncio.Queue(), Regions()
        ticks = RegionTicks(monitor, queue.put_nowait, seconds=60.0)
        ticks.start()
        assert await enqueued(queue, 1) == [NEAR]
        ticks.close()
        monitor.responds.set()
        await asyncio.gather(*ticks._tasks, return_exceptions=True)
        assert queue.empty()

    asyncio.run(scenario())
