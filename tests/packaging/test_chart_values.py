"""The chart's values: their schema is closed, and schema, defaults, table and Kubernetes agree."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

CHART = Path(__file__).parents[2] / "helm"
SCHEMA = json.loads((CHART / "values.schema.json").read_text())
DEFAULTS = yaml.safe_load((CHART / "values.yaml").read_text())
KUBERNETES = Path(kubernetes_validate.__file__).parent / "kubernetes-json-schema" / "v1.37.0-local-strict"

# What helm itself puts among the values of a subchart.
OF_HELM = {"global", "enabled"}

# Closed copies of Kubernetes' own objects, of which the defaults set some members.
OF_KUBERNETES = {"resources", "podSecurityContext", "containerSecurityContext"}

# What the restricted Pod Security Standard allows, but a claim for each pod: the operator keeps nothing.
VOLUMES = {"configMap", "csi", "downwardAPI", "emptyDir", "persistentVolumeClaim", "projected", "secret"}


def schemas(schema: Any, at: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every schema within a schema, with its place."""
    if isinstance(schema, dict):
        if "type" in schema or "properties" in schema:
            yield at, schema
        for key, value in schema.items():
            yield from schemas(value, f"{at}/{key}")


def resolved(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    return SCHEMA["$defs"][schema["$ref"].rsplit("/", 1)[1]] if "$ref" in schema else schema


OBJECTS = {at: found for at, found in schemas(SCHEMA) if found.get("type") == "object"}


@pytest.mark.parametrize("at", sorted(OBJECTS.keys() - {"/properties/global"}))
def test_every_object_names_its_members_or_is_a_map_of_scalars(at):
    others = OBJECTS[at].get("additionalProperties", True)
    assert others is False or others["type"] in ("string", ["string", "number"])


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"replicas": 2}, "additional properties 'replicas' not allowed"),
        ({"image": {"name": "x"}}, "at '/image': additional properties 'name' not allowed"),
        ({"operator": {"resync": 1}}, "at '/operator': additional properties 'resync' not allowed"),
        ({"operator": {"workers": "16"}}, "at '/operator/workers': got string, want integer"),
        ({"operator": {"pollSeconds": 0}}, "at '/operator/pollSeconds': minimum: got 0, want 1"),
        ({"operator": {"clusterId": "a b"}}, "at '/operator/clusterId': 'a b' does not match pattern"),
        ({"aws": {"region": "Ohio"}}, "at '/aws/region': 'Ohio' does not match pattern"),
        ({"aws": {"endpointUrl": "aws:4566"}}, "at '/aws/endpointUrl': 'aws:4566' does not match pattern"),
        ({"image": {"digest": "sha256:12"}}, "at '/image/digest': 'sha256:12' does not match pattern"),
        ({"image": {"pullPolicy": "Sometimes"}}, "at '/image/pullPolicy': value must be one of"),
        ({"probes": {"address": "127.0.0.1"}}, "at '/probes/address': value must be one of '0.0.0.0', '::'"),
        ({"terminationGracePeriodSeconds": 0}, "minimum: got 0, want 1"),
        ({"podSecurityContext": {"runAsUsr": 1}}, "additional properties 'runAsUsr' not allowed"),
        ({"extraVolumes": [{"name": "a", "hostPath": {"path": "/"}}]}, "properties 'hostPath' not allowed"),
        ({"extraVolumeMounts": [{"name": "a"}]}, "missing property 'mountPath'"),
        ({"image": {"repository": ""}}, "at '/image/repository': minLength: got 0, want 1"),
        ({"watchNamespaces": ["Team"]}, "at '/watchNamespaces/0': 'Team' does not match pattern"),
        ({"watchNamespaces": ["a", "a"]}, "at '/watchNamespaces': items at 0 and 1 are equal"),
        ({"logFormat": "xml"}, "at '/logFormat': value must be one of 'plain', 'full', 'json'"),
        ({"enabled": False}, "at '/enabled': value must be true"),
        ({"commonLabels": {"a": 1}}, "at '/commonLabels/a': got number, want string"),
        (
            {"resources": {"limits": {"memory": "lots"}}},
            "at '/resources/limits/memory': 'lots' does not",
        ),
        ({"tolerations": [{"effekt": "NoSchedule"}]}, "additional properties 'effekt' not allowed"),
        ({"affinity": {"nodeAfinity": {}}}, "additional properties 'nodeAfinity' not allowed"),
        ({"extraEnv": [{"value": "x"}]}, "at '/extraEnv/0': missing property 'name'"),
        ({"extraEnv": [{"name": "A", "valueFrom": {}}]}, "at '/extraEnv/0/valueFrom': minProperties"),
    ],
    ids=json.dumps,
)
def test_a_wrong_value_is_refused_by_its_path_and_what_is_allowed(helm, chart, values, sentence):
    done = helm("template", "operator", chart, values=values)
    assert done.returncode != 0
    assert sentence in done.stderr


