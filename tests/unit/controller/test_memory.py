"""What a process remembers of a resource, between passes that go wrong."""

from sagemaker_ab.api.conditions import Reason
from sagemaker_ab.controller.backoff import spread, until_resync, until_retry
from sagemaker_ab.controller.memory import Memory
from sagemaker_ab.controller.settings import Settings
from sagemaker_ab.planning.problem import Trouble

TROUBLE = Trouble(Reason.REFUSED, "words")
PASSING = Trouble(Reason.RETRYING, "words", stalled=False)
MATTER = "a phase"


def met(memory, times=1):
    for _ in range(times):
        memory.note_setback(MATTER, TROUBLE, quiet_until=100.0)
    return memory.failures(MATTER)


def test_setbacks_add_up_while_the_same_wish_waits_for_an_answer():
    """Else a resource whose first reads all fail would never say so, and never wait longer."""
    memory = Memory()
    for _ in range(3):
        memory.note_wish(1, None)
        met(memory)

    assert memory.failures(MATTER) == 3


def test_a_new_generation_is_faced_as_if_nothing_had_gone_wrong():
    memory = Memory()
    memory.note_wish(1, None)
    met(memory)
    memory.note_wish(2, None)

    assert memory.failures(MATTER) == 0


def test_a_new_request_to_reconcile_is_too():
    memory = Memory()
    memory.note_wish(1, None)
    met(memory)
    memory.note_wish(1, "now")

    assert memory.failures(MATTER) == 0


def test_a_matter_is_left_alone_until_its_time():
    memory = Memory()
    met(memory)

    assert memory.quiet(MATTER, 99.0)
    assert not memory.quiet(MATTER, 100.0)
    assert not memory.quiet("another", 0.0)


def test_what_no_plan_holds_any_more_is_forgotten():
    memory = Memory(accepted={MATTER, "another"})
    met(memory)
    memory.keep_only({"another"})

    assert memory.failures(MATTER) == 0
    assert memory.accepted == {"another"}


def test_a_standing_trouble_is_faced_ever_more_slowly_and_never_too_slowly():
    waits = [until_retry(Settings(), TROUBLE, failures) for failures in (1, 3, 20, 5_000)]

    assert 48 <= waits[0] <= 72
    assert 192 <= waits[1] <= 288
    assert all(480 <= wait <= 720 for wait in waits[2:])


def test_a_passing_trouble_is_faced_soon():
    assert until_retry(Settings(), PASSING, 1) <= 6
    assert until_retry(Settings(), PASSING, 5_000) <= 72


def test_nobody_resyncs_in_step_with_others_or_later_than_asked():
    waits = {until_resync(Settings()) for _ in range(50)}

    assert len(waits) > 1
    assert max(waits) <= 60


def test_what_began_together_does_not_come_round_together():
    pauses = [spread(100.0) for _ in range(200)]

    assert all(80 <= pause <= 120 for pause in pauses)
    assert max(pauses) - min(pauses) > 20
