"""The evidence of one run: the streams that its policy needs, kept in step with the minutes as they come."""

from collections.abc import Iterable, Mapping
from itertools import combinations
from typing import Any, Final, Self

from sagemaker_ab.api.policies.ab_test import ABTest
from sagemaker_ab.api.policies.bandit import Bandit
from sagemaker_ab.api.policies.common import LATENCY, SUCCESSES, Guardrail, default_goal
from sagemaker_ab.api.policies.stepped import Stepped
from sagemaker_ab.api.policies.traffic_policy import Policy
from sagemaker_ab.traffic.evidence.accumulator import Stream
from sagemaker_ab.traffic.evidence.accumulator_group import Fold
from sagemaker_ab.traffic.evidence.breaker import BreakerWatch
from sagemaker_ab.traffic.evidence.comparison import Comparison
from sagemaker_ab.traffic.evidence.harm import Harm
from sagemaker_ab.traffic.evidence.latency_comparison import LatencyComparison
from sagemaker_ab.traffic.evidence.minute_buffer import Ledger, Row
from sagemaker_ab.traffic.evidence.packing import packed, unpacked
from sagemaker_ab.traffic.evidence.posterior import Posterior
from sagemaker_ab.traffic.evidence.rate_comparison import RateComparison
from sagemaker_ab.traffic.evidence.sample_ratio import SampleRatio
from sagemaker_ab.traffic.evidence.totals import Totals
from sagemaker_ab.traffic.variant_roles import Roles

_MINUTE: Final = 60

Pair = tuple[str, str]
Watch = tuple[str, str]


class Evidence:
    """Everything that counts have said since minute `started`.

    `comparisons` by (baseline, challenger); `harms` and `margins` by (metric of the guardrail, challenger),
    the first for harm, the second where a block comparison judges a guardrail; `breakers` in the policy's
    order; `ratios` by variant.
    """

    def __init__(
        self, policy: Policy, roles: Roles, *, started: int, tested_since: int | None = None
    ) -> None:
        self.roles = roles
        self.started = started
        # Minutes by which what comes of a trial may be later than it.
        self.attribution = 0 if isinstance(policy, Stepped) else policy.attribution_seconds // _MINUTE
        self.ledger = Ledger(roles.variants, started=started, attribution=self.attribution)
        self.totals = Totals(roles.variants)
        self.comparisons: dict[Pair, Comparison] = {}
        self.harms: dict[Watch, Harm] = {}
        self.margins: dict[Watch, Comparison] = {}
        self.breakers: list[BreakerWatch] = []
        self.ratios = _ratios(policy, roles)
        self.posterior: Posterior | None = None
        # The minutes from which guardrails and sample ratio count, and the hypothesis.
        self.watched_since = started + _warm_up_minutes(policy)
        self.tested_since = self.watched_since if tested_since is None else tested_since
        self._fill(policy)
        self._folds = self._folded()

    def _fill(self, policy: Policy) -> None:
        match policy:
            case Stepped():
                self._guard(policy.guardrails, blocks=True)
                (candidate,) = self.roles.challengers
                self.breakers = [BreakerWatch(each, variant=candidate) for each in policy.breakers]
            case ABTest():
                self._guard(policy.guardrails, blocks=False)
                self.comparisons = _hypothesis(policy, self.roles)
            case Bandit():
                self._guard(policy.guardrails, blocks=False)
                self.posterior = Posterior(
                    self.roles.variants,
                    metric=policy.metric,
                    period_minutes=policy.update_seconds // _MINUTE,
                    half_life_minutes=policy.half_life_seconds / _MINUTE,
                )
                pairs = combinations(self.roles.variants, 2) if policy.stop else ()
                self.comparisons = {
                    (a, b): RateComparison(baseline=a, challenger=b, metric=policy.metric) for a, b in pairs
                }

    def _guard(self, guardrails: Iterable[Guardrail], *, blocks: bool) -> None:
        for guardrail in guardrails:
            for challenger in self.roles.challengers:
                watch = (guardrail.metric, challenger)
                if guardrail.metric == LATENCY:
                    self.margins[watch] = LatencyComparison(
                        baseline=self.roles.baseline, challenger=challenger
                    )
                    continue
                self.harms[watch] = _harm(guardrail, self.roles.baseline, challenger)
                if blocks:
                    self.margins[watch] = RateComparison(
                        baseline=self.roles.baseline,
                        challenger=challenger,
                        metric=guardrail.metric,
                    )

    def _watches(self) -> dict[str, Stream]:
        return {
            **{f"harm:{metric}:{name}": harm for (metric, name), harm in self.harms.items()},
            **{f"margin:{metric}:{name}": margin for (metric, name), margin in self.margins.items()},
            **{f"ratio:{name}": ratio for name, ratio in self.ratios.items()},
        }

    def _tests(self) -> dict[str, Stream]:
        compared = {f"rates:{a}:{b}": each for (a, b), each in self.comparisons.items()}
        return {**compared, **({} if self.posterior is None else {"posterior": self.posterior})}

    def _folded(self) -> list[Fold]:
        """Whatever looks at successes waits for those that come late; where none do, one fold holds all."""
        breakers = {f"breaker:{place}": each for place, each in enumerate(self.breakers)}
        always: dict[str, Stream] = {"totals": self.totals, **breakers}
        watches, tests = self._watches(), self._tests()
        since = (
            dict.fromkeys(always, self.started)
            | dict.fromkeys(watches, self.watched_since)
            | dict.fromkeys(tests, self.tested_since)
        )
        if self.attribution == 0:
            return [Fold({**always, **watches, **tests}, since=since, lag=0)]
        late = {name: watch for name, watch in watches.items() if f":{SUCCESSES}:" in name} | tests
        prompt = {name: watch for name, watch in watches.items() if name not in late}
        return [
            Fold({**always, **prompt}, since=since, lag=0),
            Fold(late, since=since, lag=self.attribution),
        ]

    def ingest(self, rows: Iterable[Row]) -> None:
        """Take counts in any order; a later row of a minute and variant replaces the earlier one."""
        earliest = self.ledger.enter(rows)
        if earliest is None:
            return
        for fold in self._folds:
            fold.changed(earliest)
            fold.advance(self.ledger)
        self.ledger.forget(min(self.ledger.settled, *[fold.base_at for fold in self._folds]))

    def begin_test(self, *, since: int) -> None:
        """Throw away what the hypothesis saw of a ramp-up, but for no minute of the warm-up's."""
        self.tested_since = max(since, self.watched_since)
        tests = self._folds[-1]
        tests.begin_anew(self._tests(), since=self.tested_since)
        tests.advance(self.ledger)

    def to_json(self) -> dict[str, Any]:
        """Return the state: sums as of the settled minute, and the rows of the minutes after it."""
        for fold in self._folds:
            fold.settle(self.ledger)
        self.ledger.forget(min(self.ledger.settled, *[fold.base_at for fold in self._folds]))
        return {
            "started": self.started,
            "testedSince": self.tested_since,
            "ledger": self.ledger.to_json(),
            "folds": [
                {
                    "at": fold.base_at,
                    "streams": {name: packed(numbers) for name, numbers in fold.settled_numbers().items()},
                }
                for fold in self._folds
            ],
        }

    @classmethod
    def from_json(cls, state: Mapping[str, Any], policy: Policy, roles: Roles) -> Self:
        """Return the evidence whose `to_json` this is; it goes on as if it had never been stopped."""
        evidence = cls(policy, roles, started=state["started"], tested_since=state["testedSince"])
        evidence.ledger = Ledger.from_json(
            state["ledger"], roles.variants, started=state["started"], attribution=evidence.attribution
        )
        for fold, saved in zip(evidence._folds, state["folds"], strict=True):
            fold.load({name: unpacked(text) for name, text in saved["streams"].items()}, at=saved["at"])
            fold.advance(evidence.ledger)
        return evidence


