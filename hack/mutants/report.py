"""The results of a run as text."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from hack.mutants.mutant import Diff, Mutant, Verdict


@dataclass(frozen=True, slots=True)
class Row:
    """The counts of one package, or of all."""

    name: str
    mutants: int
    killed: int
    timed_out: int
    survived: int
    equivalent: int

    @property
    def percent(self) -> float:
        """The share of mutants that a test noticed. Equivalent ones count as not noticed."""
        return 100 * (self.killed + self.timed_out) / self.mutants if self.mutants else 100.0


def row(name: str, verdicts: Mapping[Mutant, Verdict], explained: Iterable[Mutant]) -> Row:
    unnoticed = {mutant for mutant, verdict in verdicts.items() if not verdict.is_kill}
    equivalent = unnoticed & set(explained)
    return Row(
        name,
        mutants=len(verdicts),
        killed=sum(verdict is Verdict.KILLED for verdict in verdicts.values()),
        timed_out=sum(verdict is Verdict.TIMED_OUT for verdict in verdicts.values()),
        survived=len(unnoticed - equivalent),
        equivalent=len(equivalent),
    )


def table(rows: Sequence[Row]) -> str:
    heads = ("package", "mutants", "killed", "timed out", "survived", "equivalent", "noticed")
    lines = [
        (
            row.name,
            row.mutants,
            row.killed,
            row.timed_out,
            row.survived,
            row.equivalent,
            f"{row.percent:.1f} %",
        )
        for row in rows
    ]
    return "\n".join("".join(f"{cell:<12}" for cell in line).rstrip() for line in (heads, *lines))


def described(mutant: Mutant, verdict: Verdict, diff: Diff, source: str) -> str:
    """Return a mutant's place, verdict and change."""
    line = diff.line_in(source, mutant.function)
    head = f"operator/sagemaker_ab/{mutant.file}:{line}: in {mutant.function}: {verdict.value}"
    return "\n    ".join((head, *diff.lines))
