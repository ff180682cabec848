"""Endpoints with traffic in the simulated AWS, and a monitor of their runs: a vocabulary for tests."""

from typing import Any

from sagemaker_ab.aws.clock import AwsClock
from sagemaker_ab.aws.sessions import AwsClients
from sagemaker_ab.controller.backoff import Backoff
from sagemaker_ab.controller.run_minutes import RunMinutesMonitor
from sagemaker_ab.kube.keys import Key
from sagemaker_ab.planning.run_data import RunMinutes
from sagemaker_ab.planning.run_minutes import RunQueries, first_open
from sagemaker_ab.planning.variant_metrics import (
    INVOCATION_5XX_ERRORS,
    INVOCATIONS,
    MODEL_LATENCY_AVERAGE,
    MODEL_LATENCY_P99,
    Metric,
)
from sandbox.aws.inprocess import InProcessAws
from sandbox.aws.ledger import row

KEY = Key("ml", "reviews")
OTHER = Key("ml", "other")
IDLE = row("metrics.idle-invocations").variants
SILENT = {"metrics.idle-invocations": [each.value for each in IDLE].index(False)}
"""An endpoint publishes no zeros for minutes without requests."""
FAILS_AT_ONCE = {
    "cloudwatch.result-error": [
        each.value["token"] for each in row("cloudwatch.result-error").variants
    ].index(False)
}
"""A query that failed cannot be continued on a next page."""
VARIANTS = frozenset({"VariantA", "VariantB"})
METRICS = (INVOCATIONS, INVOCATION_5XX_ERRORS, MODEL_LATENCY_AVERAGE, MODEL_LATENCY_P99)
_SERVICES = {
    "sagemaker": "sagemaker",
    "sagemaker_writes": "sagemaker",
    "autoscaling": "application-autoscaling",
    "autoscaling_writes": "application-autoscaling",
    "cloudwatch_writes": "cloudwatch",
    "cloudwatch": "cloudwatch",
    "runtime": "sagemaker-runtime",
    "sts": "sts",
}
_READ = "GetMetricData"


class RunStage:
    """The endpoint "reviews" with VariantA and VariantB, and 60 requests a minute."""

    def __init__(self, *, rate: float = 60.0, **sim: Any) -> None:
        self.sim = InProcessAws(stale_reads=False, lost_answers=False, **sim)
        self.region = self.clients()
        self.serve("reviews", rate=rate)
        self.restart()

    def now(self) -> float:
        return self.sim.engine.clock.now()

    @property
    def minute(self) -> int:
        return int(self.now() // 60)

    def restart(self) -> None:
        self.monitor = RunMinutesMonitor(backoff=Backoff(30.0, 300.0).seconds, local_clock=self.now)

    def clients(self, region: str = "us-east-1") -> AwsClients:
        """Return the operator's clients; their clock follows that of the simulation."""
        clients = {field: self.sim.client(service, region=region) for field, service in _SERVICES.items()}
        return AwsClients(region=region, clock=_Clock(self.sim), **clients)

    def serve(self, name: str, *, rate: float, region: str = "us-east-1") -> None:
        """Create an endpoint, wait until it is in service, and let requests come for a minute."""
        sagemaker = self.sim.client("sagemaker", region=region)
        for variant in ("a", "b"):
            sagemaker.create_model(
                ModelName=f"{name}-{variant}",
                ExecutionRoleArn="arn:aws:iam::123456789012:role/sagemaker",
                PrimaryContainer={
                    "Image": "763104351884.dkr.ecr.us-east-1.amazonaws.com/pytorch-inference:1.6.0-cpu-py3",
                    "ModelDataUrl": f"s3://models/{name}-{variant}/model.tar.gz",
                },
            )
        variants = [
            {
                "VariantName": f"Variant{variant.upper()}",
                "ModelName": f"{name}-{variant}",
                "InstanceType": "ml.m5.large",
                "InitialInstanceCount": 1,
                "InitialVariantWeight": 50,
            }
            for variant in ("a", "b")
        ]
        sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=variants)
        sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
        self.sim.advance(seconds=900 - self.now() % 60)
        self.sim.edit(region=region, traffic={"endpoint": name, "ratePerMinute": rate})
        self.sim.advance(minutes=1)

    def weights(self, **weights: float) -> None:
        """Move the weights by hand, at once."""
        self.sim.edit(weights={"endpoint": "reviews", "variants": weights})

    def watch(
        self,
        key: Key = KEY,
        *,
        endpoint: str = "reviews",
        first: int | None = None,
        metrics: tuple[Metric, ...] = METRICS,
        clients: AwsClients | None = None,
        serving: frozenset[str] = VARIANTS,
    ) -> None:
        queries = RunQueries(endpoint_name=endpoint, metrics=dict.fromkeys(sorted(VARIANTS), metrics))
        self.monitor.watch(
            key,
            clients or self.region,
            queries,
            first=self.minute if first is None else first,
            serving=serving,
        )

    def tick(self) -> list[Key]:
        return [key for region in sorted(self.monitor.regions()) for key in self.monitor.tick(region)]

    def run(self, *, minutes: int) -> list[Key]:
        """Let minutes go by, with a tick in each; return the keys that were enqueued."""
        enqueued = []
        for _ in range(minutes):
            self.sim.advance(minutes=1)
            enqueued += self.tick()
        return enqueued

    def read(self, key: Key = KEY) -> RunMinutes:
        minutes = self.monitor.newest(key)
        assert minutes is not None
        return minutes

    def state(self, key: Key = KEY) -> str:
        return str(self.read(key).data.availability)

    def fails(self, effect: dict[str, Any], **match: str) -> str:
        """Let reads fail until it is undone; return the ID of the fault."""
        return self.sim.fault(effect, match={"operation": _READ, **match}, count=None)

    def works(self, fault: str) -> None:
        assert self.sim.gateway.faults.remove(fault)

    def reads(self, since: int = 0) -> list[dict[str, Any]]:
        """Return the GetMetricData that AWS has received after a number of calls."""
        return [call for call in self.sim.calls(since) if call["operation"] == _READ]


class _Clock(AwsClock):
    """The clock of the simulation, which stands between its advances."""

    def __init__(self, sim: InProcessAws) -> None:
        super().__init__()
        self._sim = sim

    def at(self, local: float) -> float:
        del local
        return self._sim.engine.clock.now()


def next_first(read: RunMinutes) -> int:
    """Return the first minute that a run still needs once it has these: older ones do not change any more."""
    return max(read.first, first_open(read.until))


def invocations(minutes: RunMinutes, variant: str = "VariantA") -> dict[int, int | None]:
    """The requests to a variant in each minute that was read."""
    return {at: each.invocations for (at, name), each in minutes.counts.items() if name == variant}
