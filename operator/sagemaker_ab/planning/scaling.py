"""Autoscaling: the steps that bring scalable targets and all that belongs to them to the desired state."""

from collections.abc import Iterator

from sagemaker_ab.planning import commands
from sagemaker_ab.planning.alarms import alarm_to_follow, declared_alarms, policy_alarms, released_alarms
from sagemaker_ab.planning.desired import Desired
from sagemaker_ab.planning.desired_scaling import STEP_SCALING, alarm_name
from sagemaker_ab.planning.known_config import known_config, runs_as_desired
from sagemaker_ab.planning.observed import Observed, ObservedConfig, ObservedEndpoint
from sagemaker_ab.planning.observed_scaling import ObservedTarget
from sagemaker_ab.planning.released import restoration
from sagemaker_ab.planning.remembered import Remembered
from sagemaker_ab.planning.scaling_differences import ScaledVariant, differences
from sagemaker_ab.planning.steps import Step, StepKind


def blocking_update(desired: Desired, observed: Observed) -> Iterator[str]:
    """Yield the variants whose scalable targets must be deregistered, since AWS refuses the update otherwise.

    A registered variant may get another model, but no other instance type, and it must not be removed. Where
    the instance type in use is unknown, nothing is deregistered.
    https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-scaling-update.html
    """
    types = {variant.name: variant.instance_type for variant in desired.variants}
    for name in observed.targets:
        live = observed.config_in_use.instance_type(name) if observed.config_in_use else None
        if name not in types or (live is not None and types[name] != live):
            yield name


def scaling_steps(
    desired: Desired, observed: Observed, endpoint: ObservedEndpoint, remembered: Remembered
) -> Iterator[Step]:
    """Yield the steps for every variant that serves, one write each.

    What was released for an update is restored, also for a variant that the spec no longer has, as long as it
    serves (S3). A departing variant loses its target only with the update that removes it. The rest of the
    spec's autoscaling waits until a variant runs on the desired instance type, as the config in
    use shows it.
    """
    config = known_config(desired, observed, remembered)
    variants = {variant.name: variant for variant in desired.variants}
    for live in endpoint.variants:
        name = live.name
        variant, target, saved = variants.get(name), observed.targets.get(name), remembered.released.get(name)
        governed = variant is None or variant.scaling is not None
        if saved is not None and governed:
            yield from _restoration(desired, observed, config, name, saved.target)
        yield from _following_alarms(desired, observed, config, name)
        if variant is None or (saved is not None and target is None):
            continue
        if not runs_as_desired(config, variant):
            continue
        if variant.scaling is not None:
            yield from differences(
                ScaledVariant(
                    desired=desired,
                    endpoint=endpoint,
                    name=name,
                    scaling=variant.scaling,
                    target=target,
                    alarms=observed.alarms,
                    record=remembered.scaling.get(name),
                    kept=saved.target if saved else None,
                    now=observed.now,
                )
            )
        elif target is not None:
            deregistration = commands.deregister_scalable_target(desired.endpoint_name, name)
            yield Step(StepKind.APPLY_SCALING, (deregistration,))
    needed = declared_alarms(desired) | released_alarms(desired, remembered.released)
    yield from _unneeded_alarms(desired, observed, needed)


def _restoration(
    desired: Desired, observed: Observed, config: ObservedConfig | None, name: str, saved: ObservedTarget
) -> Iterator[Step]:
    """Yield what is missing of a released target; its policies and scheduled actions wait for the target.

    Once the target is there, what the spec declares is left to the spec where it governs it.
    """
    variant = next((each for each in desired.variants if each.name == name), None)
    governed = name in observed.targets and variant is not None and runs_as_desired(config, variant)
    scaling = variant.scaling if governed and variant else None
    policies = {policy.name for policy in scaling.policies} if scaling else set[str]()
    actions = scaling.scheduled_actions.keys() if scaling else set[str]()
    registration: frozenset[str] = frozenset()
    for command in restoration(desired.endpoint_name, name, saved, observed, desired.all_tags):
        request = command.request
        if request.get("PolicyName") in policies or request.get("ScheduledActionName") in actions:
            continue
        step = Step(StepKind.RESTORE_SCALING, (command,), waits_for=registration)
        if command.operation == "RegisterScalableTarget":
            registration = frozenset({step.identity})
        yield step


def _following_alarms(
    desired: Desired, observed: Observed, config: ObservedConfig | None, name: str
) -> Iterator[Step]:
    """Yield what lets our alarms fire restored step policies, which have new ARNs.

    Those that the spec declares are left to it where it governs the variant.
    """
    target = observed.targets.get(name)
    variant = next((each for each in desired.variants if each.name == name), None)
    governed = variant is not None and runs_as_desired(config, variant)
    wanted = declared_alarms(desired) if governed else frozenset[str]()
    for policy_name, policy in (target.policies if target else {}).items():
        alarm = alarm_name(desired.alarm_prefix, name, policy_name)
        live = (observed.alarms or {}).get(alarm)
        if policy.type == STEP_SCALING and live is not None and alarm not in wanted:
            members = alarm_to_follow(live, policy.arn)
            if members is not None:
                yield Step(StepKind.RESTORE_SCALING, (commands.put_metric_alarm(alarm, members, None),))


def _unneeded_alarms(desired: Desired, observed: Observed, needed: frozenset[str]) -> Iterator[Step]:
    """Yield the deletion of our alarms whose policies neither exist nor are needed."""
    ours = {name for name in observed.alarms or {} if name.startswith(desired.alarm_prefix)}
    for name in sorted(ours - needed - policy_alarms(desired, observed)):
        yield Step(StepKind.APPLY_SCALING, (commands.delete_alarms([name]),))
