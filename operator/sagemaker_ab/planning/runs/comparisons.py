"""The comparisons of a run as status shows them: rates, ratio, interval, evidence, requests still needed."""

from collections.abc import Mapping
from math import ceil, inf, isfinite, log, sqrt
from typing import Final

from sagemaker_ab.api.policies.common import SECONDS_PER_MINUTE
from sagemaker_ab.api.policies.stepped import Stepped
from sagemaker_ab.api.traffic_status import ComparisonStatus, Interval, Quantiles
from sagemaker_ab.planning.runs.figures import log10_shown, rounded_count, significant
from sagemaker_ab.planning.runs.gates import guardrail_checks, margin_proofs
from sagemaker_ab.traffic.evidence.minute_buffer import OPEN_MINUTES
from sagemaker_ab.traffic.run import Run
from sagemaker_ab.traffic.strategies.stepped import NON_INFERIORITY_THRESHOLD

_MOST_QUANTILE: Final = 0.84
"""The normal quantile of 80%."""


def comparisons(policy: Stepped, run: Run) -> tuple[ComparisonStatus, ...]:
    """Return the candidate compared with the baseline in the metric of each guardrail."""
    summaries = {each.metric: each for each in run.summaries()}
    proofs = margin_proofs(policy, run)
    shown = []
    for check in guardrail_checks(policy, run):
        metric = check.guardrail.metric
        summary = summaries[metric]
        baseline, value = summary.values
        needed = _still_needed(run, check.challenger, proofs, metric)
        shown.append(
            ComparisonStatus(
                metric=metric,
                variant=check.challenger,
                baseline_value=None if baseline is None else significant(baseline),
                value=None if value is None else significant(value),
                ratio=None if summary.ratio is None else significant(summary.ratio),
                interval=None if summary.interval is None else _interval(*summary.interval),
                evidence_log10=log10_shown(check.evidence),
                needed_log10=log10_shown(check.threshold),
                requests_needed=needed,
                seconds_needed=_seconds(run, check.challenger, needed),
            )
        )
    return tuple(shown)


def still_needed(evidence: float, threshold: float, requests: float) -> tuple[int, int] | None:
    """Forecast the further requests until the evidence reaches its threshold, in half and in 80% of all runs.

    None while nothing is known. The evidence e of n requests corresponds to a normal deviate
    z = sqrt(2·ln e), whose mean grows with sqrt(n). The deviate of the threshold is reached after
    n·(z_threshold / z)² requests in half of the runs. In 80% of them the deviate is at least its mean less
    0.84.
    """
    if evidence >= threshold:
        return 0, 0
    if evidence <= 1.0 or requests <= 0.0:
        return None
    now, wanted = sqrt(2.0 * log(evidence)), sqrt(2.0 * log(threshold))
    half, most = (ceil(requests * ((each / now) ** 2 - 1.0)) for each in (wanted, wanted + _MOST_QUANTILE))
    return half, most


def _still_needed(run: Run, variant: str, proofs: Mapping[str, float], metric: str) -> Quantiles | None:
    """Return the requests until the margin is proven; None if no proof is needed, or none is in sight."""
    requests = run.evidence.totals.invocations(variant)
    needed = still_needed(proofs[metric], NON_INFERIORITY_THRESHOLD, requests) if metric in proofs else None
    if needed is None:
        return None
    half, most = needed
    return Quantiles(half=rounded_count(half), most=rounded_count(most))


def _seconds(run: Run, variant: str, requests: Quantiles | None) -> Quantiles | None:
    """Return how long the requests take at the rate of the open minutes; None without any."""
    recent = [
        counts[variant].invocations or 0 for counts in run.evidence.buffer.open_minutes if variant in counts
    ]
    rate = sum(recent) / OPEN_MINUTES / SECONDS_PER_MINUTE
    if requests is None or not rate:
        return None
    return Quantiles(half=rounded_count(requests.half / rate), most=rounded_count(requests.most / rate))


def _interval(lower: float, upper: float) -> Interval:
    return Interval(
        lower=significant(lower) if lower > 0.0 else None,
        upper=significant(upper) if isfinite(upper) and upper < inf else None,
    )
