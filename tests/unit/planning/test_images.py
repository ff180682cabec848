"""Serving images: what AWS publishes is found, in the region's own registry; nothing is guessed."""

import json
import runpy
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from sagemaker_ab.api.spec import Framework
from sagemaker_ab.planning.images import UnknownImage, resolve_image

TABLE: dict[str, Any] = json.loads(files("sagemaker_ab.planning").joinpath("images.json").read_text())
REFRESH = Path(__file__).parents[3] / "hack" / "refresh_image_table.py"


def image(
    version: str = "1.6.0",
    python_version: str = "py3",
    *,
    region: str = "us-east-1",
    instance_type: str = "ml.m5.large",
) -> str:
    framework = Framework(name="pytorch", version=version, python_version=python_version)
    return resolve_image(framework, region=region, instance_type=instance_type)


def test_the_notebooks_image_is_found() -> None:
    assert image() == "763104351884.dkr.ecr.us-east-1.amazonaws.com/pytorch-inference:1.6.0-cpu-py3"


@pytest.mark.parametrize(
    ("region", "registry"),
    [
        ("eu-central-1", "763104351884.dkr.ecr.eu-central-1.amazonaws.com"),
        ("af-south-1", "626614931356.dkr.ecr.af-south-1.amazonaws.com"),
        ("us-gov-west-1", "442386744353.dkr.ecr.us-gov-west-1.amazonaws.com"),
        ("cn-north-1", "727897471807.dkr.ecr.cn-north-1.amazonaws.com.cn"),
        ("us-iso-east-1", "886529160074.dkr.ecr.us-iso-east-1.c2s.ic.gov"),
    ],
)
def test_each_region_has_its_registry_and_each_partition_its_domain(region: str, registry: str) -> None:
    assert image(region=region) == f"{registry}/pytorch-inference:1.6.0-cpu-py3"


@pytest.mark.parametrize(
    ("instance_type", "version", "python_version", "repository_and_tag"),
    [
        ("ml.g4dn.xlarge", "1.6.0", "py3", "pytorch-inference:1.6.0-gpu-py3"),
        ("ml.p4d.24xlarge", "1.6.0", "py3", "pytorch-inference:1.6.0-gpu-py3-cu110-ubuntu18.04"),
        ("ml.p4d.24xlarge", "2.6.0", "py312", "pytorch-inference:2.6.0-gpu-py312"),
        (
            "ml.c7g.large",
            "2.4.0",
            "py311",
            "pytorch-inference-graviton:2.4.0-cpu-py311-ubuntu22.04-sagemaker",
        ),
        ("ml.m5.large", "0.4.0", "py2", "sagemaker-pytorch:0.4.0-cpu-py2"),
    ],
)
def test_the_instance_type_decides_processor_repository_and_tag(
    instance_type: str, version: str, python_version: str, repository_and_tag: str
) -> None:
    assert image(version, python_version, instance_type=instance_type).endswith(f"/{repository_and_tag}")


def test_an_alias_stands_for_its_full_version() -> None:
    """So that an image that AWS publishes later under the alias does not change the model."""
    assert image("1.6") == image("1.6.0")


def test_every_version_is_found_in_each_of_its_regions_on_each_of_its_families() -> None:
    for row in TABLE["frameworks"]["pytorch"]:
        families = [family for family, kind in TABLE["families"].items() if kind in row["processors"]]
        for family in families:
            for region, account in TABLE["registries"][row["registries"]].items():
                uri = image(
                    row["version"],
                    row["pythonVersions"][0],
                    region=region,
                    instance_type=f"ml.{family}.xlarge",
                )
                assert uri.startswith(f"{account}.dkr.ecr.{region}.")


@pytest.mark.parametrize("family", ["inf1", "inf2", "trn1", "trn2", "dl1", "p6e-gb200", "m99"])
def test_a_family_that_needs_other_images_or_is_not_known_is_refused(family: str) -> None:
    with pytest.raises(UnknownImage, match=f"instance family {family}; known: c4, c5, .*m5, "):
        image(instance_type=f"ml.{family}.xlarge")


def test_an_unknown_region_is_refused() -> None:
    with pytest.raises(
        UnknownImage, match=r"no images in region eu-isoe-west-1; known: af-south-1, ap-east-1"
    ):
        image(region="eu-isoe-west-1")


def test_an_unknown_version_is_refused() -> None:
    with pytest.raises(UnknownImage, match=r"for cpu instances of version 9\.9; known: 0\.4\.0, 0\.4, "):
        image("9.9")


def test_a_version_without_an_image_for_the_processor_is_refused() -> None:
    with pytest.raises(
        UnknownImage, match=r"for graviton instances of version 1\.6\.0; known: 1\.12\.1, 1\.12, "
    ):
        image(instance_type="ml.m8g.large")


def test_a_python_that_the_version_does_not_have_is_refused() -> None:
    with pytest.raises(UnknownImage, match=r"pytorch 1\.6\.0 .* with pythonVersion py312; known: py3, py36"):
        image(python_version="py312")


@pytest.mark.parametrize(
    ("family", "processor"),
    [
        *[(family, "cpu") for family in ("c5d", "m5", "r7i", "t2", "c6in")],
        *[(family, "gpu") for family in ("g4dn", "g6e", "p3", "p4de", "p6-b200")],
        *[(family, "graviton") for family in ("c6gn", "m8g", "r7gd")],
        *[(family, "") for family in ("inf2", "trn1n", "dl1", "p6e-gb200")],
    ],
)
def test_a_refresh_tells_processors_by_the_family(family: str, processor: str) -> None:
    assert runpy.run_path(str(REFRESH))["processor"](family) == processor


def test_a_refresh_stops_at_a_series_that_it_does_not_know() -> None:
    with pytest.raises(SystemExit, match="series hpc is new"):
        runpy.run_path(str(REFRESH))["processor"]("hpc7")


def test_the_table_says_where_its_facts_come_from() -> None:
    assert TABLE["source"]["package"] == "sagemaker==2.257.7"
    assert TABLE["source"]["license"] == "Apache-2.0"
    assert "Amazon.com" in TABLE["source"]["notice"]
