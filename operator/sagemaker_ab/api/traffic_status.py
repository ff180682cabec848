"""``status.traffic``: the strategy that sets the weights, and the run that it is in.

A run is one policy applied to the variants of an endpoint, from its start to its outcome. All times are by
the clock of AWS. Rates, ratios and evidence are decimal strings, rounded to what is worth showing.
"""

from typing import Annotated, Final, Literal

from pydantic import Field

from sagemaker_ab.api.fields import LIST_ATOMIC, ApiModel, CutTo, ListMap, Timestamp

MOST_DECISIONS: Final = 10
STATE_LENGTH: Final = 8 * 1024
"""Room for the folded evidence of 4 variants and 4 metrics, and 50 changes of weights."""
COMMANDS: Final = ("approve", "promote", "abort", "hold", "resume", "retry")
"""What people can ask of a run, by annotations of the same names."""

_Count = Annotated[int, Field(ge=0, le=2**53 - 1)]
_Name = Annotated[str, Field(max_length=63)]
_Word = Annotated[str, Field(max_length=64)]
_Words = Annotated[str, CutTo(512)]
_Decimal = Annotated[str, Field(max_length=32, pattern=r"^-?[0-9]+(\.[0-9]+)?$")]
_Percent = Annotated[int, Field(ge=0, le=100)]
RunOutcome = Literal["Promoted", "RolledBack", "Aborted", "Superseded", "EvidenceLost"]
RunId = Annotated[str, Field(max_length=32, pattern=r"^[0-9a-f]{10}-[0-9]+$")]


class VariantWeight(ApiModel):
    """The share of one variant."""

    variant: _Name
    """The name of the variant."""

    percent: _Percent
    """The share in percent."""


class StepStatus(ApiModel):
    """The current step of a run."""

    number: Annotated[int, Field(ge=1, le=20)]
    """The number of the step, counted from 1."""

    of: Annotated[int, Field(ge=1, le=20)]
    """The number of steps."""

    percent: _Percent
    """The share of the candidate in this step, in percent."""

    since: Timestamp
    """The time at which the step started."""

    applied_since: Timestamp | None = None
    """The time since which the share is in force and the hold of the step counts. Absent before it is."""


class Quantiles(ApiModel):
    """A forecast: what half of all such runs need, and what 80% of them need."""

    half: _Count
    """What half of the runs need at most."""

    most: _Count
    """What 80% of the runs need at most."""


class Interval(ApiModel):
    """A confidence interval of the ratio. An end that is not bounded yet is absent."""

    lower: _Decimal | None = None
    """The lower end."""

    upper: _Decimal | None = None
    """The upper end."""


class ComparisonStatus(ApiModel):
    """The candidate compared with the baseline in one metric."""

    metric: _Word
    """The metric."""

    variant: _Name
    """The variant that is compared with the baseline."""

    baseline_value: _Decimal | None = None
    """The value of the baseline: a rate, or for Latency the average in microseconds."""

    value: _Decimal | None = None
    """The value of the variant: a rate, or for Latency the average in microseconds."""

    ratio: _Decimal | None = None
    """The estimated ratio of the variant to the baseline."""

    interval: Interval | None = None
    """The confidence interval of the ratio."""

    evidence_log10: _Decimal | None = None
    """The evidence that the variant is worse than allowed, as a power of ten."""

    needed_log10: _Decimal | None = None
    """The evidence of a breach, as a power of ten."""

    requests_needed: Quantiles | None = None
    """The further requests of the variant until the evidence that the step needs is there."""

    seconds_needed: Quantiles | None = None
    """The further seconds until the evidence that the step needs is there."""


class Gate(ApiModel):
    """What must hold before the run goes on to its next step."""

    name: Literal["minDuration", "minRequests", "guardrails", "sampleRatio", "dataFresh", "approval"]
    """The name of the gate."""

    state: Literal["Satisfied", "Waiting", "Blocked"]
    """Satisfied; Waiting: time, traffic or a person will satisfy it; Blocked: it keeps the run from going on
    until its cause passes.
    """

    message: _Words
    """The state in words, with its number."""

    value: _Decimal | None = None
    """The number now: requests, seconds, or evidence as a power of ten."""

    required: _Decimal | None = None
    """The number at which the gate is satisfied; for guardrails and sampleRatio, at which it is blocked."""

    until: Timestamp | None = None
    """The time at which the gate is satisfied, where time alone decides."""


