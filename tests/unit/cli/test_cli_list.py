# ruff: noqa: RUF001  # what is absent is shown as a dash, not as a minus

import copy

from rich.console import Group

from sagemaker_ab.cli.snapshot import parse_resource
from sagemaker_ab.cli.views.listing import resource_lines


def test_the_list_has_the_columns_of_kubectl_get(shifting, now, text):
    unseen = copy.deepcopy(shifting)
    del unseen["status"]
    resources = [parse_resource(shifting), parse_resource(unseen)]

    assert text(Group(*resource_lines(resources, now=now))) == (
        "NAME     ENDPOINT      WEIGHTS                    READY  REASON    AGE\n"
        "reviews  reviews-prod  VariantA=50% VariantB=50%  False  Updating  11m\n"
        "reviews  reviews-prod  –                          –      –         11m"
    )


def test_wide_adds_instances_rates_latency_and_region(shifting, now, text):
    lines = resource_lines([parse_resource(shifting)], now=now, wide=True, namespaces=True)

    assert text(Group(*lines), width=200) == (
        "NAMESPACE  NAME     ENDPOINT      WEIGHTS                    READY  REASON    AGE"
        "  INSTANCES              INVOCATIONS                          P99 MS                        RUN"
        "  REGION\n"
        "ml         reviews  reviews-prod  VariantA=50% VariantB=50%  False  Updating  11m"
        "  VariantA=1 VariantB=1  VariantA=34.2/min VariantB=33.2/min"
        "  VariantA=48.2 VariantB=118.2  –    us-east-1"
    )


def test_wide_without_status_is_dashes(shifting, now, text):
    del shifting["status"]
    line = resource_lines([parse_resource(shifting)], now=now, wide=True)[1]

    assert text(line, width=200).split() == ["reviews", "reviews-prod", *"–––", "11m", *"––––", "us-east-1"]


def test_wide_names_the_run(shifting, now, text):
    shifting["status"]["traffic"] = {"strategy": "Stepped", "mode": "Apply", "run": "446f921ae9-1"}
    line = resource_lines([parse_resource(shifting)], now=now, wide=True)[1]

    assert text(line, width=200).split()[-2:] == ["446f921ae9-1", "us-east-1"]
