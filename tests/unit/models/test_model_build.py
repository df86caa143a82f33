"""A build is atomic, does nothing twice, gives the same bytes, and says what it did."""

import json
from pathlib import Path

import pytest
import yaml
from model_wheels import sha256

from deployments.models.build import Stage, build_models
from deployments.models.catalogue import load_source
from deployments.models.errors import CatalogueError, ModelBuildError
from deployments.models.listing import State, list_models
from deployments.models.manifest import read_manifest


def change(entry: Path, **fields: object) -> None:
    entry.write_text(yaml.safe_dump({**yaml.safe_load(entry.read_text()), **fields}))


def build(entry: Path, force: bool = False) -> list[Stage]:
    stages: list[Stage] = []
    build_models(["expression"], force, lambda event: stages.append(event.stage), entry.parents[1])
    return stages


def test_a_build_puts_artifacts_and_manifest_in_place_and_nothing_else(entry, keras_net):
    assert build(entry) == [Stage.FETCHING, Stage.CONVERTING, Stage.VERIFYING, Stage.BUILT]
    target = entry.parent / "1"
    assert {path.name for path in target.iterdir()} == {"model.onnx", "manifest.json"}
    assert {path.name for path in entry.parent.iterdir()} == {"1", "net.h5", "source.yaml"}
    manifest = read_manifest(target)
    artifact = manifest.artifacts["model.onnx"]
    assert artifact.sha256 == sha256((target / "model.onnx").read_bytes())
    assert (artifact.graph.opset, artifact.graph.domains, artifact.graph.precision) == (17, (), ("FP32",))
    assert artifact.graph.inputs[0].dims == ("batch", 64, 64, 1)
    assert manifest.sources["net"].sha256 == sha256(keras_net[0])
    assert (manifest.version, manifest.licence) == ("1.2.3", "MIT")


def test_a_second_build_does_nothing_and_a_forced_one_gives_the_same_bytes(entry):
    build(entry)
    first = (entry.parent / "1" / "model.onnx").read_bytes()
    assert build(entry) == [Stage.UP_TO_DATE]
    assert build(entry, force=True)[-1] is Stage.BUILT
    assert (entry.parent / "1" / "model.onnx").read_bytes() == first


def test_two_manifests_of_the_same_artifacts_differ_in_the_circumstances_only(entry):
    build(entry)
    first = json.loads((entry.parent / "1" / "manifest.json").read_text())
    build(entry, force=True)
    second = json.loads((entry.parent / "1" / "manifest.json").read_text())
    assert first.pop("build").keys() == second.pop("build").keys()
    assert first == second


@pytest.mark.parametrize("damage", [b"", b"not what was built"])
def test_a_damaged_artifact_is_built_again(entry, damage):
    build(entry)
    artifact = entry.parent / "1" / "model.onnx"
    whole = artifact.read_bytes()
    artifact.write_bytes(damage)
    assert build(entry)[-1] is Stage.BUILT
    assert artifact.read_bytes() == whole


def test_a_changed_recipe_makes_the_build_stale(entry):
    assert [row.state for row in list_models(entry.parents[1])] == [State.MISSING]
    build(entry)
    assert [row.state for row in list_models(entry.parents[1])] == [State.BUILT]
    change(entry, version="1.2.4")
    assert [row.state for row in list_models(entry.parents[1])] == [State.STALE]
    assert build(entry)[-1] is Stage.BUILT


def test_an_artifact_other_than_the_expected_one_is_reported_and_kept(entry):
    change(entry, outputs={"model.onnx": {"sha256": "0" * 64}})
    assert Stage.DIFFERS in build(entry)
    assert build(entry) == [Stage.UP_TO_DATE]


def test_a_build_that_fails_leaves_the_earlier_one_as_it_was(entry):
    build(entry)
    before = {path.name: path.read_bytes() for path in (entry.parent / "1").iterdir()}
    entry.with_name("net.h5").write_bytes(b"other")
    with pytest.raises(ModelBuildError, match="has sha256"):
        build(entry, force=True)
    assert {path.name: path.read_bytes() for path in (entry.parent / "1").iterdir()} == before
    assert not list(entry.parent.glob(".build-*"))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"converter": "nothing:at_all"}, "expression: converter nothing:at_all: No module named"),
        ({"converter": "fer:at_all"}, "expression: converter fer:at_all: .* has no attribute"),
        ({"outputs": {"net.onnx": {}}}, r"wrote \['model.onnx'\], the catalogue expects \['net.onnx'\]"),
    ],
)
def test_a_converter_that_does_not_do_what_the_entry_says_is_named(entry, fields, message):
    change(entry, **fields)
    with pytest.raises(ModelBuildError, match=message):
        build(entry)
    assert not (entry.parent / "1" / "manifest.json").exists()


def test_a_source_that_a_converter_cannot_read_is_one_line_that_names_the_model(entry):
    entry.with_name("net.h5").write_bytes(b"no HDF5")
    change(entry, files={"net": {"path": "net.h5", "sha256": sha256(b"no HDF5")}})
    with pytest.raises(ModelBuildError, match="expression: Unable to") as raised:
        build(entry)
    assert "\n" not in str(raised.value)


def test_an_unknown_name_is_refused_before_anything_is_built(entry):
    with pytest.raises(CatalogueError, match=r"no such model: smile \(there are: expression\)"):
        build_models(["expression", "smile"], repository=entry.parents[1])
    assert not (entry.parent / "1").exists()


def test_the_list_shows_what_is_there(entry):
    build(entry)
    (entry.parent / "configs").mkdir()
    (entry.parent / "configs" / "cpu.pbtxt").touch()
    (row,) = list_models(entry.parents[1])
    assert (row.name, row.version, row.licence, row.source) == ("expression", "1.2.3", "MIT", "net.h5")
    assert row.size_bytes == (entry.parent / "1" / "model.onnx").stat().st_size
    assert row.configs == ("cpu",)
    assert load_source(entry).origin == row.source
