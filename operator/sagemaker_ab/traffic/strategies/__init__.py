"""The traffic strategies, one module each, and what they share."""
