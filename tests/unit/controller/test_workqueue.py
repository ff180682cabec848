"""Urgent keys first, no region more than its share, each region first in first out."""

from sagemaker_ab.controller.workqueue import WorkQueue
from sagemaker_ab.kube.keys import Key


def keys(*names):
    return [Key("ml", name) for name in names]


def taken(queue):
    found = []
    while (key := queue.get()) is not None:
        found.append(key[1])
    return found


def waiting(queue, names, *, region="here", urgent=False):
    for key in keys(*names):
        queue.add(key, region, urgent=urgent)


def test_a_region_has_three_quarters_of_the_workers():
    queue = WorkQueue(4)
    waiting(queue, "abcde")

    assert taken(queue) == ["a", "b", "c"]


def test_a_region_has_no_more_than_that_after_keys_are_done():
    queue = WorkQueue(4)
    waiting(queue, "abc")
    for name in taken(queue):
        queue.done(Key("ml", name))
    waiting(queue, "defgh")

    assert taken(queue) == ["d", "e", "f"]


def test_one_worker_is_enough():
    queue = WorkQueue(1)
    waiting(queue, "ab")

    assert taken(queue) == ["a"]
    queue.done(Key("ml", "a"))
    assert taken(queue) == ["b"]


def test_the_region_with_the_fewest_keys_in_process_is_next():
    queue = WorkQueue(8)
    waiting(queue, "abcdefgh")
    waiting(queue, "xyz", region="there")

    assert taken(queue) == ["a", "x", "b", "y", "c", "z", "d", "e"]


def test_urgent_keys_go_first_in_every_region():
    queue = WorkQueue(4)
    waiting(queue, "abc")
    waiting(queue, "xy", region="there", urgent=True)

    assert taken(queue) == ["x", "y", "a", "b"]


def test_a_queued_key_is_promoted_and_not_queued_twice():
    queue = WorkQueue(2)
    waiting(queue, "ab")
    waiting(queue, "b", region="there", urgent=True)
    waiting(queue, "b")

    assert taken(queue) == ["b", "a"]
    assert queue.processing(Key("ml", "b"))
    queue.done(Key("ml", "b"))
    assert not queue.processing(Key("ml", "b"))
    assert taken(queue) == []


def test_regions_take_turns_even_if_there_is_one_worker():
    queue = WorkQueue(1)
    for name in ("a", "b"):
        queue.add(Key("ml", f"east-{name}"), "us-east-1", urgent=False)
    queue.add(Key("ml", "west"), "us-west-2", urgent=False)
    done = []
    for _ in range(3):
        done.append(queue.get().name)
        queue.done(Key("ml", done[-1]))
        queue.add(Key("ml", done[-1]), "us-west-2" if done[-1] == "west" else "us-east-1", urgent=False)
    assert done == ["east-a", "west", "east-b"]
