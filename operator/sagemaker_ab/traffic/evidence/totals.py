"""Invocations in all, and when each variant was last invoked."""

from collections.abc import Sequence

from sagemaker_ab.traffic.counts import Minute


class Totals:
    """`calls` and `last_call` by variant; minutes count from 1970, -1 before the first."""

    __slots__ = ("_variants", "calls", "last_call")

    def __init__(self, variants: Sequence[str]) -> None:
        self._variants = tuple(variants)
        self.calls = dict.fromkeys(self._variants, 0.0)
        self.last_call = dict.fromkeys(self._variants, -1.0)

    def add(self, minute: Minute) -> None:
        for name, counts in minute.counts.items():
            if counts.invocations:
                self.calls[name] += counts.invocations
                self.last_call[name] = float(minute.at)

    def numbers(self) -> list[float]:
        return [*self.calls.values(), *self.last_call.values()]

    def restore(self, numbers: Sequence[float]) -> None:
        size = len(self._variants)
        self.calls = dict(zip(self._variants, numbers[:size], strict=True))
        self.last_call = dict(zip(self._variants, numbers[size:], strict=True))
