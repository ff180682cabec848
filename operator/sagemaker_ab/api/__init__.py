"""The API of SageMakerABEndpoint: its models, validation rules, conditions and reasons. No I/O."""
