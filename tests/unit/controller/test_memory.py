"""What a process remembers of a resource between reconciles that fail."""

import itertools

from sagemaker_ab.api.conditions import Reason
from sagemaker_ab.controller.backoff import Backoff, jittered, jittered_below
from sagemaker_ab.controller.memory import Memory
from sagemaker_ab.planning.commands import delete_model, update_weights
from sagemaker_ab.planning.problem import Problem
from sagemaker_ab.planning.steps import Step, StepKind

PROBLEM = Problem(Reason.REFUSED, "words")
STEP = Step(StepKind.COLLECT_GARBAGE, (delete_model("one"),))
ANOTHER = Step(StepKind.COLLECT_GARBAGE, (delete_model("another"),))
SUBJECT = STEP.identity


def met(memory, times=1):
    for _ in range(times):
        memory.record_problem(SUBJECT, PROBLEM, retry_at=100.0)
    return memory.failures(SUBJECT)


def test_failures_add_up_while_the_same_request_waits_for_an_answer():
    """Otherwise a resource whose first reads all fail would never report it, and never wait longer."""
    memory = Memory()
    for _ in range(3):
        memory.honor(1, None)
        met(memory)

    assert memory.failures(SUBJECT) == 3


def test_a_new_generation_clears_all_failures():
    memory = Memory()
    memory.honor(1, None)
    met(memory)
    memory.honor(2, None)

    assert memory.failures(SUBJECT) == 0


def test_a_new_reconcile_request_clears_all_failures():
    memory = Memory()
    memory.honor(1, None)
    met(memory)
    memory.honor(1, "now")

    assert memory.failures(SUBJECT) == 0


def test_a_request_that_is_read_again_after_the_status_was_lost_clears_nothing():
    memory = Memory()
    memory.honor(1, "now")
    memory.honor(1, None)
    memory.record_problem("subject", PROBLEM, retry_at=10.0)
    memory.honor(1, "now")

    assert memory.failures("subject") == 1
    memory.honor(1, "later")
    assert memory.failures("subject") == 0


def test_a_subject_is_in_backoff_until_its_time():
    memory = Memory()
    met(memory)

    assert memory.in_backoff(SUBJECT, 99.0)
    assert not memory.in_backoff(SUBJECT, 100.0)
    assert not memory.in_backoff("another", 0.0)


def test_what_the_plan_no_longer_contains_is_forgotten():
    memory = Memory()
    memory.record_accepted(STEP)
    memory.record_accepted(ANOTHER)
    met(memory)
    memory.keep_only([ANOTHER])

    assert memory.failures(SUBJECT) == 0
    assert memory.take_rolled_back([STEP, ANOTHER], now=0.0) == [ANOTHER]


def test_a_step_that_is_pending_again_is_rolled_back_once():
    memory = Memory()
    memory.record_accepted(STEP)

    assert memory.take_rolled_back([STEP], now=0.0) == [STEP]
    assert memory.take_rolled_back([STEP], now=0.0) == []


def test_a_command_that_was_sent_is_not_sent_again_until_reads_show_it():
    memory, (command,) = Memory(), STEP.commands
    memory.record_sent(command, 1, now=0.0)

    assert memory.unsent([command], now=29.0) == []
    assert memory.unsent([command], now=30.0) == [command]


def test_a_refused_command_may_be_sent_again_at_once():
    memory, (command,) = Memory(), STEP.commands
    memory.record_sent(command, 1, now=0.0)
    memory.record_refused(command)

    assert memory.unsent([command], now=0.0) == [command]
    assert not memory.awaiting_consistency(now=0.0)


def test_what_comes_after_a_command_that_was_just_sent_waits_for_it():
    memory, (first,), (second,) = Memory(), STEP.commands, ANOTHER.commands
    memory.record_sent(first, 1, now=0.0)

    assert memory.unsent([first, second], now=0.0) == []
    assert memory.unsent([second, first], now=0.0) == [second]


def test_a_read_may_be_older_than_a_write_for_another_generation_or_one_that_may_be_rolled_back():
    memory, (command,) = Memory(), STEP.commands
    memory.record_sent(command, 1, now=0.0)

    assert not memory.awaiting_effect(1, now=0.0)
    assert memory.awaiting_effect(2, now=0.0)
    memory.record_accepted(STEP)
    assert memory.awaiting_effect(1, now=29.0)
    assert not memory.awaiting_effect(1, now=30.0)
    assert not memory.awaiting_effect(2, now=30.0)


def test_gaps_double_with_each_failure_up_to_the_slowest():
    gaps = [Backoff(60, 600).seconds(failures) for failures in (1, 3, 20, 5_000)]

    assert 48 <= gaps[0] <= 72
    assert 192 <= gaps[1] <= 288
    assert all(480 <= gap <= 720 for gap in gaps[2:])


def test_gaps_have_no_end():
    gaps = [*itertools.islice(Backoff(1, 4), 1000)]

    assert [0.8 <= gaps[0] <= 1.2, 1.6 <= gaps[1] <= 2.4] == [True, True]
    assert all(3.2 <= gap <= 4.8 for gap in gaps[2:])


def test_no_resource_resyncs_in_step_with_others_or_later_than_asked():
    waits = {jittered_below(60.0) for _ in range(50)}

    assert len(waits) > 1
    assert max(waits) <= 60


def test_what_began_together_does_not_come_round_together():
    pauses = [jittered(100.0) for _ in range(200)]

    assert all(80 <= pause <= 120 for pause in pauses)
    assert max(pauses) - min(pauses) > 20


WEIGHTS = "UpdateEndpointWeightsAndCapacities"


def test_a_write_is_in_flight_until_reads_can_show_it():
    memory = Memory()
    memory.start(0.0)
    memory.record_sent(update_weights("reviews", {"VariantA": 90}), 1, 1000.0)

    assert memory.in_flight(WEIGHTS, 1029.0)
    assert not memory.in_flight("DeleteModel", 1029.0)
    assert not memory.in_flight(WEIGHTS, 1030.0)


def test_a_write_that_aws_refused_is_not_in_flight():
    memory = Memory()
    memory.start(0.0)
    sent = update_weights("reviews", {"VariantA": 90})
    memory.record_sent(sent, 1, 1000.0)
    memory.record_refused(sent)

    assert not memory.in_flight(WEIGHTS, 1001.0)


def test_a_process_that_has_just_started_does_not_know_what_is_in_flight():
    """The one before it may have been killed right after it sent a write."""
    memory = Memory()
    for now in (1000.0, 1020.0):
        memory.start(now)

    assert memory.in_flight(WEIGHTS, 1029.0)
    assert not memory.in_flight(WEIGHTS, 1030.0)
