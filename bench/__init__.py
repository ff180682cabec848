"""Measurements of the operator against its budgets; nothing here is a test."""
