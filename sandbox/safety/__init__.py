"""A safety monitor: it watches an operator from outside and judges what it does.

The monitor reads what the simulated AWS recorded (``sandbox.aws.recording``) and every version of the
resources in Kubernetes, never the operator's memory. ``rules`` hold the rules S1 to S10, one module each; a
``Judge`` applies them to calls and versions in their order, without I/O; ``monitor`` brings it what it needs,
in one process or over the network.
"""
