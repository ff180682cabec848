"""The evidence of one run: the accumulators that its policy needs, and the minutes that may still change."""

from collections.abc import Iterable, Mapping
from itertools import combinations
from typing import Any, Self

from sagemaker_ab.api.policies.ab_test import ABTest
from sagemaker_ab.api.policies.bandit import Bandit
from sagemaker_ab.api.policies.common import (
    LATENCY,
    SECONDS_PER_MINUTE,
    SUCCESSES,
    Guardrail,
    default_goal,
)
from sagemaker_ab.api.policies.stepped import Stepped
from sagemaker_ab.api.policies.traffic_policy import Policy
from sagemaker_ab.traffic.evidence.accumulator import Accumulator
from sagemaker_ab.traffic.evidence.accumulator_group import AccumulatorGroup
from sagemaker_ab.traffic.evidence.breaker import BreakerState
from sagemaker_ab.traffic.evidence.comparison import Comparison
from sagemaker_ab.traffic.evidence.harm import HarmTest
from sagemaker_ab.traffic.evidence.latency_comparison import LatencyComparison
from sagemaker_ab.traffic.evidence.minute_buffer import CountsRow, MinuteBuffer
from sagemaker_ab.traffic.evidence.packing import pack_floats, unpack_floats
from sagemaker_ab.traffic.evidence.posterior import Posterior
from sagemaker_ab.traffic.evidence.rate_comparison import RateComparison
from sagemaker_ab.traffic.evidence.sample_ratio import SampleRatioTest
from sagemaker_ab.traffic.evidence.totals import InvocationTotals
from sagemaker_ab.traffic.variant_roles import VariantRoles

Pair = tuple[str, str]
"""(baseline, challenger) of a comparison; of two challengers, in the order of the variants."""

GuardrailKey = tuple[str, str]
"""(metric, challenger) of a guardrail."""


class RunEvidence:
    """Everything that the counts have shown since minute `started`.

    - `comparisons`: what the hypothesis or the bandit's stopping rule compares.
    - `harm_tests`: whether a challenger breaches a guardrail on a rate.
    - `margin_comparisons`: guardrails that are compared in blocks, which are all guardrails on latency, and
      with Stepped also those on rates.
    - `breakers`: in the order of the policy.
    - `sample_ratios`: the sample ratio tests, by variant.
    - `posterior`: what a bandit has learned; None for the other strategies.

    Minutes are counted since 1970-01-01 UTC. Guardrails and sample ratio count from `guarded_since` on, which
    is the end of the warm-up. The hypothesis and the bandit count from `tested_since` on.
    """

    def __init__(
        self, policy: Policy, roles: VariantRoles, *, started: int, tested_since: int | None = None
    ) -> None:
        self.roles = roles
        self.started = started
        # By how many minutes a success may come later than its trial.
        self.attribution_minutes = (
            0 if isinstance(policy, Stepped) else policy.attribution_seconds // SECONDS_PER_MINUTE
        )
        self.buffer = MinuteBuffer(roles.variants, started=started, attribution=self.attribution_minutes)
        self.totals = InvocationTotals(roles.variants)
        self.comparisons: dict[Pair, Comparison] = {}
        self.harm_tests: dict[GuardrailKey, HarmTest] = {}
        self.margin_comparisons: dict[GuardrailKey, Comparison] = {}
        self.breakers: list[BreakerState] = []
        self.sample_ratios = _sample_ratio_tests(policy, roles)
        self.posterior: Posterior | None = None
        self.guarded_since = started + _warm_up_minutes(policy)
        self.tested_since = self.guarded_since if tested_since is None else tested_since
        self._add_accumulators(policy)
        self._groups = self._grouped()

    def _add_accumulators(self, policy: Policy) -> None:
        match policy:
            case Stepped():
                self._add_guardrails(policy.guardrails, blocks=True)
                (candidate,) = self.roles.challengers
                self.breakers = [BreakerState(each, variant=candidate) for each in policy.breakers]
            case ABTest():
                self._add_guardrails(policy.guardrails, blocks=False)
                self.comparisons = _hypothesis_comparisons(policy, self.roles)
            case Bandit():
                self._add_guardrails(policy.guardrails, blocks=False)
                self.posterior = Posterior(
                    self.roles.variants,
                    metric=policy.metric,
                    period_minutes=policy.update_seconds // SECONDS_PER_MINUTE,
                    half_life_minutes=policy.half_life_seconds / SECONDS_PER_MINUTE,
                )
                pairs = combinations(self.roles.variants, 2) if policy.stop else ()
                self.comparisons = {
                    (a, b): RateComparison(baseline=a, challenger=b, metric=policy.metric) for a, b in pairs
                }

    def _add_guardrails(self, guardrails: Iterable[Guardrail], *, blocks: bool) -> None:
        for guardrail in guardrails:
            for challenger in self.roles.challengers:
                key = (guardrail.metric, challenger)
                if guardrail.metric == LATENCY:
                    self.margin_comparisons[key] = LatencyComparison(
                        baseline=self.roles.baseline, challenger=challenger
                    )
                    continue
                self.harm_tests[key] = _harm_test(guardrail, self.roles.baseline, challenger)
                if blocks:
                    self.margin_comparisons[key] = RateComparison(
                        baseline=self.roles.baseline,
                        challenger=challenger,
                        metric=guardrail.metric,
                    )

    def _guarding(self) -> dict[str, Accumulator]:
        """Return the accumulators that guard the run, by the name under which their state is saved."""
        return {
            **{f"harm:{metric}:{name}": test for (metric, name), test in self.harm_tests.items()},
            **{f"margin:{metric}:{name}": each for (metric, name), each in self.margin_comparisons.items()},
            **{f"ratio:{name}": test for name, test in self.sample_ratios.items()},
        }

    def _testing(self) -> dict[str, Accumulator]:
        """Return the accumulators of hypothesis and bandit, by the name under which their state is saved."""
        compared = {f"rates:{a}:{b}": each for (a, b), each in self.comparisons.items()}
        return {**compared, **({} if self.posterior is None else {"posterior": self.posterior})}

    def _grouped(self) -> list[AccumulatorGroup]:
        """Group the accumulators by lag: those that need successes wait for the attribution window.

        Without an attribution window there is one group.
        """
        breakers = {f"breaker:{index}": each for index, each in enumerate(self.breakers)}
        always: dict[str, Accumulator] = {"totals": self.totals, **breakers}
        guarding, testing = self._guarding(), self._testing()
        since = (
            dict.fromkeys(always, self.started)
            | dict.fromkeys(guarding, self.guarded_since)
            | dict.fromkeys(testing, self.tested_since)
        )
        if self.attribution_minutes == 0:
            return [AccumulatorGroup({**always, **guarding, **testing}, since=since, lag=0)]
        late = {name: each for name, each in guarding.items() if f":{SUCCESSES}:" in name} | testing
        prompt = {name: each for name, each in guarding.items() if name not in late}
        return [
            AccumulatorGroup({**always, **prompt}, since=since, lag=0),
            AccumulatorGroup(late, since=since, lag=self.attribution_minutes),
        ]

    def ingest(self, rows: Iterable[CountsRow]) -> None:
        """Add rows in any order. A later row for a minute and variant replaces the earlier row."""
        earliest = self.buffer.insert(rows)
        if earliest is None:
            return
        for group in self._groups:
            group.rewind(earliest)
            group.advance(self.buffer)
        self._discard_accumulated()

    def begin_test(self, *, since: int) -> None:
        """Discard what the hypothesis saw of the ramp-up. It restarts at `since`, or after the warm-up."""
        self.tested_since = max(since, self.guarded_since)
        testing = self._groups[-1]
        testing.reset(self._testing(), since=self.tested_since)
        testing.advance(self.buffer)

    def _discard_accumulated(self) -> None:
        """Discard the buffered minutes that every group's checkpoint contains."""
        self.buffer.discard(min(self.buffer.watermark, *[group.checkpoint_at for group in self._groups]))

    def to_json(self) -> dict[str, Any]:
        """Return the state: the numbers at the watermark, and the rows of the minutes after it.

        The keys are the persisted layout.
        """
        for group in self._groups:
            group.advance_checkpoint(self.buffer)
        self._discard_accumulated()
        return {
            "started": self.started,
            "testedSince": self.tested_since,
            "ledger": self.buffer.to_json(),
            "folds": [
                {
                    "at": group.checkpoint_at,
                    "streams": {name: pack_floats(numbers) for name, numbers in group.checkpoint().items()},
                }
                for group in self._groups
            ],
        }

    @classmethod
    def from_json(cls, state: Mapping[str, Any], policy: Policy, roles: VariantRoles) -> Self:
        """Return the evidence that `to_json` saved. It continues as if it had never been interrupted."""
        evidence = cls(policy, roles, started=state["started"], tested_since=state["testedSince"])
        evidence.buffer = MinuteBuffer.from_json(
            state["ledger"],
            roles.variants,
            started=state["started"],
            attribution=evidence.attribution_minutes,
        )
        for group, saved in zip(evidence._groups, state["folds"], strict=True):
            checkpoint = {name: unpack_floats(text) for name, text in saved["streams"].items()}
            group.load(checkpoint, at=saved["at"])
            group.advance(evidence.buffer)
        return evidence


