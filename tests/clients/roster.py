"""The clients, each with the environment that it comes from and the protocols that it is here for."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

from tests.clients import environments


@dataclass(frozen=True, slots=True)
class Client:
    """`prepare` makes its environment; `speaks` says which protocol it must speak to a service."""

    prepare: Callable[[], environments.Command]
    speaks: Mapping[str, str] = field(default_factory=dict)


CLIENTS: Mapping[str, Client] = {
    "AWS CLI v1": Client(partial(environments.python, "awscli", "requirements.txt")),
    "boto3, oldest": Client(partial(environments.python, "boto3", "oldest.txt"), {"cloudwatch": "query"}),
    "boto3, newest": Client(partial(environments.python, "boto3", "newest.txt")),
    "SageMaker Python SDK v2": Client(partial(environments.python, "sagemaker_sdk", "requirements.txt")),
    "SDK for Go v2": Client(environments.go, {"cloudwatch": "rpc-v2-cbor"}),
    "SDK for JavaScript v3": Client(environments.javascript),
}
