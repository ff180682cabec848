"""The Kubernetes client at one place: reads, status, finalizer, events."""
