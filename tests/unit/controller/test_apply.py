"""How the writes of a step are sent, and what each answer of AWS becomes."""

import logging

import pytest

from sagemaker_ab.api.conditions import Reason
from sagemaker_ab.controller.apply import Outcome, Refused, apply
from sagemaker_ab.controller.memory import Memory
from sagemaker_ab.kube.keys import Key
from sagemaker_ab.planning import commands
from sagemaker_ab.planning.problem import Problem
from sagemaker_ab.planning.steps import Step, StepKind
from sandbox.aws.inprocess import InProcessAws
from tests.unit.planning.worlds import spec, want

BUSY = {"error": {"code": "ValidationException", "text": 'Cannot update in-progress endpoint "arn".'}}
DENIED = {"error": {"code": "AccessDeniedException", "text": "not authorized"}}
EXISTS = {"error": {"code": "ValidationException", "text": 'Cannot create already existing model "arn".'}}
GONE = {"error": {"code": "ValidationException", "text": 'Could not find model "arn".'}}
SAME = {
    "error": {
        "code": "ValidationException",
        "text": 'Cannot update endpoint with the currently in use endpoint configuration "c"',
    }
}
THROTTLED = {"error": {"code": "ThrottlingException", "text": "Rate exceeded"}}


class Clock:
    time = 1000.0

    def now(self):
        return self.time


class Context:
    """What a step needs of a reconcile, and the clients that it is sent with."""

    key = Key("ml", "reviews")
    generation = 3

    def __init__(self):
        self.sim = InProcessAws(stale_reads=False, lost_answers=False)
        self.clock = Clock()
        self.sagemaker_writes = self.sim.client("sagemaker")
        self.autoscaling_writes = self.sim.client("application-autoscaling")
        self.cloudwatch_writes = self.sim.client("cloudwatch")
        self.memory = Memory()
        self.age_seconds = 0.0
        self.events = []

    def record_event(self, kind, reason, message):
        self.events.append((kind, reason, message))

    def apply(self, *sent, kind=StepKind.COLLECT_GARBAGE, **changes):
        return apply(self, self, Step(kind, sent, **changes))

    def answers(self, effect, operation, count=1):
        self.sim.fault(effect, match={"operation": operation}, count=count)

    @property
    def calls(self):
        return [call["operation"] for call in self.sim.calls()]


@pytest.fixture
def context():
    return Context()


def creations():
    return [commands.create_model(model, {}) for model in want(spec()).models]


FIRST, SECOND = "reviews-bert-a-1fef6cc901", "reviews-bert-b-8265f1a70f"


def test_writes_that_aws_accepts_are_events_and_lines_in_the_log(context, caplog):
    with caplog.at_level(logging.INFO, logger="sagemaker_ab.controller.apply"):
        outcome = context.apply(*creations(), kind=StepKind.CREATE_MODELS)

    assert outcome is Outcome.ACCEPTED
    assert context.calls == ["CreateModel", "CreateModel"]
    assert context.events == [
        ("Normal", "CreateModels", f"Create model {FIRST}"),
        ("Normal", "CreateModels", f"Create model {SECOND}"),
    ]
    assert caplog.messages == [f"ml/reviews: create model {FIRST}", f"ml/reviews: create model {SECOND}"]


def test_a_refusal_ends_the_step_and_is_a_line_in_the_log(context, caplog):
    context.answers(DENIED, "CreateModel")
    with caplog.at_level(logging.INFO, logger="sagemaker_ab.controller.apply"):
        outcome = context.apply(*creations())

    assert isinstance(outcome, Refused)
    assert outcome.command.request["ModelName"] == FIRST
    message = f"AWS refused to create model {FIRST}: not authorized"
    assert outcome.problem == Problem(Reason.ACCESS_DENIED, message)
    assert context.calls == ["CreateModel"]
    assert context.events == []
    assert caplog.messages == [f"ml/reviews: could not create model {FIRST}: not authorized"]


def test_a_refused_write_may_be_sent_again_at_once(context):
    context.answers(DENIED, "CreateModel")
    context.apply(*creations())

    assert context.apply(*creations()) is Outcome.ACCEPTED


def test_a_transient_failure_counts_as_stalled_after_ten_in_a_row(context):
    command = commands.delete_model("m")
    context.answers(THROTTLED, "DeleteModel", count=None)
    assert not context.apply(command).problem.stalled

    for _ in range(10):
        context.memory.record_problem(command.subject, Problem(Reason.RETRYING, "…"), retry_at=0.0)
    assert context.apply(command).problem.stalled


@pytest.mark.parametrize("effect", [BUSY, SAME], ids=["busy", "the same config"])
def test_what_takes_no_effect_now_is_no_refusal(context, effect):
    context.answers(effect, "DeleteModel")
    command = commands.delete_model("m")

    assert context.apply(command) is Outcome.BUSY
    assert context.events == []
    assert context.memory.unsent([command], now=1000.0) == [command]


def test_a_write_whose_answer_is_lost_ends_the_step_and_is_not_sent_again_soon(context):
    context.answers({"drop": "before"}, "CreateModel")

    assert context.apply(*creations()) is Outcome.UNKNOWN
    assert context.apply(*creations()) is Outcome.UNKNOWN
    assert context.calls == ["CreateModel"]

    context.clock.time += 30
    assert context.apply(*creations()) is Outcome.ACCEPTED


