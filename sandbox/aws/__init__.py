"""A simulated AWS: a pure engine with one virtual clock behind a small HTTP server.

Start it with ``python -m sandbox.aws``; ``docs/simulated-aws.md`` tells the rest.
"""
