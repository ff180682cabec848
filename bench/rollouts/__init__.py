"""Rollouts between equals: the operator itself, a day each, against the simulated AWS."""
