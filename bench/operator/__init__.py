"""The costs of the operator, beside its budgets."""
