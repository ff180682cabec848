"""What status keeps of the autoscaling of variants, also of those that the spec no longer has."""

from dataclasses import replace

from sagemaker_ab.api.scaling_status import MOST_VARIANTS
from sagemaker_ab.planning.observed_scaling import ObservedTarget
from sagemaker_ab.planning.scaling_records import follow_scaling
from tests.unit.planning.worlds import AUTOSCALING, NOW, recorded, spec, want, with_variant, world

SCALING = with_variant(spec(), "VariantB", instanceCount=None, autoscaling=AUTOSCALING)


def renamed(name):
    """The usual endpoint, whose scaling variant has another name."""
    variants = [
        {**each, "name": name} if each["name"] == "VariantB" else each for each in SCALING["variants"]
    ]
    return want({**SCALING, "variants": variants})


def with_policy(name):
    """The usual endpoint, whose scaling policy has another name."""
    policies = [{**AUTOSCALING["policies"][0], "name": name}]
    return with_variant(SCALING, "VariantB", autoscaling={**AUTOSCALING, "policies": policies})


def test_a_variant_renamed_at_each_release_fits_into_status_although_alarms_cannot_be_read():
    records = recorded(want(SCALING))
    for release in range(30):
        wanted = renamed(f"release-{release}")
        records = follow_scaling(records, wanted, replace(world(wanted), alarms=None, now=NOW + 1 + release))

    assert len(records) == MOST_VARIANTS
    assert {"release-29", "release-28"} <= records.keys()
    assert "VariantB" not in records


def test_a_record_outlives_its_variant_only_while_aws_holds_something_of_it():
    records, wanted = recorded(want(SCALING)), renamed("VariantC")
    serving = replace(world(wanted), targets=world(want(SCALING)).targets)

    assert follow_scaling(records, wanted, serving).keys() == {"VariantB", "VariantC"}
    assert follow_scaling(records, wanted, world(wanted)).keys() == {"VariantC"}


def test_what_an_earlier_spec_declared_stays_known_until_a_released_target_is_restored_completely():
    records, renamed_policy = recorded(want(SCALING)), want(with_policy("requests"))
    registered = replace(world(renamed_policy), targets={"VariantB": ObservedTarget(1, 4)})

    restoring = follow_scaling(records, renamed_policy, registered, released={"VariantB"})
    restored = follow_scaling(restoring, renamed_policy, registered)

    assert restoring["VariantB"].policies == {"invocations", "requests"}
    assert restored["VariantB"].policies == {"requests"}
