"""Invoking endpoints: which variant answers, what its model says, how long that takes."""
