"""The specs of the resources that are measured: two variants on one instance each."""

from typing import Any

ROLLOUT = {
    "strategy": "Stepped",
    "stepped": {
        "baseline": "VariantA",
        "candidate": "VariantB",
        "steps": [
            {"percent": 10, "hold": {"minDurationSeconds": 604800, "minRequests": 100}},
            {"percent": 100},
        ],
        "guardrails": [{"metric": "ServerErrors"}],
        "breakers": [{"metric": "ServerErrors"}],
        "deadlineSeconds": 1209600,
    },
}
"""A rollout whose first step lasts a week."""


def manual(number: int, *, weight: int) -> dict[str, Any]:
    return _spec(number, weight=weight)


def stepped(number: int) -> dict[str, Any]:
    return {**_spec(number), "traffic": ROLLOUT}


def _spec(number: int, **variant: Any) -> dict[str, Any]:
    image = "123456789012.dkr.ecr.us-east-1.amazonaws.com/reviews:1"
    models = [
        {
            "name": name,
            "primaryContainer": {"image": image, "modelDataUrl": f"s3://bench/{name}/model.tar.gz"},
        }
        for name in ("bert-a", "bert-b")
    ]
    variants = [
        {"name": name, "model": model, "instanceType": "ml.m5.large", "instanceCount": 1, **variant}
        for name, model in (("VariantA", "bert-a"), ("VariantB", "bert-b"))
    ]
    return {
        "endpointName": f"bench-{number}",
        "executionRoleArn": "arn:aws:iam::123456789012:role/sagemaker",
        "models": models,
        "variants": variants,
        "monitoring": {"intervalSeconds": 3600},
    }
