"""Counts each variant's invocations and remembers when it was last invoked."""

from collections.abc import Sequence

from sagemaker_ab.traffic.counts import Minute


class InvocationTotals:
    """The total `invocations` by variant, and the minute of its `last_invocation`.

    Minutes are counted since 1970-01-01 UTC, -1 before the first invocation.
    """

    __slots__ = ("_variants", "invocations", "last_invocation")

    def __init__(self, variants: Sequence[str]) -> None:
        self._variants = tuple(variants)
        self.invocations = dict.fromkeys(self._variants, 0.0)
        self.last_invocation = dict.fromkeys(self._variants, -1.0)

    def add(self, minute: Minute) -> None:
        for name, counts in minute.counts.items():
            if counts.invocations:
                self.invocations[name] += counts.invocations
                self.last_invocation[name] = float(minute.at)

    def numbers(self) -> list[float]:
        return [*self.invocations.values(), *self.last_invocation.values()]

    def restore(self, numbers: Sequence[float]) -> None:
        size = len(self._variants)
        self.invocations = dict(zip(self._variants, numbers[:size], strict=True))
        self.last_invocation = dict(zip(self._variants, numbers[size:], strict=True))
