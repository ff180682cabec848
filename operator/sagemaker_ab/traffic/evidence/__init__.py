"""Anytime-valid evidence from counts: pure, additive and independent of the order in which minutes arrive.

An accumulator adds the minutes of a run in order and holds sums of them. `minute_buffer` keeps the minutes
that may still change, `accumulator_group` adds them again when they do, and `run_evidence` holds the
accumulators that a policy needs. Evidence is an e-value: under the null it ever reaches 1/alpha with
probability at most alpha, however often it is evaluated. docs/evidence.md has the formulas and their sources.
"""
