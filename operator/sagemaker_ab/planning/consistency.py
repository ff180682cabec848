"""How far a read may lag behind a write.

AWS promises nothing about it; both figures are guesses, on its own clock.
"""

STALENESS_SECONDS = 10.0
"""No read is older than this: what it does not show was not there so long ago."""

SETTLING_SECONDS = 30.0
"""For this long after a write, a read that does not show it is taken for a stale one."""
