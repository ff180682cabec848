"""Fixtures of the simulated AWS, and the marker by which a test names the ledger rows that it holds.

`sim` and `served_sim` serve stale reads and lose answers; `calm_sim` and `calm_served_sim` do not.
"""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from sandbox.aws.clock import VirtualClock
from sandbox.aws.control import Control
from sandbox.aws.engine.core import Engine
from sandbox.aws.engine.sagemaker.store import store_of
from sandbox.aws.gateway import Gateway
from sandbox.aws.inprocess import START, InProcessAws
from sandbox.aws.ledger import WITNESSED, row
from sandbox.aws.server import Server
from tests.simulation.guarded import Guarded, deployed
from tests.simulation.invoking import Runtime
from tests.simulation.playing import calm

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from sandbox.aws.engine.records import Endpoint


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "ledger(*rows): the rows of the fidelity ledger that the test holds")


@pytest.fixture(autouse=True)
def named_rows_are_touched(request: pytest.FixtureRequest) -> Iterator[None]:
    """A row that a test names must exist, and its code must have run in the test."""
    named = {name for mark in request.node.iter_markers("ledger") for name in mark.args}
    for name in named:
        row(name)
    WITNESSED.clear()
    yield
    untouched = named - WITNESSED
    assert not untouched, f"the test names rows whose code it does not run: {sorted(untouched)}"


@pytest.fixture
def sim_seed() -> int:
    """The seed of the simulation; a test may parametrize it."""
    return 0


@pytest.fixture
def sim(sim_seed: int) -> InProcessAws:
    """A fresh AWS in this process on a clock that stands, with stale reads and lost answers."""
    return InProcessAws(seed=sim_seed)


@pytest.fixture
def calm_sim(sim_seed: int) -> InProcessAws:
    """A fresh AWS in this process on a clock that stands, without stale reads and lost answers."""
    return InProcessAws(seed=sim_seed, stale_reads=False, lost_answers=False)


IMAGE = "763104351884.dkr.ecr.us-east-1.amazonaws.com/pytorch-inference:1.6.0-cpu-py3"
ROLE = "arn:aws:iam::123456789012:role/sagemaker"


class Refused:
    """Calls that must be refused, and what they are refused with."""

    def __call__(self, call: Callable[..., Any], /, *args: Any, **params: Any) -> tuple[str, str]:
        """Return the code and the text of the refusal."""
        with pytest.raises(ClientError) as caught:
            call(*args, **params)
        error = caught.value.response["Error"]
        return error["Code"], error["Message"]


@pytest.fixture
def refused() -> Refused:
    return Refused()


