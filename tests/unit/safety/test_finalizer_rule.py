"""S7: finalizer and pinned place before the first write; the finalizer stays until AWS holds nothing."""

from dataclasses import replace

import pytest

from sandbox.safety.bounds import Bounds
from sandbox.safety.intent import ACCOUNT, REGION
from tests.unit.safety.stage import ARN, PERSON, PINNED, Stage, spec


@pytest.fixture
def new():
    """The resource has just been created."""
    stage = Stage()
    stage.apply(spec())
    return stage


def test_one_patch_after_a_read_and_before_the_first_write_is_right(new):
    new.read()
    new.pin()
    new.create_model("bert-a")

    assert new.found() == []


def test_a_finalizer_without_the_annotations_is_caught(new):
    new.read()
    new.pin(annotations={})

    (violation,) = new.violations()
    assert violation.rule == "S7"
    assert f"{ACCOUNT} and {REGION} are not there" in violation.found


def test_annotations_that_come_before_the_finalizer_are_caught(new):
    new.read()
    new.pin(finalizer=False)
    new.pin()

    (violation,) = new.violations()
    assert violation.subject.startswith("annotations")
    assert violation.found == "the finalizer is not there"


def test_annotations_that_a_person_writes_are_not_judged(new):
    new.pin(finalizer=False, annotations={ACCOUNT: "999999999999"}, by=PERSON)
    new.read()
    new.pin()
    new.create_model("bert-a")

    assert new.found() == []


def test_one_annotation_of_the_operators_beside_a_persons_is_caught(new):
    new.pin(finalizer=False, annotations={ACCOUNT: "123456789012"}, by=PERSON)
    new.read()
    new.pin(finalizer=False)

    (violation,) = new.violations()
    assert violation.subject.startswith(f"annotations {REGION} added")


def test_a_finalizer_that_a_person_writes_is_not_judged(new):
    new.pin(annotations={}, by=PERSON)
    new.read()
    new.pin()
    new.create_model("bert-a")

    assert new.found() == []


def test_a_finalizer_before_the_first_read_is_caught(new):
    new.pin()

    assert new.violations()[0].found == "endpoint reviews had not been read yet"


def test_a_refused_read_is_none(new):
    new.aws.fault({"denied": True}, match={"operation": "DescribeEndpoint"})
    new.attempt("describe_endpoint", EndpointName="reviews")
    new.pin()

    assert new.found() == ["S7"]


def test_a_write_before_the_finalizer_is_caught_once(new):
    new.read()
    new.create_model("bert-a")
    new.create_model("bert-b")

    (violation,) = new.violations()
    assert "CreateModel" in violation.subject
    assert "has no sagemaker-ab.dev/account, sagemaker-ab.dev/endpoint" in violation.found


def test_a_write_that_aws_refuses_is_a_write(new):
    new.read()
    new.aws.fault({"denied": True}, match={"operation": "CreateModel"})
    with pytest.raises(Exception, match="AccessDenied"):
        new.create_model("bert-a")

    assert new.found() == ["S7"]


def test_annotations_that_a_backup_has_kept_are_right():
    stage = Stage()
    stage.apply(spec(), **{name.partition("/")[2]: value for name, value in PINNED.items()})
    stage.read()
    stage.pin()
    stage.create_model("bert-a")

    assert stage.found() == []


def test_a_write_to_another_place_than_the_pinned_one_is_caught(new):
    new.read()
    new.pin(annotations={ACCOUNT: "999988887777", REGION: "eu-west-1"})
    new.create_model("bert-a")

    (violation,) = new.violations()
    assert "pinned to 999988887777 and eu-west-1" in violation.found


def test_a_finalizer_that_somebody_took_away_alone_may_come_back_alone(stage):
    stage.pin(finalizer=False, annotations={}, by=PERSON)
    stage.pin(annotations={})
    stage.weigh(VariantA=50, VariantB=50)

    assert stage.found() == []


def test_what_kubectl_replace_takes_away_has_to_come_back_before_the_next_write(stage):
    del stage.resource["metadata"]["annotations"]
    stage.pin(finalizer=False, annotations={}, by=PERSON)
    stage.read()
    stage.weigh(VariantA=50, VariantB=50)
    assert stage.found() == ["S7"]


def test_a_finalizer_that_goes_while_aws_holds_something_is_caught(stage):
    stage.delete()
    stage.release_finalizer()

    (violation,) = stage.violations()
    assert violation.rule == "S7"
    assert "AWS holds endpoint config first, endpoint reviews, model bert-a, model bert-b" in violation.found


def torn_down(stage):
    stage.delete()
    stage.deregister("VariantB")
    stage.sagemaker.delete_endpoint(EndpointName="reviews")
    stage.settle()
    stage.sagemaker.delete_endpoint_config(EndpointConfigName="first")
    for name in ("bert-a", "bert-b"):
        stage.sagemaker.delete_model(ModelName=name)


def test_a_finalizer_that_goes_last_is_right(stage):
    torn_down(stage)
    stage.release_finalizer()

    assert stage.found() == []


def test_retain_lets_the_finalizer_go_without_a_call(stage):
    stage.apply(spec(deletionPolicy="Retain"))
    stage.delete()
    stage.release_finalizer()

    assert stage.found() == []


def test_a_finalizer_that_goes_without_any_read_is_caught(new):
    new.read()
    new.pin()
    assert new.found() == []
    unread = Stage()
    unread.apply(spec())
    unread.resource["metadata"]["finalizers"] = ["sagemaker-ab.dev/endpoint"]
    unread.delete()
    unread.release_finalizer()

    assert "never read for this resource" in unread.violations()[-1].found


def test_annotations_that_go_while_a_reconcile_runs_cannot_be_known(stage):
    stage.monitor.judge.history.bounds = replace(Bounds(), reconcile=0.1)
    stage.aws.advance(seconds=1)
    del stage.resource["metadata"]["annotations"]
    stage.pin(annotations={}, by=PERSON)
    stage.weigh(VariantA=50, VariantB=50)
    assert stage.found() == []

    stage.aws.advance(seconds=1)
    stage.weigh(VariantA=50, VariantB=50)
    assert stage.found() == ["S7"]


def retag(stage, **owner):
    tags = [{"Key": f"sagemaker-ab.dev/{key}", "Value": value} for key, value in owner.items()]
    stage.aws.edit(
        call={"service": "sagemaker", "operation": "AddTags", "params": {"ResourceArn": ARN, "Tags": tags}}
    )


def test_what_an_endpoint_uses_that_was_handed_over_is_not_ours(stage):
    retag(stage, namespace="other", name="other")
    stage.read()
    stage.delete()
    stage.release_finalizer()

    assert stage.found() == []


def test_an_endpoint_without_tags_was_not_handed_over(stage):
    params = {"ResourceArn": ARN, "TagKeys": ["sagemaker-ab.dev/cluster-id"]}
    stage.aws.edit(call={"service": "sagemaker", "operation": "DeleteTags", "params": params})
    stage.read()
    stage.delete()
    stage.release_finalizer()

    assert stage.found() == ["S7"]
