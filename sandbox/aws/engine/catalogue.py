"""Importing this module registers every operation, state section and kind of edit."""

from __future__ import annotations

from sandbox.aws.engine import sts
from sandbox.aws.engine.sagemaker import (
    capacity,
    configs,
    describing,
    edits,
    endpoints,
    models,
    snapshot,
    tags,
)

MODULES = (capacity, configs, describing, edits, endpoints, models, snapshot, sts, tags)
