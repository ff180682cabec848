"""A/B-tested, autoscaled SageMaker endpoints from Kubernetes."""

__version__ = "0.1.0"
