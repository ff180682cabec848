"""The run of a strategy on a live endpoint: what status keeps of it, and how it goes on.

Everything here is a function of what was read. The controller reads and writes.
"""
