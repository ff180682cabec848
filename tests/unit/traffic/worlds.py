"""Policies, and counts of two or more variants drawn from a seed."""

from random import Random

import yaml

from sagemaker_ab.api.policies.traffic_policy import parse_policy
from sagemaker_ab.traffic.counts import Counts
from sagemaker_ab.traffic.evidence.minute_buffer import CountsRow
from sagemaker_ab.traffic.run import Run


def policy(text):
    return parse_policy({"traffic": yaml.safe_load(text)}).policy


def ab_test(**changes):
    settings = {
        "baseline": "A",
        "hypothesis": {"metric": "Successes", "expect": "Different"},
        "minDurationSeconds": 0,
    }
    return parse_policy({"traffic": {"strategy": "ABTest", "abTest": settings | changes}}).policy


def stepped(**changes):
    settings = {
        "baseline": "A",
        "candidate": "B",
        "steps": [
            {"percent": 10, "hold": {"minDurationSeconds": 600, "minRequests": 50}},
            {"percent": 50, "hold": {"minDurationSeconds": 600, "minRequests": 50}},
            {"percent": 100},
        ],
        "guardrails": [{"metric": "ServerErrors", "noWorseThanPercent": 0}],
    }
    return parse_policy({"traffic": {"strategy": "Stepped", "stepped": settings | changes}}).policy


def bandit(**changes):
    settings = {"metric": "Successes", "warmUpSeconds": 3600, "seed": 1}
    return parse_policy({"traffic": {"strategy": "Bandit", "bandit": settings | changes}}).policy


def drawn(random, calls, rate):
    """Draw the events among calls. From 30 expected on, the normal approximation is used."""
    if calls * rate < 30:
        return sum(random.random() < rate for _ in range(calls))
    return max(0, min(calls, round(random.gauss(calls * rate, (calls * rate * (1 - rate)) ** 0.5))))


def counts(random, *, calls, weight=None, rate=0.1, errors=0.0, micros=None):
    average = None if micros is None or not calls else micros * random.gauss(1.0, 0.2 / calls**0.5)
    return Counts(
        weight=weight,
        invocations=calls,
        errors_4xx=0,
        errors_5xx=None if errors is None else drawn(random, calls, errors),
        model_errors=0,
        latency_average_micros=average,
        successes=drawn(random, calls, rate),
        trials=calls,
    )


def rows(variants, *, minutes, seed=1, start=0, calls=100):
    """Yield rows. `variants` maps a name to settings of `counts` and the `percent` of the calls."""
    random = Random(seed)
    for at in range(start, start + minutes):
        for name, settings in variants.items():
            percent = settings["percent"]
            rest = {key: value for key, value in settings.items() if key != "percent"}
            yield CountsRow(
                at, name, counts(random, calls=round(calls * percent / 100), weight=percent, **rest)
            )


def run_through(asked, variants, *, minutes, every=1, approved=(), **world):
    """Look every `every` minutes until the outcome is final. Return the decisions."""
    run = Run(asked, list(variants), started=0)
    decisions = []
    by_minute = {}
    for row in rows(variants, minutes=minutes, **world):
        by_minute.setdefault(row.at, []).append(row)
    for at in range(minutes):
        run.ingest(by_minute.get(at, []))
        if (at + 1) % every == 0:
            decisions.append(run.look(at + 1, approved=approved))
            if decisions[-1].outcome.final:
                break
    return decisions