def _warm_up_minutes(policy: Policy) -> int:
    return 0 if isinstance(policy, Bandit) else policy.warm_up_seconds // SECONDS_PER_MINUTE


def margin_ratio(guardrail: Guardrail) -> float:
    """Return the ratio of challenger to baseline at the guardrail's margin."""
    margin = guardrail.no_worse_than_percent / 100
    return 1.0 - margin if (guardrail.goal or default_goal(guardrail.metric)) == "Increase" else 1.0 + margin


def _harm_test(guardrail: Guardrail, baseline: str, challenger: str) -> HarmTest:
    return HarmTest(
        baseline=baseline,
        challenger=challenger,
        metric=guardrail.metric,
        goal=guardrail.goal or default_goal(guardrail.metric),
        margin=guardrail.no_worse_than_percent / 100,
    )


def _sample_ratio_tests(policy: Policy, roles: VariantRoles) -> dict[str, SampleRatioTest]:
    """Return a test for each variant, or none if the policy ignores a sample ratio mismatch.

    With two variants one test suffices, because one share determines the other.
    """
    if isinstance(policy, Bandit) or policy.on_sample_ratio_mismatch == "Ignore":
        return {}
    variants = roles.variants
    tested = variants[1:] if len(variants) == 2 else variants  # noqa: PLR2004  # baseline and challenger
    return {name: SampleRatioTest(name, variants) for name in tested}


def _hypothesis_comparisons(policy: ABTest, roles: VariantRoles) -> dict[Pair, Comparison]:
    """Return a comparison for each pair of variants. Those between challengers decide which one is best."""
    pairs = combinations(roles.variants, 2)
    if policy.hypothesis.metric == LATENCY:
        return {(a, b): LatencyComparison(baseline=a, challenger=b) for a, b in pairs}
    metric = policy.hypothesis.metric
    return {(a, b): RateComparison(baseline=a, challenger=b, metric=metric) for a, b in pairs}
