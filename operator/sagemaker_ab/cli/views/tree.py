"""Renders one resource as a tree: conditions, run, endpoint, variants, their metrics and autoscaling."""

from collections.abc import Iterator
from datetime import datetime

from rich.text import Text
from rich.tree import Tree

from sagemaker_ab.api.resource import KIND
from sagemaker_ab.api.status import Metrics
from sagemaker_ab.cli.snapshot import ResourceSnapshot
from sagemaker_ab.cli.views.alignment import aligned
from sagemaker_ab.cli.views.conditions import condition_lines
from sagemaker_ab.cli.views.formatting import ABSENT, age, moment
from sagemaker_ab.cli.views.run import RunBranch, run_branch
from sagemaker_ab.cli.views.scaling import scaling_branch
from sagemaker_ab.cli.views.variant import variant_branches

_STATUS_COLORS = {"InService": "green", "Failed": "red", "OutOfService": "red"}


def resource_tree(
    resource: ResourceSnapshot, *, now: datetime, aws_now: datetime | None = None, wide: bool = False
) -> Tree:
    """Return the tree. Ages count to `now`, those of times from AWS to `aws_now` if the two clocks differ."""
    aws_now = aws_now or now
    tree = Tree(_head(resource, now=now), guide_style="dim")
    for line in condition_lines(resource.status.conditions or [], now=now):
        tree.add(line)
    run = run_branch(resource, now=aws_now)
    if run is not None:
        add_branch(tree, run)
    endpoint = tree.add(_endpoint(resource))
    for line in aligned(list(_details(resource, wide=wide))):
        endpoint.add(line)
    for name, branch in zip(resource.variants, variant_branches(resource, wide=wide), strict=True):
        variant = endpoint.add(branch.head)
        for leaf in branch.leaves:
            variant.add(leaf)
        scaling = scaling_branch(name, resource=resource, now=aws_now)
        if scaling:
            below = variant.add(scaling.head)
            for leaf in scaling.leaves:
                below.add(leaf)
    endpoint.add(_window(resource.status.metrics))
    return tree


def add_branch(parent: Tree, branch: RunBranch) -> None:
    """Add a branch with all that is below it."""
    node = parent.add(branch.head)
    for leaf in branch.leaves:
        node.add(leaf)
    for child in branch.branches:
        add_branch(node, child)


def _head(resource: ResourceSnapshot, *, now: datetime) -> Text:
    head = Text.assemble(
        f"{KIND} {resource.namespace}/",
        (resource.name, "bold"),
        (f"  {age(resource.created, now=now)}", "dim"),
    )
    if resource.deleted:
        head.append(f"  being deleted for {age(resource.deleted, now=now)}", "yellow")
    observed = resource.status.observed_generation
    if observed < 0:
        head.append("  not yet seen by the operator", "yellow")
    elif observed < resource.generation:
        head.append(f"  status is of generation {observed}, spec of {resource.generation}", "yellow")
    return head


def _endpoint(resource: ResourceSnapshot) -> Text:
    endpoint = resource.status.endpoint
    status = endpoint.status if endpoint else None
    line = Text.assemble(
        "Endpoint ",
        (resource.spec.endpoint_name, "bold"),
        "  ",
        (status or ABSENT, _STATUS_COLORS.get(status or "", "yellow")),
    )
    if endpoint and endpoint.since:
        line.append(f" since {moment(endpoint.since)}", "dim")
    return line


def _details(resource: ResourceSnapshot, *, wide: bool) -> Iterator[tuple[Text, Text]]:
    status = resource.status
    endpoint, deployment, traffic = status.endpoint, status.deployment, status.traffic
    yield _detail("region", " ".join(filter(None, (resource.region, status.account))))
    if endpoint and wide:
        yield _detail("arn", endpoint.arn)
    yield _detail("config", endpoint.config_name if endpoint else None)
    if endpoint and endpoint.pending_config_name:
        yield _detail("pending", endpoint.pending_config_name, "yellow")
    if endpoint and endpoint.failure_reason:
        yield _detail("failure", endpoint.failure_reason, "red")
    if deployment:
        words = f"{deployment.state}, attempt {deployment.attempts}, {deployment.config_name}"
        yield _detail("deploying", words, "red" if deployment.state == "Failed" else "yellow")
        if deployment.message:
            yield _detail("", deployment.message, "red")
    if traffic:
        yield _detail("strategy", traffic.strategy)


def _detail(label: str, value: str | None, style: str = "") -> tuple[Text, Text]:
    return Text(label, "dim"), Text(value or ABSENT, style)


def _window(metrics: Metrics | None) -> Text:
    if metrics is None:
        return Text("no metrics yet", "dim")
    span = f"{moment(metrics.window_start)} to {metrics.window_end:%H:%M:%S}"
    return Text(f"metrics of {span}, one period of {metrics.period_seconds} s", "dim")
