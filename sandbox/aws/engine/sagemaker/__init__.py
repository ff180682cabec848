"""SageMaker's control plane: models, endpoint configs, endpoints, tags."""
