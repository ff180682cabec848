"""The operator: kopf hands keys to the keeper, the keeper runs passes, a pass reconciles one resource."""
