"""Importing this module registers every operation, listener, state section and kind of edit."""

from __future__ import annotations

from sandbox.aws.engine import foreign_hand, sts, tagging
from sandbox.aws.engine.autoscaling import (
    activities,
    evaluation,
    gates,
    listening,
    policies,
    scheduled_actions,
    targets,
)
from sandbox.aws.engine.autoscaling import snapshot as autoscaling_snapshot
from sandbox.aws.engine.autoscaling import tags as scalable_target_tags
from sandbox.aws.engine.cloudwatch import (
    alarm_tags,
    alarms,
    metric_alarms,
    metric_data,
    metric_list,
    metric_statistics,
)
from sandbox.aws.engine.iam import identities
from sandbox.aws.engine.logs import events as log_events
from sandbox.aws.engine.logs import listing as log_listing
from sandbox.aws.engine.metrics import store
from sandbox.aws.engine.runtime import invoke, traffic
from sandbox.aws.engine.sagemaker import (
    capacity,
    configs,
    describing,
    edits,
    endpoints,
    models,
    snapshot,
    tags,
    updates,
)

MODULES = (
    (capacity, configs, describing, edits, endpoints, models, snapshot, tags, updates),
    (activities, autoscaling_snapshot, evaluation, gates, policies, scalable_target_tags),
    (listening, scheduled_actions, targets),
    (alarm_tags, alarms, metric_alarms, metric_data, metric_list, metric_statistics, store),
    (invoke, traffic),
    (log_events, log_listing),
    (foreign_hand, identities, sts, tagging),
)
