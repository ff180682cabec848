"""Holds the error rates and the speed of the strategies to what is promised; never shipped.

`make calibrate` draws histories, runs `decide` itself on them, writes tables and a picture into docs/,
and fails where a bound is missed.
"""
