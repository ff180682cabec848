"""The operator understands what the chart sets, and both have the same defaults."""

from pathlib import Path

import yaml

from sagemaker_ab.controller.settings import Settings

ROOT = Path(__file__).parents[2]
OPERATOR = yaml.safe_load((ROOT / "helm" / "values.yaml").read_text())["operator"]
OTHER = {
    "resyncSeconds": 61,
    "pollSeconds": 11,
    "retrySeconds": 6,
    "refusedRetrySeconds": 62,
    "metricsTickSeconds": 16,
    "workers": 17,
    "clusterId": "production/eu",
}


def snake_case(name):
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


def settings_of(manifests):
    (deployment,) = (m for m in manifests if m["kind"] == "Deployment")
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    return Settings.from_environment({entry["name"]: entry["value"] for entry in container["env"]})


def test_the_chart_has_a_value_for_every_setting_and_the_same_default():
    assert {snake_case(name): value for name, value in OPERATOR.items()} == Settings().model_dump()


def test_the_defaults_arrive(default_objects, kustomized):
    assert settings_of(default_objects) == settings_of(kustomized) == Settings()


def test_every_value_arrives(render):
    assert OTHER.keys() == OPERATOR.keys()
    expected = {snake_case(name): value for name, value in OTHER.items()}
    assert settings_of(render(operator=OTHER)).model_dump() == expected
