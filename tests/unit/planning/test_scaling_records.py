"""What status keeps of the autoscaling of variants, also of those that the spec no longer has."""

from dataclasses import replace

from sagemaker_ab.api.scaling_status import MOST_VARIANTS
from sagemaker_ab.planning.scaling_records import follow_scaling
from tests.unit.planning.worlds import AUTOSCALING, NOW, recorded, spec, want, with_variant, world

SCALING = with_variant(spec(), "VariantB", instanceCount=None, autoscaling=AUTOSCALING)


def renamed(name):
    """The usual endpoint, whose scaling variant has another name."""
    variants = [
        {**each, "name": name} if each["name"] == "VariantB" else each for each in SCALING["variants"]
    ]
    return want({**SCALING, "variants": variants})


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
