"""All calls to the Kubernetes API: reads, status, finalizer and events."""
