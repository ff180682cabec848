# ruff: noqa: RUF001  # what is absent is shown as a dash, not as a minus

import pytest

from sagemaker_ab.api.status import Condition
from sagemaker_ab.cli.snapshot import UnreadableResource, parse_resource
from sagemaker_ab.cli.views.conditions import icon_of
from sagemaker_ab.cli.views.tree import resource_tree


def test_a_resource_in_a_weight_shift_is_drawn_whole(shifting, now, text):
    assert text(resource_tree(parse_resource(shifting), now=now), width=80) == (
        "SageMakerABEndpoint ml/reviews  11m\n"
        "├── ◌ Ready              Updating   44s    the weights are on their way\n"
        "├── ◌ Reconciling        Updating   44s\n"
        "├── ✔ EndpointInService  InService  7m2s\n"
        "├── ◌ MetricsAvailable   NoData     2m42s\n"
        "└── Endpoint reviews-prod  Updating since 2026-11-25 15:51:08 UTC\n"
        "    ├── region    us-east-1 123456789012\n"
        "    ├── config    reviews-prod-8c1f2ab3\n"
        "    ├── strategy  Manual\n"
        "    ├── VariantA  ━━━━━─────  50% → 0%    1/1 instances\n"
        "    │   ├── model       bert-a  sha256:ab12cd34ab12\n"
        "    │   ├── requests    34.2/min  34.2/min per instance\n"
        "    │   ├── errors      4xx 1  5xx 2  model 3\n"
        "    │   ├── latency ms  mean 24.0  p50 22.1  p90 31.0  p99 48.2   overhead 3.1\n"
        "    │   └── load        CPU 38.2 %  memory 21.0 %  disk 12.5 %\n"
        "    ├── VariantB  ━━━━━─────  50% → 100%  1/2 instances [1..2]\n"
        "    │   ├── model       bert-b  sha256:ab12cd34ab12\n"
        "    │   ├── requests    33.2/min  16.6/min per instance\n"
        "    │   ├── errors      4xx –  5xx –  model –\n"
        "    │   ├── latency ms  mean 37.0  p50 35.1  p90 51.0  p99 118.2  overhead –\n"
        "    │   └── load        CPU 52.0 %  memory –       disk –\n"
        "    └── metrics of 2026-11-25 15:45:00 UTC to 15:50:00, one period of 300 s"
    )


def test_a_resource_that_no_operator_has_seen_shows_what_the_spec_knows(shifting, now, text):
    del shifting["status"]

    assert text(resource_tree(parse_resource(shifting), now=now)) == (
        "SageMakerABEndpoint ml/reviews  11m  not yet seen by the operator\n"
        "└── Endpoint reviews-prod  –\n"
        "    ├── region  us-east-1\n"
        "    ├── config  –\n"
        "    ├── VariantA  ──────────  –\n"
        "    │   └── model       –\n"
        "    ├── VariantB  ──────────  –\n"
        "    │   └── model       –\n"
        "    └── no metrics yet"
    )


def test_a_failed_deployment_says_what_was_asked_and_what_aws_answered(shifting, now, text):
    shifting["status"]["endpoint"] |= {
        "pendingConfigName": "reviews-prod-99999999",
        "failureReason": "The container did not pass the ping health check.",
    }
    shifting["status"]["deployment"] = {
        "fingerprint": "f00",
        "configName": "reviews-prod-99999999",
        "attempts": 2,
        "state": "Failed",
        "since": "2026-11-25T15:50:00Z",
        "message": "rolled back",
    }

    assert text(resource_tree(parse_resource(shifting), now=now)).splitlines()[6:13] == [
        "    ├── region     us-east-1 123456789012",
        "    ├── config     reviews-prod-8c1f2ab3",
        "    ├── pending    reviews-prod-99999999",
        "    ├── failure    The container did not pass the ping health check.",
        "    ├── deploying  Failed, attempt 2, reviews-prod-99999999",
        "    ├──            rolled back",
        "    ├── strategy   Manual",
    ]


def test_wide_shows_the_arn_and_the_whole_image(shifting, now, text):
    drawn = text(resource_tree(parse_resource(shifting), now=now, wide=True), width=200)

    assert "arn       arn:aws:sagemaker:us-east-1:123456789012:endpoint/reviews-prod\n" in drawn
    assert f"bert-a  {shifting['status']['variants'][0]['imageDigest']}\n" in drawn


def test_gpus_are_shown_for_all_variants_once_one_has_them(shifting, now, text):
    shifting["status"]["metrics"]["variants"][0]["gpuUtilizationPercent"] = "71.5"

    loads = [
        line for line in text(resource_tree(parse_resource(shifting), now=now)).splitlines() if "CPU" in line
    ]

    assert [line.split("disk")[1] for line in loads] == [
        " 12.5 %  GPU 71.5 %  GPU memory –",
        " –       GPU –       GPU memory –",
    ]


def test_a_variant_on_its_way_out_is_marked(shifting, now, text):
    del shifting["spec"]["variants"][0]

    lines = text(resource_tree(parse_resource(shifting), now=now)).splitlines()

    assert "    ├── VariantA  ━━━━━─────  50% → 0%    1/1 instances         not in spec" in lines


@pytest.mark.parametrize(
    ("metadata", "observed", "head"),
    [
        ({"generation": 4}, 3, "11m  status is of generation 3, spec of 4"),
        ({"deletionTimestamp": "2026-11-25T15:51:00Z"}, 3, "11m  being deleted for 52s"),
    ],
)
def test_the_head_says_when_status_lags_or_the_resource_is_going(
    shifting, now, text, *, metadata, observed, head
):
    shifting["metadata"] |= metadata
    shifting["status"]["observedGeneration"] = observed

    first = text(resource_tree(parse_resource(shifting), now=now)).splitlines()[0]

    assert first == f"SageMakerABEndpoint ml/reviews  {head}"


@pytest.mark.parametrize(
    ("kind", "status", "under_way", "icon"),
    [
        ("Ready", "True", False, "✔"),
        ("Ready", "False", True, "◌"),
        ("Ready", "False", False, "✖"),
        ("Ready", "Unknown", False, "?"),
        ("Stalled", "True", False, "✖"),
        ("Stalled", "False", False, "✔"),
        ("Reconciling", "True", True, "◌"),
        ("Reconciling", "False", False, "✔"),
        ("MetricsAvailable", "False", False, "◌"),
        ("Decided", "False", False, "◌"),
        ("SpecConverged", "False", False, "◌"),
    ],
)
def test_icons_tell_good_from_bad_whatever_the_polarity(now, kind, status, under_way, icon):
    condition = Condition(type=kind, status=status, reason="Because", message="", last_transition_time=now)

    assert icon_of(condition, under_way=under_way)[0] == icon


def test_a_stored_object_of_another_form_is_refused_with_the_field(shifting):
    shifting["spec"]["variants"][0]["weight"] = "heavy"

    with pytest.raises(UnreadableResource, match=r"ml/reviews does not match the CRD .* spec\.variants"):
        parse_resource(shifting)
