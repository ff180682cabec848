"""The evidence of one run: the streams that its policy needs, kept in step with the minutes as they come."""

from collections.abc import Iterable, Mapping
from itertools import combinations
from math import log
from typing import Any, Final, Self

from sagemaker_ab.api.policies.ab_test import ABTest
from sagemaker_ab.api.policies.bandit import Bandit
from sagemaker_ab.api.policies.parts import LATENCY, Guardrail, default_goal
from sagemaker_ab.api.policies.stepped import Stepped
from sagemaker_ab.api.policies.traffic import Policy
from sagemaker_ab.traffic.evidence.comparison import Comparison
from sagemaker_ab.traffic.evidence.fold import Fold
from sagemaker_ab.traffic.evidence.harm import Harm
from sagemaker_ab.traffic.evidence.latency import LatencyComparison
from sagemaker_ab.traffic.evidence.ledger import Ledger, Row
from sagemaker_ab.traffic.evidence.packing import packed, unpacked
from sagemaker_ab.traffic.evidence.posterior import Posterior
from sagemaker_ab.traffic.evidence.rates import ANCHORS, RateComparison
from sagemaker_ab.traffic.evidence.sample_ratio import SampleRatio
from sagemaker_ab.traffic.evidence.stream import Stream
from sagemaker_ab.traffic.evidence.totals import Totals
from sagemaker_ab.traffic.roles import Roles

_MINUTE: Final = 60

Pair = tuple[str, str]
Watch = tuple[str, str]


class Evidence:
    """Everything that counts have said since minute `started`.

    `comparisons` by (baseline, challenger); `harms` and `margins` by (metric of the guardrail, challenger),
    the first for harm, the second where a block comparison judges a guardrail; `ratios` by variant.
    """

    def __init__(
        self, policy: Policy, roles: Roles, *, started: int, tested_since: int | None = None
    ) -> None:
        self.roles = roles
        self.started = started
        self._attribution = policy.attribution_seconds // _MINUTE if isinstance(policy, ABTest) else 0
        self.ledger = Ledger(started=started, attribution=self._attribution)
        self.totals = Totals(roles.variants)
        self.comparisons: dict[Pair, Comparison] = {}
        self.harms: dict[Watch, Harm] = {}
        self.margins: dict[Watch, Comparison] = {}
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
                    (a, b): RateComparison(baseline=a, challenger=b, metric=policy.metric, nulls=())
                    for a, b in pairs
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
                        nulls=(*ANCHORS, log(margin_ratio(guardrail))),
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
        """Tests wait for what is attributed late; where nothing is, one fold holds all."""
        watches, tests = self._watches(), self._tests()
        since = (
            {"totals": self.started}
            | dict.fromkeys(watches, self.watched_since)
            | dict.fromkeys(tests, self.tested_since)
        )
        if self._attribution == 0:
            return [Fold({"totals": self.totals, **watches, **tests}, since=since, lag=0)]
        return [
            Fold({"totals": self.totals, **watches}, since=since, lag=0),
            Fold(tests, since=since, lag=self._attribution),
        ]

    def observe(self, rows: Iterable[Row]) -> None:
        """Take counts in any order; a later row of a minute and variant replaces the earlier one."""
        earliest = self.ledger.enter(rows)
        if earliest is None:
            return
        for fold in self._folds:
            fold.changed(earliest)
            fold.advance(self.ledger)
        self.ledger.forget(min(self.ledger.settled, *[fold.base_at for fold in self._folds]))

    def begin_test(self, *, since: int) -> None:
        """Throw away what the hypothesis saw of a ramp-up."""
        self.tested_since = since
        tests = self._folds[-1]
        tests.begin_anew(self._tests(), since=since)
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
            state["ledger"], started=state["started"], attribution=evidence._attribution
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
    if policy.hypothesis.metric == LATENCY:
        pairs = combinations(roles.variants, 2)
        return {(a, b): LatencyComparison(baseline=a, challenger=b) for a, b in pairs}
    compared: dict[Pair, Comparison] = {}
    for a, b in combinations(roles.variants, 2):
        nulls = (*ANCHORS, log(hypothesis_ratio(policy))) if a == roles.baseline else ()
        compared[a, b] = RateComparison(
            baseline=a, challenger=b, metric=policy.hypothesis.metric, nulls=nulls
        )
    return compared


def hypothesis_ratio(policy: ABTest) -> float:
    """Return the ratio that a challenger must lie beyond: 1, or for NonInferior the margin's end."""
    hypothesis = policy.hypothesis
    if hypothesis.margin_percent is None:
        return 1.0
    margin = hypothesis.margin_percent / 100
    return (
        1.0 - margin if (hypothesis.goal or default_goal(hypothesis.metric)) == "Increase" else 1.0 + margin
    )
