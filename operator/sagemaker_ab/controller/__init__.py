"""The operator: kopf enqueues keys, workers run reconciles, a reconcile applies one step for one resource."""
