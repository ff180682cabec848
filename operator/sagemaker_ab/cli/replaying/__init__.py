"""Replays of recorded counts: the file, the looks, the lines and the picture."""