def test_the_schema_knows_exactly_the_values_that_there_are():
    def keys(schema: Mapping[str, Any], values: Mapping[str, Any], at: str) -> None:
        assert schema["properties"].keys() - OF_HELM == values.keys(), at
        for key, value in values.items():
            member = resolved(schema["properties"][key])
            if isinstance(value, dict) and value and "properties" in member and key not in OF_KUBERNETES:
                keys(member, value, f"{at}.{key}")

    keys(SCHEMA, DEFAULTS, "values")


@pytest.mark.parametrize(
    ("definition", "kubernetes"),
    [
        ("capabilities", "capabilities-v1"),
        ("claimVolume", "persistentvolumeclaimvolumesource-v1"),
        ("configMapVolume", "configmapvolumesource-v1"),
        ("containerSecurityContext", "securitycontext-v1"),
        ("csiVolume", "csivolumesource-v1"),
        ("downwardFile", "downwardapivolumefile-v1"),
        ("downwardItems", "downwardapiprojection-v1"),
        ("downwardVolume", "downwardapivolumesource-v1"),
        ("emptyDirVolume", "emptydirvolumesource-v1"),
        ("envVar", "envvar-v1"),
        ("envSource", "envvarsource-v1"),
        ("fieldSelector", "objectfieldselector-v1"),
        ("fileSelector", "filekeyselector-v1"),
        ("keyToPath", "keytopath-v1"),
        ("labelSelector", "labelselector-meta-v1"),
        ("labelRequirement", "labelselectorrequirement-meta-v1"),
        ("nameReference", "localobjectreference-v1"),
        ("namedItems", "configmapprojection-v1"),
        ("namedItems", "secretprojection-v1"),
        ("nodeAffinity", "nodeaffinity-v1"),
        ("nodeRequirement", "nodeselectorrequirement-v1"),
        ("nodeSelectorTerm", "nodeselectorterm-v1"),
        ("podAffinity", "podaffinity-v1"),
        ("podAffinityTerm", "podaffinityterm-v1"),
        ("podSecurityContext", "podsecuritycontext-v1"),
        ("projectedCertificate", "podcertificateprojection-v1"),
        ("projectedSource", "volumeprojection-v1"),
        ("projectedToken", "serviceaccounttokenprojection-v1"),
        ("projectedTrust", "clustertrustbundleprojection-v1"),
        ("projectedVolume", "projectedvolumesource-v1"),
        ("resourceSelector", "resourcefieldselector-v1"),
        ("seLinuxOptions", "selinuxoptions-v1"),
        ("secretVolume", "secretvolumesource-v1"),
        ("securityProfile", "apparmorprofile-v1"),
        ("securityProfile", "seccompprofile-v1"),
        ("sysctl", "sysctl-v1"),
        ("toleration", "toleration-v1"),
        ("topologySpreadConstraint", "topologyspreadconstraint-v1"),
        ("volumeMount", "volumemount-v1"),
        ("windowsOptions", "windowssecuritycontextoptions-v1"),
    ],
)
def test_closed_copies_of_kubernetes_types_miss_none_of_their_fields(definition, kubernetes):
    """Closed, our schema would refuse what Kubernetes takes: a new field there must come here."""
    theirs = json.loads((KUBERNETES / f"{kubernetes}.json").read_text())
    ours = SCHEMA["$defs"][definition]
    assert ours["properties"].keys() == theirs["properties"].keys()
    assert set(ours.get("required", [])) == set(theirs.get("required", []))


def test_volumes_are_of_the_kinds_that_the_restricted_standard_allows():
    assert SCHEMA["$defs"]["volume"]["properties"].keys() == {"name"} | VOLUMES


def table() -> Mapping[str, str]:
    row = re.compile(r"^\| `(?P<value>[^`]+)` \| `(?P<default>[^`]+)` \|", re.MULTILINE)
    return {found["value"]: found["default"] for found in row.finditer((CHART / "README.md").read_text())}


def test_the_table_in_the_readme_names_every_value_with_its_default():
    def leaves(values: Mapping[str, Any], at: str = "") -> Iterator[tuple[str, str]]:
        for key, value in values.items():
            if isinstance(value, dict) and value:
                yield from leaves(value, f"{at}{key}.")
            else:
                yield f"{at}{key}", json.dumps(value)

    assert table() == dict(leaves(DEFAULTS))
