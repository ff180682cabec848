"""IAM: identity policies, and whether they allow what a request needs."""
