"""`predict`, `load` and `metrics` through kubectl against the simulated AWS: the notebook's steps 6 and 7."""

import json

import boto3
import pytest

SENTENCES = ("I love this product!", "OK, but not great.", "This is not the right product.")
INPUTS = "".join(json.dumps({"features": [sentence]}) + "\n" for sentence in SENTENCES)

pytestmark = pytest.mark.usefixtures("reviews", "endpoint")


@pytest.fixture
def ask(plugin, aws_url):
    """A command about the resource `reviews`, with the notebook's inputs on standard input."""

    def run(command, *arguments):
        return plugin(command, "reviews", "-n", "cli", *arguments, input=INPUTS, AWS_ENDPOINT_URL=aws_url)

    return run


def test_predict_shows_the_sentiment_of_the_sample_sentences(ask):
    shown = ask("predict", "-f", "-", "--variant", "VariantB")

    header, *rows = shown.stdout.splitlines()
    assert header.split() == ["INPUT", "PROBABILITY", "PREDICTED_LABEL", "VARIANT"]
    assert [row.split()[-2:] for row in rows] == [["1", "VariantB"], ["0", "VariantB"], ["-1", "VariantB"]]
    assert [row.startswith(sentence) for row, sentence in zip(rows, SENTENCES, strict=True)] == [True] * 3


def test_predict_says_which_variant_the_weights_picked(ask):
    answers = [json.loads(line) for line in ask("predict", "-f", "-", "-o", "json").stdout.splitlines()]

    assert [answer["input"]["features"][0] for answer in answers] == list(SENTENCES)
    assert len({answer["variant"] for answer in answers}) == 1
    assert answers[0]["variant"] in {"VariantA", "VariantB"}


def test_load_sends_the_whole_file_a_hundred_times_and_splits_by_weight(ask, aws_control):
    aws_control.clear_calls()

    shown = ask("load", "-f", "-", "--requests", "100", "--concurrency", "4", "-o", "json")

    report = json.loads(shown.stdout)
    answers = {load["variant"]: load["answers"] for load in report["variants"]}
    assert aws_control.counts()["InvokeEndpoint"] == 100
    assert sum(answers.values()) == 100
    assert min(answers.values()) > 20, "even weights do not give one variant everything"
    assert all(0 < load["latency"]["p50"] <= load["latency"]["p99"] for load in report["variants"])


def test_load_of_one_variant_reaches_no_other(ask):
    report = json.loads(
        ask("load", "-f", "-", "--requests", "5", "--variant", "VariantA", "-o", "json").stdout
    )

    assert [load["answers"] for load in report["variants"]] == [5, 0]


def test_load_fails_when_the_model_does(ask, aws_control):
    aws_control.edit(ailment={"model": "bert-a", "rate5xx": 1.0})
    try:
        shown = ask("load", "-f", "-", "--requests", "3", "--variant", "VariantA")
    finally:
        aws_control.edit(ailment={"model": "bert-a"})

    assert shown.returncode == 1
    assert "3 failed with ModelError: " in shown.stdout


def test_metrics_draws_all_charts_from_one_call_and_saves_a_picture(ask, aws_control, tmp_path):
    ask("load", "-f", "-", "--requests", "20", "--concurrency", "4")
    aws_control.advance(300)
    aws_control.clear_calls()
    picture = tmp_path / "reviews.png"

    shown = ask("metrics", "--minutes", "15", "--plot", str(picture))

    assert shown.returncode == 0, shown.stderr
    assert aws_control.counts() == {"DescribeEndpoint": 1, "GetMetricData": 1}
    for metric in ("CPUUtilization", "Invocations", "InvocationsPerInstance", "ModelLatency"):
        assert metric in shown.stdout
    assert "no datapoints" not in shown.stdout
    assert shown.stdout.endswith(f"Charts saved to {picture}\n")
    assert picture.read_bytes().startswith(b"\x89PNG")


@pytest.fixture
def autoscaled(control_plane, cli_namespace, reviews, aws_url):
    """The resource `reviews`, whose VariantB has autoscaling, also in AWS."""
    policy = {
        "name": "invocations",
        "type": "TargetTrackingScaling",
        "targetTrackingScaling": {
            "predefinedMetricType": "SageMakerVariantInvocationsPerInstance",
            "targetValue": 5,
        },
    }
    changes = [
        {"op": "remove", "path": "/spec/variants/1/instanceCount"},
        {
            "op": "add",
            "path": "/spec/variants/1/autoscaling",
            "value": {"minCapacity": 1, "maxCapacity": 3, "policies": [policy]},
        },
    ]
    where = ("smab", reviews["metadata"]["name"], "-n", cli_namespace)
    control_plane.kubectl("patch", *where, "--type=json", "-p", json.dumps(changes), check=True)
    autoscaling = boto3.client(
        "application-autoscaling",
        endpoint_url=aws_url,
        region_name="us-east-1",
        aws_access_key_id="AKIASANDBOX",
        aws_secret_access_key="sandbox",
    )
    target = {
        "ServiceNamespace": "sagemaker",
        "ResourceId": "endpoint/reviews-prod/variant/VariantB",
        "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
    }
    autoscaling.register_scalable_target(**target, MinCapacity=1, MaxCapacity=3)
    yield
    autoscaling.deregister_scalable_target(**target)


@pytest.mark.usefixtures("autoscaled")
def test_scaling_draws_instances_and_the_metric_and_saves_a_picture(ask, aws_control, tmp_path):
    ask("load", "-f", "-", "--requests", "20", "--variant", "VariantB")
    aws_control.advance(300)
    aws_control.clear_calls()
    picture = tmp_path / "scaling.png"

    shown = ask("scaling", "--minutes", "15", "--plot", str(picture))

    assert shown.returncode == 0, shown.stderr
    assert aws_control.counts() == {
        "DescribeEndpoint": 1,
        "DescribeScalableTargets": 1,
        "DescribeScalingActivities": 1,
        "GetMetricData": 1,
    }
    assert "VariantB  1/1 instances [1..3]" in shown.stdout
    assert "invocations: InvocationsPerInstance  sum, per minute" in shown.stdout
    assert "from traffic  last 1 · mean 1 · max 1" in shown.stdout
    assert shown.stdout.endswith(f"Charts saved to {picture}\n")
    assert picture.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("command", [("predict", "-f", "-"), ("metrics",), ("scaling",)])
def test_an_aws_that_is_not_there_is_said_in_one_line(plugin, command):
    name, *options = command

    shown = plugin(
        name, "reviews", *options, "-n", "cli", input=INPUTS, AWS_ENDPOINT_URL="http://127.0.0.1:1"
    )

    assert shown.returncode == 1
    assert shown.stderr.startswith("Error: AWS: Could not connect to the endpoint URL")
    assert shown.stderr.endswith("(EndpointConnectionError); try again\n")


def test_without_credentials_the_user_learns_whose_are_needed(plugin, aws_url):
    shown = plugin(
        "metrics",
        "reviews",
        "-n",
        "cli",
        AWS_ENDPOINT_URL=aws_url,
        AWS_ACCESS_KEY_ID="",
        AWS_SECRET_ACCESS_KEY="",
    )

    assert shown.returncode == 1
    assert shown.stderr == (
        "Error: AWS: Unable to locate credentials (NoCredentialsError); "
        "this command uses your AWS credentials, not the operator's; check them and their permissions\n"
    )
