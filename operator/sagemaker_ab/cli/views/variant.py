"""Renders a variant as a branch of the tree: share, instances, model and metrics."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from rich.text import Text

from sagemaker_ab.api.status import (
    Instances,
    VariantStatus,
)
from sagemaker_ab.cli.snapshot import ResourceSnapshot
from sagemaker_ab.cli.views.alignment import aligned
from sagemaker_ab.cli.views.formatting import ABSENT, number, share
from sagemaker_ab.cli.views.palette import variant_color
from sagemaker_ab.cli.views.performance import performance_rows

_BAR = 10
_LABEL = len("latency ms")
_DIGEST_LENGTH = len("sha256:") + 12


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantBranch:
    head: Text
    leaves: tuple[Text, ...]


def variant_branches(resource: ResourceSnapshot, *, wide: bool) -> list[VariantBranch]:
    """Return one branch for each variant in spec and status, with columns aligned across the branches."""
    names = resource.variants
    heads = aligned([_head(name, index, resource=resource) for index, name in enumerate(names)])
    leaves = zip(*(_group(group) for group in _leaf_groups(resource, wide=wide)), strict=True)
    return [VariantBranch(head=head, leaves=mine) for head, mine in zip(heads, leaves, strict=True)]


def _status_of(name: str, resource: ResourceSnapshot) -> VariantStatus:
    known = resource.status.variants or []
    return next((variant for variant in known if variant.name == name), VariantStatus(name=name))


def _head(name: str, index: int, *, resource: ResourceSnapshot) -> tuple[Text, ...]:
    variant = _status_of(name, resource)
    all_variants = [_status_of(each, resource) for each in resource.variants]
    current = _share_of(variant.current_weight, (each.current_weight for each in all_variants))
    desired = _share_of(variant.desired_weight, (each.desired_weight for each in all_variants))
    color = variant_color(index)
    in_spec = any(each.name == name for each in resource.spec.variants)
    return (
        Text(name, f"bold {color}"),
        _bar(current, color=color),
        _shift(current, desired),
        _instances(variant.instances or Instances()),
        Text("" if in_spec else "not in spec", "yellow"),
    )


@dataclass(frozen=True, slots=True)
class _Share:
    weight: Decimal
    total: Decimal

    def __str__(self) -> str:
        return share(self.weight, total=self.total)


def _share_of(weight: str | None, of: Iterable[str | None]) -> _Share | None:
    if weight is None:
        return None
    return _Share(Decimal(weight), sum((Decimal(each) for each in of if each is not None), Decimal()))


def _bar(current: _Share | None, *, color: str) -> Text:
    filled = round(_BAR * current.weight / current.total) if current and current.total else 0
    return Text.assemble(("━" * filled, color), ("─" * (_BAR - filled), "dim"))


def _shift(current: _Share | None, desired: _Share | None) -> Text:
    """Return the current share of the traffic, and the desired share if it differs."""
    now = str(current or ABSENT)
    if desired is None or current == desired:
        return Text(now)
    return Text.assemble(now, (f" → {desired}", "yellow"))


def _instances(of: Instances) -> Text:
    if of.current is None and of.desired is None:
        return Text()
    text = Text(f"{number(of.current)}/{number(of.desired)} instances")
    if of.min is not None and of.max is not None:
        text.append(f" [{of.min}..{of.max}]", "dim")
    return text


def _leaf_groups(resource: ResourceSnapshot, *, wide: bool) -> list[list[tuple[str, ...]]]:
    """Return the leaves by kind, each kind with one row of cells for each variant."""
    variants = [_status_of(name, resource) for name in resource.variants]
    models = [_model(variant, wide=wide) for variant in variants]
    measured = resource.status.metrics
    performance = performance_rows(measured, names=resource.variants) if measured else []
    return [models, *performance]


def _group(rows: list[tuple[str, ...]]) -> list[Text]:
    return aligned([[Text(f"{cells[0]:{_LABEL}}", "dim"), *map(Text, cells[1:])] for cells in rows])


def _model(variant: VariantStatus, *, wide: bool) -> tuple[str, ...]:
    return ("model", number(variant.model_name), _digest(variant.image_digest, wide=wide))


def _digest(image: str | None, *, wide: bool) -> str:
    if image is None or wide:
        return image or ""
    _, found, digest = image.rpartition("sha256:")
    return f"{found}{digest}"[:_DIGEST_LENGTH] if found else image
