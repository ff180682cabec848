"""Clients that others wrote, each from its own pinned environment, against the simulated AWS."""