class Deployer:
    """What it takes to have an endpoint: models, a config of two variants, the endpoint itself."""

    def __init__(self, client: Any) -> None:
        self.client = client

    def model(self, name: str = "bert-a") -> str:
        container = {"Image": IMAGE, "ModelDataUrl": f"s3://models/{name}/model.tar.gz"}
        self.client.create_model(ModelName=name, ExecutionRoleArn=ROLE, PrimaryContainer=container)
        return name

    def config(self, name: str = "fifty-fifty", **variants: dict[str, Any]) -> str:
        """A config of the variants given by name, or of VariantA and VariantB with weight 50 each."""
        chosen = variants or {"VariantA": {}, "VariantB": {}}
        common = {"ModelName": "bert-a", "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
        self.client.create_endpoint_config(
            EndpointConfigName=name,
            ProductionVariants=[
                common | {"VariantName": variant, "InitialVariantWeight": 50} | changes
                for variant, changes in chosen.items()
            ],
        )
        return name

    def endpoint(self, name: str = "reviews", config: str = "fifty-fifty") -> str:
        self.client.create_endpoint(EndpointName=name, EndpointConfigName=config)
        return name

    def describe(self, name: str = "reviews") -> dict[str, Any]:
        found: dict[str, Any] = self.client.describe_endpoint(EndpointName=name)
        return found

    def variants(self, name: str = "reviews") -> dict[str, dict[str, Any]]:
        return {variant["VariantName"]: variant for variant in self.describe(name)["ProductionVariants"]}


@pytest.fixture
def deployer(calm_sim: InProcessAws) -> Deployer:
    """The steps to an endpoint in the calm simulation."""
    return Deployer(calm_sim.client("sagemaker"))


@pytest.fixture
def in_service(calm_sim: InProcessAws, deployer: Deployer) -> Deployer:
    """The endpoint "reviews" in service, with two variants of the model "bert-a"."""
    deployer.model()
    deployer.config()
    deployer.endpoint()
    calm_sim.advance(minutes=10)
    return deployer


@pytest.fixture
def serving() -> Callable[[Mapping[str, Any]], tuple[InProcessAws, Deployer]]:
    """The endpoint "reviews" in service, and its simulation, which plays the values given by ledger row."""

    def make(values: Mapping[str, Any]) -> tuple[InProcessAws, Deployer]:
        sim = calm(values)
        deployer = Deployer(sim.client("sagemaker"))
        deployer.model()
        deployer.config()
        deployer.endpoint()
        sim.advance(minutes=10)
        return sim, deployer

    return make


@dataclass(frozen=True, slots=True)
class ServedAws:
    """A simulation behind a socket: its address and its control."""

    url: str
    control: Control

    def client(self, service: str, *, access_key: str = "AKIASANDBOX", **config: Any) -> Any:
        """A boto3 client of it that sends each request once."""
        options: dict[str, Any] = {"retries": {"total_max_attempts": 1}} | config
        return boto3.client(
            service,
            region_name="us-east-1",
            endpoint_url=self.url,
            aws_access_key_id=access_key,
            aws_secret_access_key="sandbox",
            config=Config(**options),
        )


def serve(gateway: Gateway) -> Iterator[ServedAws]:
    """Serve in a thread of its own until the test has ended."""
    loop, server = asyncio.new_event_loop(), Server(gateway)
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    url = asyncio.run_coroutine_threadsafe(server.start("127.0.0.1", 0), loop).result(10)
    yield ServedAws(url, Control(url))
    asyncio.run_coroutine_threadsafe(server.stop(), loop).result(10)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)
    loop.close()


@pytest.fixture
def served_sim(sim_seed: int) -> Iterator[ServedAws]:
    """A real server on a clock that stands, with stale reads and lost answers."""
    yield from serve(Gateway(Engine(clock=VirtualClock(start=START), seed=sim_seed)))


@pytest.fixture
def calm_served_sim(sim_seed: int) -> Iterator[ServedAws]:
    """A real server on a clock that stands, without stale reads and lost answers."""
    engine = Engine(clock=VirtualClock(start=START), seed=sim_seed)
    yield from serve(Gateway(engine, stale_reads=False, lost_answers=False))


@pytest.fixture
def guarded(calm_sim: InProcessAws, deployer: Any) -> Guarded:
    return deployed(calm_sim, deployer)


@pytest.fixture
def guarded_under(deployer: Any) -> Callable[..., Guarded]:
    """The same under certain variants of the ledger, by row."""

    def make(**variants: int) -> Guarded:
        rows = {f"sm.guardrails.{name.replace('_', '-')}": number for name, number in variants.items()}
        sim = InProcessAws(stale_reads=False, lost_answers=False, variants=rows)
        return deployed(sim, type(deployer)(sim.client("sagemaker")))

    return make


@pytest.fixture
def invoke(calm_sim: InProcessAws, in_service: Any) -> Runtime:
    del in_service
    return Runtime(calm_sim)


@pytest.fixture
def endpoint(calm_sim: InProcessAws, in_service: Any) -> Endpoint:
    del in_service
    found = store_of(calm_sim.engine.region("123456789012", "us-east-1")).endpoint("reviews")
    assert found is not None
    return found


@pytest.fixture
def notebook(calm_sim: InProcessAws, deployer: Any) -> Runtime:
    """The notebook's endpoint: VariantA serves artefact variant_a, VariantB serves variant_b."""
    for letter in ("a", "b"):
        deployer.client.create_model(
            ModelName=letter,
            ExecutionRoleArn="arn:aws:iam::123456789012:role/sagemaker",
            PrimaryContainer={
                "Image": "763104351884.dkr.ecr.us-east-1.amazonaws.com/pytorch-inference:1.6.0-cpu-py3",
                "ModelDataUrl": f"s3://dlai-practical-data-science/models/ab/variant_{letter}/model.tar.gz",
            },
        )
    deployer.config(VariantA={"ModelName": "a"}, VariantB={"ModelName": "b"})
    deployer.endpoint()
    calm_sim.advance(minutes=10)
    return Runtime(calm_sim)
