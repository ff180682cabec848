"""Who chooses the weights: strategies, pure functions over the spec and, later, evidence."""
