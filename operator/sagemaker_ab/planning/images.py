"""The serving images that AWS publishes for a framework, by region and instance type.

The image table is ``images.json`` next to this module; its ``source`` member names where the data comes from.
An image that is not in the table is an error. The operator never guesses an image URI.
"""

import json
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import Any

from sagemaker_ab.api.spec import Framework


class UnknownImage(ValueError):
    """The table has no image. The message states what was given and what is supported."""


def resolve_image(framework: Framework, *, region: str, instance_type: str) -> str:
    """Return the URI of the image in the registry of the region.

    Raises:
        UnknownImage: the instance family, version, Python version or region is not in the table.
    """
    table = _table()
    family, processor = _family_and_processor(instance_type, families=table["families"])
    image = _image(framework, images=table["frameworks"][framework.name], processor=processor)
    accounts = table["registries"][image["registries"]]
    _must_know(region, among=accounts, what=f"no {framework.name} {image['version']} image in region")
    host = f"{accounts[region]}.dkr.ecr.{region}.{table['domains'][region]}"
    suffix = image["suffixes"].get(family) or image["suffixes"].get(processor)
    hardware = "gpu" if processor == "gpu" else "cpu"
    tag = "-".join(filter(None, (image["version"], hardware, framework.python_version, suffix)))
    return f"{host}/{image['repository']}:{tag}"


@cache
def _table() -> Any:
    return json.loads(files(__package__).joinpath("images.json").read_text())


def _family_and_processor(instance_type: str, *, families: dict[str, str]) -> tuple[str, str]:
    family = instance_type.split(".")[1]
    _must_know(family, among=families, what=f"{instance_type}: no image for instance family")
    return family, families[family]


def _image(framework: Framework, *, images: list[dict[str, Any]], processor: str) -> dict[str, Any]:
    fitting = [image for image in images if processor in image["processors"]]
    by_version = {version: image for image in fitting for version in (image["version"], *image["aliases"])}
    what = f"no {framework.name} image for {processor} instances with version"
    _must_know(framework.version, among=by_version, what=what)
    image = by_version[framework.version]
    what = f"no {framework.name} {framework.version} image for {processor} instances with pythonVersion"
    _must_know(framework.python_version, among=image["pythonVersions"], what=what)
    return image


def _must_know(given: str, *, among: Iterable[str], what: str) -> None:
    known = list(among)
    if given not in known:
        raise UnknownImage(f"{what} {given}; supported: {', '.join(known)}")
