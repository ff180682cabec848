"""What the operator and the simulated AWS cost, and how often a strategy errs; nothing here is a test."""
