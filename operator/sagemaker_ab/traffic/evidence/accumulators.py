"""The accumulators of a run: what a strategy declares, and how those that strategies share are created."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sagemaker_ab.api.policies.common import LATENCY, Guardrail, default_goal
from sagemaker_ab.traffic.evidence.accumulator import Accumulator
from sagemaker_ab.traffic.evidence.breaker import BreakerMonitor
from sagemaker_ab.traffic.evidence.comparison import Comparison
from sagemaker_ab.traffic.evidence.harm import HarmTest
from sagemaker_ab.traffic.evidence.latency_comparison import LatencyComparison
from sagemaker_ab.traffic.evidence.rate_comparison import RateComparison
from sagemaker_ab.traffic.evidence.sample_ratio import SampleRatioTest
from sagemaker_ab.traffic.variant_roles import VariantRoles

Pair = tuple[str, str]
"""(baseline, challenger) of a comparison; of two challengers, in the order of the variants."""

GuardrailKey = tuple[str, str]
"""(metric, challenger) of a guardrail."""


@dataclass(slots=True, kw_only=True)
class Accumulators:
    """The accumulators that a strategy needs, and from when on they count.

    - `comparisons`: what the hypothesis or the bandit's stopping rule compares.
    - `harm_tests`: whether a challenger breaches a guardrail on a rate.
    - `margin_comparisons`: guardrails that are compared in blocks.
    - `breakers`: in the order of the policy.
    - `sample_ratios`: the sample ratio tests, by variant.

    Guardrails and sample ratio count from the end of the warm-up on. A success may come `attribution_minutes`
    later than its trial. A strategy with accumulators of its own adds them in a subclass.
    """

    comparisons: Mapping[Pair, Comparison] = field(default_factory=dict)
    harm_tests: Mapping[GuardrailKey, HarmTest] = field(default_factory=dict)
    margin_comparisons: Mapping[GuardrailKey, Comparison] = field(default_factory=dict)
    breakers: Sequence[BreakerMonitor] = ()
    sample_ratios: Mapping[str, SampleRatioTest] = field(default_factory=dict)
    warm_up_minutes: int = 0
    attribution_minutes: int = 0

    def watching(self) -> dict[str, Accumulator]:
        """Return what counts from the start of the run on, by the name under which its state is saved."""
        return {f"breaker:{index}": each for index, each in enumerate(self.breakers)}

    def guarding(self) -> dict[str, Accumulator]:
        """Return the accumulators that guard the run, by the name under which their state is saved."""
        return {
            **{f"harm:{metric}:{name}": test for (metric, name), test in self.harm_tests.items()},
            **{f"margin:{metric}:{name}": each for (metric, name), each in self.margin_comparisons.items()},
            **{f"ratio:{name}": test for name, test in self.sample_ratios.items()},
        }

    def testing(self) -> dict[str, Accumulator]:
        """Return what a ramp-up does not count for, by the name under which its state is saved."""
        return {f"rates:{a}:{b}": each for (a, b), each in self.comparisons.items()}


def harm_tests(guardrails: Iterable[Guardrail], roles: VariantRoles) -> dict[GuardrailKey, HarmTest]:
    """Return a test for each guardrail on a rate and each challenger."""
    return {
        (guardrail.metric, challenger): HarmTest(
            baseline=roles.baseline,
            challenger=challenger,
            metric=guardrail.metric,
            goal=guardrail.goal or default_goal(guardrail.metric),
            margin=guardrail.no_worse_than_percent / 100,
        )
        for guardrail in guardrails
        if guardrail.metric != LATENCY
        for challenger in roles.challengers
    }


def margin_comparisons(metrics: Iterable[str], roles: VariantRoles) -> dict[GuardrailKey, Comparison]:
    """Return a comparison with the baseline for each of these guarded metrics and each challenger."""
    return {
        (metric, challenger): comparison(metric, roles.baseline, challenger)
        for metric in metrics
        for challenger in roles.challengers
    }


def comparison(metric: str, baseline: str, challenger: str) -> Comparison:
    """Return an empty comparison of two variants in a metric."""
    if metric == LATENCY:
        return LatencyComparison(baseline=baseline, challenger=challenger)
    return RateComparison(baseline=baseline, challenger=challenger, metric=metric)


def sample_ratio_tests(roles: VariantRoles) -> dict[str, SampleRatioTest]:
    """Return a test for each variant. With two variants one suffices: one share determines the other."""
    variants = roles.variants
    tested = variants[1:] if len(variants) == 2 else variants  # noqa: PLR2004  # baseline and challenger
    return {name: SampleRatioTest(name, variants) for name in tested}


def margin_ratio(guardrail: Guardrail) -> float:
    """Return the ratio of challenger to baseline at the guardrail's margin."""
    margin = guardrail.no_worse_than_percent / 100
    return 1.0 - margin if (guardrail.goal or default_goal(guardrail.metric)) == "Increase" else 1.0 + margin
