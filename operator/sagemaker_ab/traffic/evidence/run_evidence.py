"""The evidence of one run: the accumulators of its strategy, and the minutes that may still change."""

from collections.abc import Iterable, Mapping
from typing import Any, Generic, TypeVar

from sagemaker_ab.api.policies.common import SUCCESSES
from sagemaker_ab.traffic.evidence.accumulator_group import AccumulatorGroup
from sagemaker_ab.traffic.evidence.accumulators import Accumulators
from sagemaker_ab.traffic.evidence.codec import pack, unpack
from sagemaker_ab.traffic.evidence.minute_buffer import CountsRow, MinuteBuffer
from sagemaker_ab.traffic.evidence.totals import InvocationTotals
from sagemaker_ab.traffic.variant_roles import VariantRoles

AccumulatorsT = TypeVar("AccumulatorsT", bound=Accumulators)


class RunEvidence(Generic[AccumulatorsT]):
    """Everything that the counts have shown since minute `started`.

    `accumulators` are those that the strategy declared; they fill as rows are ingested. `totals` are the
    invocations of each variant. Minutes whose weights are not verified count only for breakers, and for when
    a variant was last invoked. Minutes are counted since 1970-01-01 UTC. Guardrails and sample ratio count
    from `guarded_since` on, which is the end of the warm-up. The hypothesis and what a bandit learns count
    from `tested_since` on.
    """

    def __init__(
        self,
        accumulators: AccumulatorsT,
        roles: VariantRoles,
        *,
        started: int,
        tested_since: int | None = None,
    ) -> None:
        self.accumulators = accumulators
        self.roles = roles
        self.started = started
        self.attribution_minutes = accumulators.attribution_minutes
        self.buffer = MinuteBuffer(roles.variants, started=started, attribution=self.attribution_minutes)
        self.totals = InvocationTotals(roles.variants)
        self.comparisons = accumulators.comparisons
        self.harm_tests = accumulators.harm_tests
        self.margin_comparisons = accumulators.margin_comparisons
        self.breakers = accumulators.breakers
        self.sample_ratios = accumulators.sample_ratios
        self.guarded_since = started + accumulators.warm_up_minutes
        self.tested_since = self.guarded_since if tested_since is None else tested_since
        self._groups = self._grouped()

    def _grouped(self) -> list[AccumulatorGroup]:
        """Group the accumulators by lag: those that need successes wait for the attribution window.

        Without an attribution window there is one group.
        """
        always = {"totals": self.totals} | self.accumulators.watching()
        guarding, testing = self.accumulators.guarding(), self.accumulators.testing()
        since = (
            dict.fromkeys(always, self.started)
            | dict.fromkeys(guarding, self.guarded_since)
            | dict.fromkeys(testing, self.tested_since)
        )
        if self.attribution_minutes == 0:
            every = {**always, **guarding, **testing}
            return [AccumulatorGroup(every, since=since, lag=0, watching=always)]
        late = {name: each for name, each in guarding.items() if f":{SUCCESSES}:" in name} | testing
        prompt = {name: each for name, each in guarding.items() if name not in late}
        return [
            AccumulatorGroup({**always, **prompt}, since=since, lag=0, watching=always),
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
        testing.reset(self.accumulators.testing(), since=self.tested_since)
        testing.advance(self.buffer)

    def _discard_accumulated(self) -> None:
        """Discard the buffered minutes that every group's checkpoint contains."""
        self.buffer.discard(min(self.buffer.watermark, *[group.checkpoint_at for group in self._groups]))

    def to_json(self) -> dict[str, Any]:
        """Return the complete state: the checkpoint, and the rows of the minutes after the watermark."""
        return {**self.checkpoint(), "minutes": self.buffer.to_json()}

    def checkpoint(self) -> dict[str, Any]:
        """Return the state at the watermark. Its size does not grow with the run."""
        for group in self._groups:
            group.advance_checkpoint(self.buffer)
        self._discard_accumulated()
        return {
            "started": self.started,
            "testedSince": self.tested_since,
            "newest": self.buffer.newest,
            "lateDropped": self.buffer.late_dropped,
            "sums": pack([number for group in self._groups for number in group.checkpoint()]),
        }

    @classmethod
    def from_json(
        cls, state: Mapping[str, Any], accumulators: AccumulatorsT, roles: VariantRoles
    ) -> "RunEvidence[AccumulatorsT]":
        """Return the evidence that `to_json` or `checkpoint` saved, in new accumulators of the same strategy.

        It continues as if it had never been interrupted. After a checkpoint, the rows of the minutes after
        the watermark must be ingested again. Raises ValueError if the sums are not readable.
        """
        evidence = cls(accumulators, roles, started=state["started"], tested_since=state["testedSince"])
        buffer = evidence.buffer
        buffer.restore(state.get("minutes", {}), newest=state["newest"], late_dropped=state["lateDropped"])
        numbers = iter(unpack(state["sums"]))
        for group in evidence._groups:
            group.load(numbers, at=buffer.watermark)
            group.advance(buffer)
        if next(numbers, None) is not None:
            raise ValueError("there are too many numbers")
        return evidence