class DecisionStatus(ApiModel):
    """A decision that differs from the one before it."""

    at: Timestamp
    """The minute at which it was taken. The data before it counted."""

    verdict: _Word
    """The verdict: Undecided, Hold, Promote or Rollback."""

    reason: _Word
    """The reason, as in the condition Decided."""

    step: Annotated[int, Field(ge=1, le=20)]
    """The number of the step, counted from 1."""

    percent: _Percent
    """The share of the candidate that was decided, in percent."""

    message: _Words
    """The decision in words, with its numbers."""


class CommandStatus(ApiModel):
    """A command that a person gave by an annotation."""

    command: Literal["approve", "promote", "abort", "hold", "resume", "retry"]
    """The command: the name of the annotation without its prefix."""

    value: Annotated[str, CutTo(63)]
    """The value of the annotation that was consumed."""

    at: Timestamp
    """The time at which the operator consumed it."""

    effect: Literal["Applied", "Refused"]
    """Whether it changed the run. Refused: it names another run or step, or the run cannot follow it."""

    message: _Words
    """The effect in words."""


class DataStatus(ApiModel):
    """The data of the run in CloudWatch."""

    state: Literal["Fresh", "NoTraffic", "Stale", "Absent", "Refused"]
    """Fresh: the newest complete minute is there. NoTraffic: the variants have no requests. Stale: the newest
    minute is older than 15 minutes. Absent: a metric was never seen. Refused: CloudWatch cannot be read.
    """

    message: _Words | None = None
    """The state in words, with what AWS said."""

    since: Timestamp
    """The time at which the operator first saw this state."""


class PreviousRun(ApiModel):
    """The run before the current one, and how it ended."""

    run: RunId
    """The ID of the run."""

    outcome: RunOutcome
    """How it ended."""

    ended_at: Timestamp
    """The time at which it ended."""

    message: _Words
    """Why it ended."""


class TrafficStatus(ApiModel):
    """The strategy that sets the weights of the variants, and the run that it is in."""

    strategy: Annotated[str, Field(max_length=32)]
    """The name of the strategy."""

    mode: Literal["Apply", "Observe"] | None = None
    """Apply: the weights follow the run. Observe: the run decides and reports, and the weights stay."""

    run: RunId | None = None
    """The ID of the run, which commands name. Absent before the first run starts, and under Manual."""

    attempt: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    """The number of the run, counted from 1. It makes the ID unique if a run of the same content follows."""

    started_at: Timestamp | None = None
    """The first minute of the run."""

    baseline: _Name | None = None
    """The variant that the candidate is compared with."""

    candidate: _Name | None = None
    """The variant that gets the traffic step by step."""

    step: StepStatus | None = None
    """The current step; after the outcome, the last one."""

    weights: Annotated[list[VariantWeight], Field(max_length=10), ListMap("variant")] | None = None
    """The weights that the operator keeps in force. Absent under Manual, where the spec has them."""

    outcome: RunOutcome | None = None
    """How the run ended. Absent while it goes on."""

    ended_at: Timestamp | None = None
    """The time at which the run ended."""

    message: _Words | None = None
    """What the run does or waits for, or how it ended."""

    previous: PreviousRun | None = None
    """The run before this one. Absent for the first run, and if status was lost since."""

    patch: Annotated[str, Field(max_length=2048)] | None = None
    """A JSON patch (RFC 6902) of this resource. Committed to the manifest, it makes the outcome permanent and
    moves no weight. Present after a promotion.
    """

    gates: Annotated[list[Gate], Field(max_length=6), ListMap("name")] | None = None
    """What the next step waits for."""

    comparisons: (
        Annotated[list[ComparisonStatus], Field(max_length=15, json_schema_extra=LIST_ATOMIC)] | None
    ) = None
    """The candidate compared with the baseline, one for each guardrail."""

    decisions: (
        Annotated[list[DecisionStatus], Field(max_length=MOST_DECISIONS, json_schema_extra=LIST_ATOMIC)]
        | None
    ) = None
    """The last decisions, the newest last."""

    commands: Annotated[list[CommandStatus], Field(max_length=6), ListMap("command")] | None = None
    """The commands whose annotations are on the resource, and their effects."""

    held: bool | None = None
    """True while a person holds the run."""

    approved_steps: (
        Annotated[
            list[Annotated[int, Field(ge=1, le=20)]],
            Field(max_length=20, json_schema_extra={"x-kubernetes-list-type": "set"}),
        ]
        | None
    ) = None
    """The numbers of the steps that a person approved."""

    data: DataStatus | None = None
    """The data of the run in CloudWatch."""

    watermark: Timestamp | None = None
    """The minute up to which `state` holds the evidence. Later minutes are read from CloudWatch again."""

    state: Annotated[str, Field(max_length=STATE_LENGTH)] | None = None
    """The evidence of the run and its verified weights, for the operator alone."""
