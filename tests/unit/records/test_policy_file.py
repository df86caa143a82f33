"""Policy files: what is wrong in one is said in one line, and stops the start."""

from importlib.resources import files
from pathlib import Path

import pytest

from serving.records.policy_file import Rule, read_policies

DEFAULT_FILE = files("serving.records").joinpath("policies/default.yaml").read_text(encoding="utf-8")
ALONE = "jurisdiction: DEFAULT\nname: All\nrules:\n  - {source: A law, why: Because, default_media_days: 9}\n"
RULE = "  - {source: A law, why: Because, %s}\n"


def folder(tmp_path: Path, rules: str, name: str = "us-xx", head: str = "jurisdiction: US-XX\nname: X\n") -> Path:
    (tmp_path / "default.yaml").write_text(DEFAULT_FILE, encoding="utf-8")
    (tmp_path / f"{name}.yaml").write_text(f"{head}rules:\n{rules}", encoding="utf-8")
    return tmp_path


def test_a_file_is_read_and_any_change_changes_the_digest(tmp_path):
    first = read_policies(folder(tmp_path, RULE % "deny: face"))
    assert first.policies["US-XX"].rules == (Rule("A law", "Because", deny="face"),)
    assert first.sha256 == read_policies(tmp_path).sha256
    second = read_policies(folder(tmp_path, RULE % "deny: speech"))
    (tmp_path / "us-xx.yaml").unlink()
    assert len({first.sha256, second.sha256, read_policies(tmp_path).sha256}) == 3


@pytest.mark.parametrize(
    ("rules", "says"),
    [
        (RULE % "denies: face", "us-xx.yaml: rules.0.denies: Unexpected keyword argument"),
        (RULE % "deny: smell", "us-xx.yaml: rules.0.deny: Input should be 'speech', 'language', 'face' or"),
        (RULE % "max_media_days: 0", "us-xx.yaml: rules.0.max_media_days: Input should be greater than or equal to 1"),
        (RULE % "max_media_days: yes", "us-xx.yaml: rules.0.max_media_days: Input should be a valid integer"),
        (RULE % "needs_consent: analysis", "us-xx.yaml: rules.0.needs_consent: Input should be 'voice' or 'face'"),
        ("  - {why: Because, deny: face}\n", "us-xx.yaml: rules.0.source: Field required"),
        ("  - {source: ' ', why: Because, deny: face}\n", "us-xx.yaml: rules.0.source: String should have at least 1"),
        ("  - {source: A law, why: Because}\n", "us-xx.yaml: rules.0: has no kind; it must have one of deny, "),
        (RULE % "deny: face, needs_consent: face", "us-xx.yaml: rules.0: has deny and needs_consent; it must have one"),
        (RULE % "deny: face, deny: speech", "us-xx.yaml: line 4 has the key deny again"),
        (2 * (RULE % "deny: face"), "us-xx.yaml: rules.1: says again what an earlier rule says"),
        (RULE % "requires: bias_audit", "us-xx.yaml: rules.0: max_age_days goes with requires: bias_audit, and that"),
        (RULE % "requires: notice, max_age_days: 9", "us-xx.yaml: rules.0: max_age_days goes with requires: bias_au"),
        (RULE % "deny: face, business_days: 9", "us-xx.yaml: rules.0: business_days goes with requires: notice only"),
        (RULE % "default_media_days: 9", "us-xx.yaml: rules.0: default_media_days stands in default.yaml only"),
        (RULE % "storage_class: mars", "us-xx.yaml: storage_class mars is not in default.yaml's storage_order"),
        ("", "us-xx.yaml: rules: Input should be a valid tuple"),
        ("  []", "us-xx.yaml: rules: Tuple should have at least 1 item"),
        ("  - {", "us-xx.yaml: is not YAML in UTF-8: "),
    ],
)
def test_a_wrong_file_is_refused_in_one_line_that_says_where(tmp_path, rules, says):
    with pytest.raises(ValueError) as caught:
        read_policies(folder(tmp_path, rules))
    assert str(caught.value).startswith(says)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["us-yy", "US-XX"])
def test_a_file_has_the_name_of_its_jurisdiction(tmp_path, name):
    with pytest.raises(ValueError, match=f"{name}.yaml: jurisdiction: is US-XX, it must be the file's name"):
        read_policies(folder(tmp_path, RULE % "deny: face", name))


def test_unknown_keys_of_a_file_are_refused(tmp_path):
    with pytest.raises(ValueError, match="us-xx.yaml: note: Unexpected keyword argument"):
        read_policies(folder(tmp_path, RULE % "deny: face", head="jurisdiction: US-XX\nname: X\nnote: y\n"))


def test_the_default_must_be_there_and_whole(tmp_path):
    folder(tmp_path, RULE % "deny: face")
    (tmp_path / "default.yaml").unlink()
    with pytest.raises(ValueError, match="default.yaml: is missing"):
        read_policies(tmp_path)
    (tmp_path / "default.yaml").write_text(
        "jurisdiction: DEFAULT\nname: All\nrules:\n" + RULE % "default_media_days: 9"
    )
    with pytest.raises(ValueError, match="default.yaml: rules: lacks default_report_days, storage_order"):
        read_policies(tmp_path)
