"""A valid spec to start from."""

from typing import Any

import pytest
import yaml

NOTEBOOK = """
endpointName: reviews-prod
region: us-east-1
executionRoleArn: arn:aws:iam::123456789012:role/sagemaker
models:
- name: bert-a
  primaryContainer:
    framework: {name: pytorch, version: "1.6.0", pythonVersion: py3}
    modelDataUrl: s3://bucket/variant_a/model.tar.gz
- name: bert-b
  primaryContainer:
    image: 763104351884.dkr.ecr.us-east-1.amazonaws.com/pytorch-inference:1.6.0-cpu-py3
    modelDataUrl: s3://bucket/variant_b/model.tar.gz
variants:
- {name: VariantA, model: bert-a, instanceType: ml.m5.large, instanceCount: 1, weight: 50}
- name: VariantB
  model: bert-b
  instanceType: ml.m5.large
  weight: 50
  autoscaling:
    minCapacity: 1
    maxCapacity: 2
    policies:
    - name: invocations
      type: TargetTrackingScaling
      targetTrackingScaling:
        predefinedMetricType: SageMakerVariantInvocationsPerInstance
        targetValue: 2
"""


@pytest.fixture
def spec() -> dict[str, Any]:
    """The notebook's endpoint, as the API server stores it."""
    loaded: dict[str, Any] = yaml.safe_load(NOTEBOOK)
    return loaded


@pytest.fixture
def manifest(spec: dict[str, Any]) -> dict[str, Any]:
    """The notebook's endpoint, as a person writes it."""
    return {
        "apiVersion": "sagemaker-ab.dev/v1alpha1",
        "kind": "SageMakerABEndpoint",
        "metadata": {"name": "reviews", "labels": {"team": "ml"}},
        "spec": spec,
    }
