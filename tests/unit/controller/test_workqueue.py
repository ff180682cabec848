"""Changes first, no region more than its share, each region first come first served."""

from sagemaker_ab.controller.workqueue import Turns


def keys(*names):
    return [("ml", name) for name in names]


def taken(turns):
    found = []
    while (key := turns.take()) is not None:
        found.append(key[1])
    return found


def waiting(turns, names, *, region="here", urgent=False):
    for key in keys(*names):
        turns.wait(key, region, urgent=urgent)


def test_a_region_has_three_quarters_of_the_workers():
    turns = Turns(4)
    waiting(turns, "abcde")

    assert taken(turns) == ["a", "b", "c"]


def test_one_worker_is_enough():
    turns = Turns(1)
    waiting(turns, "ab")

    assert taken(turns) == ["a"]
    turns.give_back(("ml", "a"))
    assert taken(turns) == ["b"]


def test_the_region_with_the_fewest_passes_is_next():
    turns = Turns(8)
    waiting(turns, "abcdefgh")
    waiting(turns, "xyz", region="there")

    assert taken(turns) == ["a", "x", "b", "y", "c", "z", "d", "e"]


def test_changes_go_first_in_every_region():
    turns = Turns(4)
    waiting(turns, "abc")
    waiting(turns, "xy", region="there", urgent=True)

    assert taken(turns) == ["x", "y", "a", "b"]


def test_who_waits_comes_forward_and_is_not_there_twice():
    turns = Turns(2)
    waiting(turns, "ab")
    waiting(turns, "b", region="there", urgent=True)
    waiting(turns, "b")

    assert taken(turns) == ["b", "a"]
    assert turns.runs(("ml", "b"))
    turns.give_back(("ml", "b"))
    assert not turns.runs(("ml", "b"))
    assert taken(turns) == []
