"""The costs of the simulated AWS, beside its limits."""