def _warm_up_minutes(policy: Policy) -> int:
    return 0 if isinstance(policy, Bandit) else policy.warm_up_seconds // _MINUTE


def margin_ratio(guardrail: Guardrail) -> float:
    """Return the ratio of challenger to baseline at which a guardrail's margin ends."""
    margin = guardrail.no_worse_than_percent / 100
    return 1.0 - margin if (guardrail.goal or default_goal(guardrail.metric)) == "Increase" else 1.0 + margin


def _harm(guardrail: Guardrail, baseline: str, challenger: str) -> Harm:
    return Harm(
        baseline=baseline,
        challenger=challenger,
        metric=guardrail.metric,
        goal=guardrail.goal or default_goal(guardrail.metric),
        margin=guardrail.no_worse_than_percent / 100,
    )


def _ratios(policy: Policy, roles: Roles) -> dict[str, SampleRatio]:
    """Nothing where no mismatch holds the run. Of two variants one says all: the other has what it lacks."""
    if isinstance(policy, Bandit) or policy.on_sample_ratio_mismatch != "Hold":
        return {}
    variants = roles.variants
    watched = variants[1:] if len(variants) == 2 else variants  # noqa: PLR2004  # the two of an ordinary test
    return {name: SampleRatio(name, variants) for name in watched}


def _hypothesis(policy: ABTest, roles: Roles) -> dict[Pair, Comparison]:
    """Each challenger with the baseline, and for the best of several, the challengers with each other."""
    pairs = combinations(roles.variants, 2)
    if policy.hypothesis.metric == LATENCY:
        return {(a, b): LatencyComparison(baseline=a, challenger=b) for a, b in pairs}
    metric = policy.hypothesis.metric
    return {(a, b): RateComparison(baseline=a, challenger=b, metric=metric) for a, b in pairs}
