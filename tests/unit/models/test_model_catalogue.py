"""The catalogue reads valid entries and refuses the others with one line that names the field."""

from pathlib import Path

import pytest

from deployments.models.catalogue import CHECKOUT, REPOSITORY, load_catalogue, load_source
from deployments.models.errors import CatalogueError
from serving.adapters.triton.contract import CONTRACT

HASH = "0" * 64
MEMBER = {"path": "a/b.bin", "sha256": HASH}


def package(name="p", version="1.0", **members):
    return {"name": name, "version": version, "members": members or {"net": MEMBER}}


def test_an_entry_is_read_with_its_name_taken_from_the_directory(write_entry):
    source = load_source(write_entry({"packages": [package(net=MEMBER), package("q", vocabulary=MEMBER)]}))
    assert source.name == "expression"
    assert source.aliases == ("net", "vocabulary")
    assert source.packages[1].members["vocabulary"].sha256 == HASH
    assert source.origin == "p 1.0, q 1.0"
    assert source.directory == 1


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({}, "names no source file"),
        ({"packages": [package(net={"path": "x", "sha256": "12"})]}, r"packages\.0\.members\.net\.sha256: String"),
        ({"packages": [package()], "licence": ""}, "licence: String should have at least 1 character"),
        ({"packages": [package()], "version": "1.0"}, "version: String should match pattern"),
        ({"packages": [package()], "converter": "fer.face"}, "converter: String should match pattern"),
        ({"packages": [package()], "colour": "red"}, "colour: Unexpected keyword argument"),
        ({"packages": [package()], "outputs": {}}, "outputs: names no file"),
        ({"packages": [package()], "outputs": {"../model.onnx": {}}}, "outputs"),
        ({"packages": [package(), package("q")]}, "an alias is used twice"),
        ({"packages": [package()], "mirrors": [[package(other=MEMBER)]]}, r"mirrors\.0: must have the members \['net'"),
        ({"packages": [package()], "name": "x"}, "must be a mapping without `name`"),
    ],
)
def test_a_bad_entry_is_refused_in_one_line_that_names_the_field(write_entry, fields, message):
    with pytest.raises(CatalogueError, match=message) as raised:
        load_source(write_entry(fields))
    assert str(raised.value).startswith("expression/source.yaml: ")
    assert "\n" not in str(raised.value)


def test_a_file_that_is_not_yaml_is_refused_in_one_line(write_entry):
    path = write_entry({})
    path.write_text("packages: [\n")
    with pytest.raises(CatalogueError) as raised:
        load_source(path)
    assert "\n" not in str(raised.value)


def test_the_fingerprint_changes_with_the_recipe_and_not_with_the_wording(write_entry):
    first = load_source(write_entry({"packages": [package()]})).fingerprint
    reworded = load_source(write_entry({"packages": [package()], "description": "In other words"})).fingerprint
    mirrored = load_source(write_entry({"packages": [package()], "mirrors": [[package("q")]]})).fingerprint
    changed = load_source(write_entry({"packages": [package(version="1.1")]})).fingerprint
    assert first == reworded == mirrored
    assert first != changed


def test_every_model_of_the_contract_is_in_the_catalogue_and_pins_what_it_gives():
    catalogue = load_catalogue(REPOSITORY)
    assert set(catalogue) == set(CONTRACT)
    unpinned = [name for name, source in catalogue.items() if any(o.sha256 is None for o in source.outputs.values())]
    assert unpinned == []


def test_the_licence_of_every_model_is_written_down_with_its_package():
    rows = (CHECKOUT / "THIRD_PARTY_LICENSES.md").read_text(encoding="utf-8").splitlines()
    for name, source in load_catalogue(REPOSITORY).items():
        (row,) = [row for row in rows if row.startswith(f"| `{name}` |")]
        assert f"| {source.licence} |" in row
        assert all(f"`{package.name}`" in row and package.version in row for package in source.packages[:1])


def test_a_directory_without_an_entry_is_no_model(tmp_path: Path):
    (tmp_path / "scratch").mkdir()
    assert load_catalogue(tmp_path) == {}