def test_what_exists_already_took_effect(context):
    context.answers(EXISTS, "CreateModel")

    assert context.apply(*creations()) is Outcome.ACCEPTED
    assert context.events == [("Normal", "CollectGarbage", f"Create model {SECOND}")]


def test_what_was_deleted_already_took_effect(context):
    context.answers(GONE, "DeleteModel")

    assert context.apply(commands.delete_model("m")) is Outcome.ACCEPTED
    assert context.events == []


def test_what_is_not_found_while_it_is_to_be_changed_is_a_problem(context):
    context.answers(GONE, "UpdateEndpoint")

    outcome = context.apply(commands.update_endpoint(want(spec())))
    assert isinstance(outcome, Refused)
    assert outcome.problem.transient


def test_a_write_that_took_effect_has_no_problem_any_more(context):
    command = commands.delete_model("m")
    context.answers(GONE, "DeleteModel", count=None)
    for kind, failures in ((StepKind.SHIFT_WEIGHTS, 1), (StepKind.COLLECT_GARBAGE, 0)):
        context.memory = Memory()
        context.memory.record_problem(command.subject, Problem(Reason.REFUSED, "…"), retry_at=0.0)
        context.apply(command, kind=kind)
        assert context.memory.failures(command.subject) == failures


def test_a_write_is_remembered_with_its_time_and_its_generation(context):
    context.apply(*creations())

    assert not context.memory.awaiting_effect(3, 1000.0)
    assert context.memory.awaiting_effect(4, 1000.0)
    assert context.memory.awaiting_consistency(1029.0)
    assert not context.memory.awaiting_consistency(1030.0)


@pytest.mark.parametrize(
    ("valid_until", "age", "sent"),
    [(1000.0, 50.0, True), (999.0, 0.0, False), (1000.0, 50.1, False), (None, 3600.0, True)],
    ids=["new enough", "old on AWS's clock", "old on the local clock", "rests on no read"],
)
def test_nothing_is_sent_by_reads_that_are_too_old_on_either_clock(context, valid_until, age, sent):
    context.age_seconds = age
    context.answers(GONE, "DeleteModel")
    outcome = context.apply(commands.delete_model("m"), valid_until=valid_until)

    assert (outcome, context.calls) == (
        (Outcome.ACCEPTED, ["DeleteModel"]) if sent else (Outcome.UNKNOWN, [])
    )


def test_what_was_read_of_a_target_is_not_sent_again_while_reads_may_be_stale(context):
    context.memory.record_sent(commands.deregister_scalable_target("e", "v"), 3, now=1000.0)
    context.answers(GONE, "DeleteModel")
    model = commands.delete_model("m")

    assert context.apply(model, repeats_targets=True) is Outcome.UNKNOWN
    assert context.calls == []
    context.clock.time = 1030.0
    assert context.apply(model, repeats_targets=True) is Outcome.ACCEPTED
    assert context.calls == ["DeleteModel"]


def test_a_step_waits_while_another_write_of_its_operation_is_in_flight(context):
    context.answers(GONE, "DeleteModel", count=2)
    first, second = commands.delete_model("first"), commands.delete_model("second")
    context.apply(first, single_flight=True)

    assert context.apply(second, single_flight=True) is Outcome.UNKNOWN
    assert context.calls == ["DeleteModel"]
    context.clock.time = 1030.0
    assert context.apply(second, single_flight=True) is Outcome.ACCEPTED
    assert context.calls == ["DeleteModel"] * 2


def test_writes_to_other_services_do_not_hold_up_what_was_read_of_a_target(context):
    context.memory.record_sent(commands.delete_model("another"), 3, now=1000.0)
    context.answers(GONE, "DeleteModel")

    assert context.apply(commands.delete_model("m"), repeats_targets=True) is Outcome.ACCEPTED


def with_undo(context):
    """Send two creations of which AWS refuses the second; the first one is undone by a deletion."""
    context.sim.fault(DENIED, match={"operation": "CreateModel", "nth": 2})
    first, second = creations()
    return context.apply(first, second, undo={first.identity: commands.delete_model(FIRST)})


def test_what_a_step_did_before_a_refusal_is_undone_and_is_an_event(context):
    refused = with_undo(context)

    assert context.calls == ["CreateModel", "CreateModel", "DeleteModel"]
    assert refused.command.request["ModelName"] == SECOND
    assert refused.problem.message == f"AWS refused to create model {SECOND}: not authorized"
    message = f"Delete model {FIRST} again, because AWS refused what it was deleted for"
    assert context.events[1:] == [("Normal", "RestoreScaling", message)]


def test_what_cannot_be_undone_is_part_of_the_problem(context):
    context.answers(DENIED, "DeleteModel")

    assert with_undo(context).problem.message == (
        f"AWS refused to create model {SECOND}: not authorized."
        f" It also refused to delete model {FIRST} again: not authorized"
    )


def test_what_did_not_take_effect_is_not_undone(context):
    context.answers(DENIED, "CreateModel")
    first, second = creations()
    context.apply(first, second, undo={first.identity: commands.delete_model(FIRST)})

    assert context.calls == ["CreateModel"]


def test_an_undo_whose_answer_is_lost_is_no_refusal(context):
    context.answers({"drop": "after"}, "DeleteModel")

    assert "also" not in with_undo(context).problem.message
