"""The files for several machines: every name in them is one that Mem has."""

import subprocess
from pathlib import Path

import pytest
import yaml

from mem import config

DEPLOY = Path(__file__).parents[2] / "deploy"
MANIFESTS = sorted((DEPLOY / "k8s").glob("*.yaml"))
KEYS = {f"MEM_{key.upper().replace('.', '__')}" for key, _ in config.settings()}


def _documents() -> list[dict]:
    return [document for file in MANIFESTS for document in yaml.safe_load_all(file.read_text())]


def _pods() -> list[dict]:
    kinds = ("Deployment", "Job")
    return [one["spec"]["template"]["spec"] for one in _documents() if one["kind"] in kinds]


def test_compose_names_settings_that_there_are():
    made = yaml.safe_load((DEPLOY / "compose.scale.yaml").read_text())
    own = [made["services"][name] for name in ("prepare", "api", "worker")]
    for service in own:
        assert set(service["environment"]) <= KEYS
        assert service["read_only"]
        assert "mem-data:/data" in service["volumes"]
    assert made["services"]["worker"]["command"] == ["worker"]
    assert set(made["services"]["api"]["depends_on"]) <= set(made["services"])
    for name, service in made["services"].items():
        for volume in service.get("volumes", ()):
            source = volume.split(":")[0]
            assert source in made["volumes"] or (DEPLOY / source).exists(), (name, volume)


def test_the_settings_of_compose_can_be_used(tmp_path):
    made = yaml.safe_load((DEPLOY / "compose.scale.yaml").read_text())
    given = {name: str(text) for name, text in made["services"]["api"]["environment"].items()}
    loaded = config.load({"data_dir": str(tmp_path)}, environ=given)
    assert loaded.jobs.backend == "celery"


def test_manifests_name_what_there_is():
    documents = _documents()
    names = {(one["kind"], one["metadata"]["name"]) for one in documents if "name" in one.get("metadata", {})}
    for one in documents:
        if one["kind"] in ("ConfigMap", "Secret"):
            assert set(one.get("data", {})) | set(one.get("stringData", {})) <= KEYS
        if one["kind"] == "Kustomization":
            assert all((DEPLOY / "k8s" / name).exists() for name in one["resources"])
    for pod in _pods():
        for container in pod["containers"]:
            for source in container["envFrom"]:
                kind = "ConfigMap" if "configMapRef" in source else "Secret"
                assert (kind, next(iter(source.values()))["name"]) in names
            mounted = {mount["name"] for mount in container["volumeMounts"]}
            assert mounted == {volume["name"] for volume in pod["volumes"]}
    for one in documents:
        if one["kind"] == "Service":
            wanted = one["spec"]["selector"].items()
            assert any(
                wanted <= other["spec"]["template"]["metadata"]["labels"].items()
                for other in documents
                if other["kind"] == "Deployment"
            )


@pytest.mark.parametrize("number", range(len(_pods())))
def test_a_pod_gives_up_what_it_does_not_need(number):
    pod = _pods()[number]
    assert pod["securityContext"]["runAsNonRoot"]
    assert not pod["automountServiceAccountToken"]
    for container in pod["containers"]:
        inside = container["securityContext"]
        assert inside["readOnlyRootFilesystem"]
        assert not inside["allowPrivilegeEscalation"]
        assert inside["capabilities"] == {"drop": ["ALL"]}
        assert {"memory"} <= set(container["resources"]["limits"])


def test_the_entrypoint_is_a_script_that_can_be_read():
    done = subprocess.run(["sh", "-n", str(DEPLOY / "docker" / "entrypoint.sh")], capture_output=True)
    assert done.returncode == 0
