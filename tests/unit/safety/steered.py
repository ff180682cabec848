"""An endpoint whose weights a strategy chooses, on the stage where an operator is played by hand."""

from typing import Any

from tests.unit.safety.stage import ARN, Spec, Stage, fixed, scaled, spec

RUN = {"strategy": "Stepped", "mode": "Apply", "run": "0123456789-1", "baseline": "VariantA"}


def stepped(*variants: Spec, **changes: Any) -> Spec:
    """The spec under the strategy Stepped, which has no weights."""
    wanted = spec(*(variants or (fixed("VariantA"), scaled("VariantB"))), **changes)
    weightless = [{k: v for k, v in one.items() if k != "weight"} for one in wanted["variants"]]
    return wanted | {"variants": weightless, "traffic": {"strategy": "Stepped"}}


def choose(stage: Stage, baseline: int, candidate: int, *, ready: bool | None = None, **traffic: Any) -> None:
    """Write to status that a run intends these weights, and that scale-in is suspended for it."""
    percents = {"VariantA": baseline, "VariantB": candidate}
    weights = [{"variant": name, "percent": percent} for name, percent in percents.items()]
    scaling = [{"name": "VariantA", "suspended": ["scaleIn"]}]
    stage.write_status(ready=ready, traffic={**RUN, "weights": weights, **traffic}, scaling=scaling)


def remember(stage: Stage, run: str = "0123456789-1") -> None:
    """Let the endpoint name a run in its tag."""
    tags = [{"Key": "sagemaker-ab.dev/run", "Value": f"{run} 0123456789 29000000"}]
    stage.somebody("AddTags", service="sagemaker", ResourceArn=ARN, Tags=tags)


def steered(*variants: Spec, baseline: int = 90, candidate: int = 10) -> Stage:
    """An endpoint in the middle of a run, read, and nothing broken so far.

    VariantA is the baseline and serves 90 percent.
    """
    stage = Stage()
    stage.deploy(spec(*variants) if variants else spec())
    stage.apply(stepped(*variants))
    remember(stage)
    choose(stage, baseline, candidate)
    stage.weigh(VariantA=baseline, VariantB=candidate)
    stage.settle()
    assert stage.found() == []
    return stage
