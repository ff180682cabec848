"""Replays recorded counts: reads the files, makes the decisions, writes lines and picture."""
