"""AWS's wire protocols, driven by botocore's service models: requests decoded, answers encoded."""
