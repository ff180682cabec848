"""Assumptions about eventual consistency: how far a read from AWS can lag behind a write.

AWS documents no bound. Both values are assumptions, in seconds on AWS's clock.
"""

STALENESS_SECONDS = 10.0
"""The maximum age of the data that a read returns."""

SETTLING_SECONDS = 30.0
"""How long after a write a read without its effect is treated as stale."""
