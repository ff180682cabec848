"""Containers of a model: which members of CreateModel a spec becomes, and the images of each container."""

from tests.unit.planning.worlds import spec, want, with_variant

IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/tokenizer:1"
FRAMEWORK = {"name": "pytorch", "version": "1.6.0", "pythonVersion": "py3"}
TABLE = "763104351884.dkr.ecr.us-east-1.amazonaws.com/pytorch-inference:1.6.0-cpu-py3"
TOKENIZER = {"image": IMAGE, "environment": {"LANGUAGE": "en"}}
BERT = {"framework": FRAMEWORK, "modelDataUrl": "s3://bucket/bert/model.tar.gz"}
RANKER = {"framework": FRAMEWORK}


def pipeline(*containers, **changes):
    """A spec whose VariantA serves a model of these containers."""
    models = [{"name": "bert-a", "containers": list(containers), **changes}, spec()["models"][1]]
    return spec(models=models)


def model(raw, **changes):
    return want(raw, **changes).models[0]


def test_containers_keep_their_order_and_are_not_a_primary_container():
    assert model(pipeline(TOKENIZER, BERT)).content == {
        "ExecutionRoleArn": "arn:aws:iam::123456789012:role/sagemaker",
        "Containers": [
            {"Image": IMAGE, "Environment": {"LANGUAGE": "en"}},
            {"Image": TABLE, "ModelDataUrl": "s3://bucket/bert/model.tar.gz"},
        ],
    }


def test_a_primary_container_is_not_a_list():
    assert model(spec()).content == {
        "ExecutionRoleArn": "arn:aws:iam::123456789012:role/sagemaker",
        "PrimaryContainer": {
            "Image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/reviews:1",
            "ModelDataUrl": "s3://bucket/bert-a/model.tar.gz",
        },
    }


def test_the_order_of_containers_makes_another_model():
    assert model(pipeline(TOKENIZER, BERT)).name != model(pipeline(BERT, TOKENIZER)).name


def test_a_model_package_is_named_and_brings_its_own_image():
    content = model(pipeline({"modelPackageName": "bert/3"})).content

    assert content["Containers"] == [{"ModelPackageName": "bert/3"}]


def test_each_container_gets_the_pinned_image_of_its_own_place():
    raw = pipeline(TOKENIZER, BERT, RANKER)
    pin = model(raw).image_pin

    pinned = model(raw, pinned={pin: (IMAGE, "bert:pinned", "ranker:pinned")})

    images = [container["Image"] for container in pinned.content["Containers"]]
    assert images == [IMAGE, "bert:pinned", "ranker:pinned"]


def test_a_container_for_which_nothing_is_pinned_gets_the_image_of_the_table():
    raw = pipeline(BERT, RANKER)
    pin = model(raw).image_pin

    pinned = model(raw, pinned={pin: ("bert:pinned",)})

    assert [container["Image"] for container in pinned.content["Containers"]] == ["bert:pinned", TABLE]


def test_the_pin_is_a_tag_of_the_model_beside_those_of_every_object():
    framework = model(pipeline(BERT))

    assert framework.tags == {"sagemaker-ab.dev/image-pin": framework.image_pin}
    assert model(spec()).tags == {}


def test_without_a_role_none_is_sent():
    """The spec leaves it out where all models exist already, or where a model package brings it."""
    raw = {key: value for key, value in spec().items() if key != "executionRoleArn"}
    existing = [
        {"name": "bert-a", "existingModelName": "theirs"},
        {"name": "bert-b", "existingModelName": "x"},
    ]

    assert want({**raw, "models": existing}).models == ()


def test_a_model_that_two_variants_share_is_created_once():
    shared = want(with_variant(spec(), "VariantB", model="bert-a"))

    assert len(shared.models) == 1
    assert {variant.model_name for variant in shared.variants} == {shared.models[0].name}


def test_an_image_that_is_not_known_is_reported_with_its_variant():
    unknown = {"framework": {**FRAMEWORK, "version": "0.0.1"}}

    (message,) = want(pipeline(TOKENIZER, unknown)).unresolved

    assert message.startswith("variant VariantA: ")
    assert "0.0.1" in message
