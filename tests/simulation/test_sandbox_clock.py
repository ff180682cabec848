"""The virtual clock: it stands, is moved, or runs faster than real time; what is due happens in order."""

from __future__ import annotations

from sandbox.aws.clock import VirtualClock


class RealTime:
    """Real time in a test's hands."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def test_at_speed_zero_time_stands_until_it_is_moved() -> None:
    real = RealTime()
    clock = VirtualClock(start=100, real=real)
    real.seconds = 50
    clock.tick()
    assert clock.now() == 100
    clock.advance(7)
    assert clock.now() == 107


def test_time_runs_as_many_times_as_fast_as_the_speed_says_and_the_speed_may_change() -> None:
    real = RealTime()
    clock = VirtualClock(start=100, speed=60, real=real)
    real.seconds = 2
    clock.tick()
    assert clock.now() == 220
    clock.set_speed(1)
    real.seconds = 5
    clock.tick()
    assert clock.now() == 223
    clock.advance(10)
    real.seconds = 6
    clock.tick()
    assert clock.now() == 234


def test_between_ticks_time_does_not_move() -> None:
    real = RealTime()
    clock = VirtualClock(start=100, speed=60, real=real)
    real.seconds = 1
    assert clock.now() == 100


def test_what_is_due_runs_at_its_own_time_in_order_of_time_and_of_scheduling() -> None:
    clock, seen = VirtualClock(start=0), []
    for when, name in ((5, "b"), (3, "a"), (5, "c"), (9, "late")):
        clock.at(when, lambda name=name: seen.append((name, clock.now())))
    clock.advance(8)
    assert seen == [("a", 3), ("b", 5), ("c", 5)]
    assert clock.now() == 8


def test_what_an_event_schedules_runs_in_the_same_move_if_it_is_due() -> None:
    clock, seen = VirtualClock(start=0), []
    clock.after(1, lambda: clock.after(1, lambda: seen.append(clock.now())))
    clock.advance(5)
    assert seen == [2]


def test_what_is_cancelled_never_runs() -> None:
    clock, seen = VirtualClock(start=0), []
    clock.after(1, lambda: seen.append("kept"))
    clock.after(1, lambda: seen.append("cancelled")).cancel()
    assert clock.next_due() == 1
    clock.advance(5)
    assert seen == ["kept"]
    assert clock.next_due() is None
