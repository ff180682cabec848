"""What counts say: anytime-valid evidence, pure and additive.

A stream takes minutes in their order and holds sums of them. `fold` keeps the order where minutes come late
or are revised; `evidence` holds the streams that a policy needs. The page for the statistician is
docs/evidence.md.
"""
