"""What a command will do to a run, in lines that are read before it is confirmed."""

from collections.abc import Iterator, Mapping
from decimal import Decimal

from sagemaker_ab.cli.current_run import CurrentRun
from sagemaker_ab.cli.views.formatting import share, span
from sagemaker_ab.planning.run_preview import CommandPreview
from sagemaker_ab.planning.share_growth import DOUBLING_SECONDS


def preview_lines(preview: CommandPreview, current: CurrentRun) -> Iterator[str]:
    """Yield the run and its step, what will happen, the weights, and the gates that are not satisfied."""
    snapshot, candidate = current.snapshot, current.record.candidate
    yield (
        f"Run {preview.run} of {snapshot.namespace}/{snapshot.name}, "
        f"step {preview.step} of {preview.steps}: {preview.percent}% to {candidate}"
    )
    if snapshot.status.observed_generation < snapshot.generation:
        yield "The operator has not acted on the newest spec yet, which may start another run."
    if preview.already:
        yield f"Nothing to do: {_already(preview)}."
        return
    yield f"{preview.command}: {_sentence(preview, current)}"
    yield f"weights: {_weights(preview, current)}"
    if preview.weights is not None and preview.command in {"approve", "promote"}:
        yield from _growth(current)
    yield from _gates(preview)


def _already(preview: CommandPreview) -> str:
    match preview.command:
        case "hold":
            return "the run is held already"
        case "promote":
            return "the candidate is promoted already, and gets all the traffic"
    return f"step {preview.step} is approved already"


def _sentence(preview: CommandPreview, current: CurrentRun) -> str:
    record = current.record
    observes = record.observes
    match preview.command:
        case "approve" if preview.step >= preview.steps:
            return f"step {preview.step} is approved, the last one. The run then ends as Promoted."
        case "approve":
            return f"step {preview.step} is approved. Step {preview.step + 1} can start."
        case "promote" if observes:
            return "the run ends as Promoted."
        case "promote":
            return f"{record.candidate} gets all the traffic, and the run ends as Promoted once it has it."
        case "abort":
            moves = "" if observes else f" {record.baseline} gets all the traffic at once."
            return f"the run ends as Aborted.{moves}"
        case "hold" if observes:
            return "the run stays in its step until it is resumed. A rollback still ends it."
        case "hold":
            return "the weights stay until the run is resumed. A rollback still happens."
        case "retry":
            return f"another run starts at step 1. Run {preview.run} ended as {record.outcome}."
    return f"the run goes on with step {preview.step}."


def _weights(preview: CommandPreview, current: CurrentRun) -> str:
    before = _serving(current)
    if preview.weights is None:
        stay = ", ".join(f"{name} {percent}" for name, percent in before.items())
        return f"{stay}; they stay{', because the mode is Observe' if current.record.observes else ''}"
    after = {name: f"{percent}%" for name, percent in preview.weights.items()}
    return ", ".join(f"{name} {before.get(name, '0%')} → {percent}" for name, percent in after.items())


def _serving(current: CurrentRun) -> Mapping[str, str]:
    """Return the shares of the traffic that AWS reported last."""
    weights = {
        each.name: Decimal(each.current_weight)
        for each in current.snapshot.status.variants or ()
        if each.current_weight is not None
    }
    total = sum(weights.values(), Decimal())
    return {name: share(weight, total=total) for name, weight in weights.items()}


def _growth(current: CurrentRun) -> Iterator[str]:
    candidate = current.record.candidate
    if current.snapshot.autoscaling(candidate) is not None:
        time = span(DOUBLING_SECONDS)
        yield f"{candidate} autoscales, so its share at most doubles in {time} until it is reached."


def _gates(preview: CommandPreview) -> Iterator[str]:
    if not preview.unmet:
        return
    overridden = preview.command == "promote"
    yield "This overrides gates that are not satisfied:" if overridden else "The next step also waits for:"
    width = max(len(gate.name) for gate in preview.unmet)
    for gate in preview.unmet:
        yield f"  {gate.name:{width}}  {gate.message}"
