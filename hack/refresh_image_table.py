"""Write operator/sagemaker_ab/planning/images.json: which serving images AWS publishes for which framework.

Run it in the development environment, with a package index within reach:

    .venv/bin/python hack/refresh_image_table.py

Image facts come from the last release of the SageMaker Python SDK that keeps them as plain data; its wheel is
fetched without its dependencies, checked against the hash below, read and thrown away. Instance families and
each region's domain come from botocore's models. What is copied is data under Apache-2.0, whose NOTICE the
table carries.

An instance family decides the image by its name, as the EC2 user guide's naming convention has it:

- Graviton: series and generation, then a ``g`` (m7g, c6gn). AWS publishes other images for these.
- GPU: series g or p (g5, p4d). The p6e-gb200's host is an Arm one and none of these images runs on it.
- Inferentia, Trainium and Gaudi (inf, trn, dl) need images that are compiled for them: left out.
- CPU: series c, m, r and t. A series that is none of these stops the script, for a person to decide.
"""

import hashlib
import json
import re
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

from botocore.session import get_session

SDK = "sagemaker==2.257.7"
SDK_SHA256 = "afa20b13ede5cfa8eac5de2dd51036047d90152224e8309d07f54ee5aefd0a99"
MEMBER = "sagemaker/image_uri_config/pytorch.json"
NOTICE = "sagemaker-2.257.7.dist-info/licenses/NOTICE.txt"
SCOPES = {"inference": ("cpu", "gpu"), "inference_graviton": ("graviton",)}
# The one exception that the SDK keeps in code (image_uris.py, _get_image_tag): A100s need CUDA 11.
SUFFIXES = {"1.6.0": {"p4d": "cu110-ubuntu18.04"}}
TABLE = Path(__file__).parent.parent / "operator/sagemaker_ab/planning/images.json"


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(download(Path(folder))) as wheel:
        published = json.loads(wheel.read(MEMBER))
        notice = wheel.read(NOTICE).decode().split()
    registries: list[dict[str, str]] = []
    images = [
        image
        for scope, processors in SCOPES.items()
        for image in images_of(published[scope], processors=processors, registries=registries)
    ]
    table = {
        "source": {"package": SDK, "file": MEMBER, "license": "Apache-2.0", "notice": " ".join(notice)},
        "frameworks": {"pytorch": images},
        "registries": registries,
        "domains": domains({region for accounts in registries for region in accounts}),
        "families": families(),
    }
    TABLE.write_text(json.dumps(table, indent=1, sort_keys=True) + "\n")


def download(folder: Path) -> Path:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder), SDK]
    subprocess.run(command, check=True)
    (wheel,) = folder.glob("*.whl")
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    if digest != SDK_SHA256:
        sys.exit(f"{wheel.name} has SHA-256 {digest}, not {SDK_SHA256}")
    return wheel


def images_of(
    scope: dict[str, Any], *, processors: tuple[str, ...], registries: list[dict[str, str]]
) -> list[dict[str, Any]]:
    """One row for each version; registries that several versions share stand once in ``registries``."""
    aliases: dict[str, list[str]] = {}
    for alias, version in scope["version_aliases"].items():
        aliases.setdefault(version, []).append(alias)
    rows = []
    for version, facts in scope["versions"].items():
        if facts["registries"] not in registries:
            registries.append(facts["registries"])
        row = {
            "version": version,
            "aliases": aliases.get(version, []),
            "processors": list(processors),
            "pythonVersions": facts["py_versions"],
            "repository": facts["repository"],
            "registries": registries.index(facts["registries"]),
            "suffixes": SUFFIXES.get(version, {}),
        }
        if "container_version" in facts:
            row["suffixes"] = {"graviton": f"{facts['container_version']['cpu']}-sagemaker"}
        rows.append(row)
    return rows


def domains(regions: set[str]) -> dict[str, str]:
    session = get_session()
    resolver = session.get_component("endpoint_resolver")
    return {
        region: resolver.get_partition_dns_suffix(session.get_partition_for_region(region))
        for region in regions
    }


def families() -> dict[str, str]:
    instance_types = get_session().get_service_model("sagemaker").shape_for("ProductionVariantInstanceType")
    found = {
        family: processor(family)
        for family in {name.split(".")[1] for name in instance_types.metadata["enum"]}
    }
    return {family: kind for family, kind in found.items() if kind}


def processor(family: str) -> str:
    """Return cpu, gpu or graviton; nothing for a family that needs images of another kind."""
    series = re.match("[a-z]+", family)
    if series is None:
        sys.exit(f"{family}: no instance series")
    if series.group() in {"inf", "trn", "dl"} or "-gb" in family:
        return ""
    if re.fullmatch("[a-z]+[0-9]+g[a-z]*", family):
        return "graviton"
    kind = {"g": "gpu", "p": "gpu", "c": "cpu", "m": "cpu", "r": "cpu", "t": "cpu"}.get(series.group())
    return kind or sys.exit(f"{family}: series {series.group()} is new; decide which images it runs")


if __name__ == "__main__":
    main()
