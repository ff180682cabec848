"""The log groups of one account and region: written as instances come and go and invocations fail."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zlib import crc32

from sandbox.aws.engine.happenings import (
    EndpointDeletionAccepted,
    EndpointSettled,
    InstancesLaunched,
    InvocationFailed,
    listens,
)
from sandbox.aws.engine.logs.streams import LogEvent, LogStream
from sandbox.aws.engine.sagemaker.models import data_url
from sandbox.aws.ledger import holds

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sandbox.aws.engine.core import Region
    from sandbox.aws.engine.records import Endpoint, Variant

_SERVER_ERROR = 500


class LogGroup:
    """The streams of one endpoint's containers, by name. It outlives the endpoint."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.streams: dict[str, LogStream] = {}
        self.running: list[LogStream] = []
        """Those that still write."""
        self.failed = 0

    def end(self, streams: Iterable[LogStream], at: float) -> None:
        """Let streams end that nothing more is written to."""
        ended = {stream.name for stream in streams}
        for name in ended:
            self.streams[name].stopped = at
        self.running = [stream for stream in self.running if stream.name not in ended]


class LogStore:
    """Log groups by name."""

    def __init__(self, region: Region) -> None:
        self._region = region
        self._kept = int(region.ledger.value("logs.failures-kept"))
        self._group_name: str = region.ledger.value("runtime.log-group")
        self._stream_name: str = region.ledger.value("logs.stream-name")
        self.groups: dict[str, LogGroup] = {}

    def group_of(self, endpoint: Endpoint) -> LogGroup:
        """Return an endpoint's group, made when it is first asked for."""
        name = self._group_name.format(name=endpoint.name)
        if name not in self.groups:
            self.groups[name] = LogGroup(name)
        return self.groups[name]

    @holds("logs.container-start", "logs.failed-health-checks")
    def launch(self, endpoint: Endpoint, variant: Variant, *, instances: int, broken: bool) -> None:
        """Open a stream for each new instance of a variant."""
        group, primary = self.group_of(endpoint), variant.model.containers[0]
        for _ in range(instances):
            stream = LogStream(
                name=self._stream_name.format(variant=variant.name, instance=self._instance(group)),
                config=endpoint.pending.config_name if endpoint.pending else endpoint.config_name,
                variant=variant.name,
                model=variant.model.name,
                image=primary.get("Image", ""),
                artefact=data_url(primary),
                launched=self._region.clock.now(),
                broken=broken,
            )
            group.streams[stream.name] = stream
            group.running.append(stream)

    def _instance(self, group: LogGroup) -> str:
        """Return an id for the next instance of a group, the same each time under one seed."""
        place = f"{self._region.ledger.seed}/{self._region.account}/{self._region.name}"
        what = f"{place}/{group.name}/{len(group.streams)}".encode()
        return f"i-0{crc32(what):08x}{crc32(what[::-1]):08x}"

    def settle(self, endpoint: Endpoint) -> None:
        """Let those streams go on that instances of the endpoint still write to; the others end."""
        if endpoint.pending is not None:
            return
        group = self.group_of(endpoint)
        left = {one.name: one.current_instance_count for one in endpoint.variants if endpoint.serving}
        ending = []
        for stream in sorted(group.running, key=lambda stream: stream.broken):
            mine = stream.config == endpoint.config_name and left.get(stream.variant, 0) > 0
            if mine:
                left[stream.variant] -= 1
            else:
                ending.append(stream)
        group.end(ending, self._region.clock.now())

    @holds("logs.failed-invocation")
    def fail(self, endpoint: Endpoint, variant: Variant, message: str) -> None:
        """Write down an invocation that failed, by one of the variant's instances after the other."""
        group = self.group_of(endpoint)
        of_fleet = (variant.name, variant.model.name)
        writing = [one for one in group.running if (one.variant, one.model) == of_fleet and not one.broken]
        if writing:
            stream = writing[group.failed % len(writing)]
            stream.failures.append(LogEvent(self._region.clock.now(), message))
            del stream.failures[: -self._kept]
            group.failed += 1


@listens(InstancesLaunched)
def _write_starts(launched: InstancesLaunched) -> None:
    store = launched.region.store(LogStore)
    for variant, instances in launched.variants:
        store.launch(launched.endpoint, variant, instances=instances, broken=launched.broken)


@listens(EndpointSettled)
def _end_streams(settled: EndpointSettled) -> None:
    settled.region.store(LogStore).settle(settled.endpoint)


@listens(EndpointDeletionAccepted)
def _end_all_streams(accepted: EndpointDeletionAccepted) -> None:
    accepted.region.store(LogStore).settle(accepted.endpoint)


@listens(InvocationFailed)
def _write_failures(failed: InvocationFailed) -> None:
    if failed.status is None:
        message = "[ERROR] The worker died and gave no answer"
    else:
        level = "ERROR" if failed.status >= _SERVER_ERROR else "WARN "
        message = f'[{level}] "POST /invocations HTTP/1.1" {failed.status}: {failed.message}'
    failed.region.store(LogStore).fail(failed.endpoint, failed.variant, message)
