"""Renders data as rich renderables or text, without I/O."""
