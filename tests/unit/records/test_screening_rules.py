from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import pytest
from google.protobuf.descriptor import FieldDescriptor
from hypothesis import given, settings
from hypothesis import strategies as st

from serving.adapters.rules.engine import CelRules
from serving.domain.errors import InvalidRequest, Reason
from serving.domain.screening import (
    BackgroundCheckFacts,
    Clause,
    Recommendation,
    ReportFacts,
    ResumeFacts,
    ScreeningFacts,
    ScreeningRule,
    ScreeningTest,
    WrittenTestFacts,
)
from serving.records.screening_ports import RuleEngine
from viva.v1 import screening_pb2

ENGINE: RuleEngine = CelRules()

FACTS = ScreeningFacts(
    report=ReportFacts(
        overall=7.4,
        competencies={"teamwork": 6.1, "leadership": 8.0},
        scored_answer_count=3,
        flag_count=2,
        language="en",
    ),
    resume=ResumeFacts(degree="BSc && MSc", skills=("go", "sql")),
)


def apply(expression: str, facts: ScreeningFacts = FACTS) -> Recommendation:
    return ENGINE.apply(ScreeningRule(expression=expression), facts)


def refusal(expression: str) -> InvalidRequest:
    with pytest.raises(InvalidRequest) as caught:
        ENGINE.check(ScreeningRule(expression=expression), "screening_rule")
    assert caught.value.reason is Reason.RULE_INVALID
    assert caught.value.field == "screening_rule.expression"
    assert len(caught.value.message) < 500
    with pytest.raises(InvalidRequest):
        apply(expression)
    return caught.value


# What a rule recommends


@pytest.mark.parametrize(
    ("expression", "recommends", "expected", "value"),
    [
        ("report.overall >= 7.0", "", "advance", "true"),
        ("report.overall >= 7.0", "advance", "advance", "true"),
        ("report.overall >= 7.0", "review", "review", "true"),
        ("report.overall >= 8.0", "advance", "review", "false"),
        ("background_check.passed", "advance", "review", "unknown"),
    ],
)
def test_a_rule_that_is_not_true_recommends_a_review(
    expression: str, recommends: str, expected: str, value: str
) -> None:
    rule = ScreeningRule("tenants/t/screeningRules/r", "Strong", expression, recommends)
    found = ENGINE.apply(rule, FACTS)
    assert (found.recommends, found.value) == (expected, value)
    assert (found.rule, found.display_name, found.expression) == (rule.name, "Strong", expression)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("report.overall < 7.0 && background_check.passed", "false"),
        ("background_check.passed && report.overall < 7.0", "false"),
        ("report.overall > 7.0 && background_check.passed", "unknown"),
        ("background_check.passed || report.overall > 7.0", "true"),
        ("report.overall > 7.0 || background_check.passed", "true"),
        ("background_check.passed || report.overall < 7.0", "unknown"),
        ("!background_check.passed", "unknown"),
        ("!(background_check.passed && false)", "true"),
        ("background_check.passed == background_check.passed", "unknown"),
        ("(report.overall < 7.0 && background_check.passed) == false", "true"),
        ("has(background_check.passed)", "false"),
        ("has(background_check.passed) && background_check.passed", "false"),
        ("!has(report.overall_low) || report.overall_low > 6.0", "true"),
        ("has(report.overall) ? report.overall > 7.0 : background_check.passed", "true"),
        ("background_check.passed ? true : true", "unknown"),
        ('report.competencies["teamwork"] > 6.0', "true"),
        ("report.competencies.teamwork > 6.0", "true"),
        ('report.competencies["communication"] > 6.0', "unknown"),
        ('report.competencies["communication"] > 6.0 || report.competencies["leadership"] > 6.0', "true"),
        ('"communication" in report.competencies', "false"),
        ("has(report.competencies.communication)", "false"),
        ("has(report.competencies.teamwork)", "true"),
        ("report.competencies.all(name, report.competencies[name] >= 6.1)", "true"),
        ("report.competencies.size() == 2", "true"),
        ('resume.skills.exists(s, s == "go")', "true"),
        ('resume.skills.exists(s, background_check.passed || s == "go")', "true"),
        ('resume.skills.all(s, background_check.passed || s == "go")', "unknown"),
        ('resume.skills.all(s, background_check.passed && s == "go")', "false"),
        ('resume.skills.exists_one(s, s.startsWith("s"))', "true"),
        ('size(resume.skills.filter(s, s.contains("q"))) == 1', "true"),
        ('["go", "sql"].all(wanted, resume.skills.exists(s, s.startsWith(wanted)))', "true"),
        ('resume.skills[0] == "go"', "true"),
        ('resume.skills[7] == "go"', "unknown"),
        ("10 / (report.flag_count - 2) > 1", "unknown"),
        ("report.flag_count + 1 == 3 && double(report.flag_count) < 2.5", "true"),
        ('report.language in ["en", "zh"]', "true"),
    ],
)
def test_the_value_is_that_of_three_valued_logic(expression: str, value: str) -> None:
    ENGINE.check(ScreeningRule(expression=expression))
    assert apply(expression).value == value


def test_a_background_check_that_was_not_passed_is_known() -> None:
    facts = replace(FACTS, background_check=BackgroundCheckFacts(passed=False))
    assert apply("has(background_check.passed) && !background_check.passed", facts).value == "true"


def test_zero_and_nothing_are_told_apart() -> None:
    zero = ScreeningFacts(written_test=WrittenTestFacts(score=0.0, share=0.0))
    assert apply("has(written_test.score) && written_test.score < 1.0", zero).value == "true"
    assert apply("written_test.score < 1.0", ScreeningFacts()).value == "unknown"


# Why


def test_every_clause_tells_its_value_and_its_facts_in_order_of_the_text() -> None:
    found = apply(
        "  (report.overall >= 8.0 ||\n ((background_check.passed)) || "
        'report.competencies["teamwork"] > report.overall) && !( true || report.flag_count < 1 )  '
    )
    assert found.clauses == (
        Clause("report.overall >= 8.0", "false", ("report.overall = 7.4",)),
        Clause("background_check.passed", "unknown", ("background_check.passed is not known",)),
        Clause(
            'report.competencies["teamwork"] > report.overall',
            "false",
            ('report.competencies["teamwork"] = 6.1', "report.overall = 7.4"),
        ),
        Clause("!( true || report.flag_count < 1 )", "false", ("report.flag_count = 2",)),
    )


@pytest.mark.parametrize(
    ("expression", "clauses"),
    [
        ('resume.degree == "BSc && MSc" || true', ['resume.degree == "BSc && MSc"', "true"]),
        ("true // && (false\n && false", ["true", "false"]),
        ("true && report.overall // || (\n > 1.0", ["true", "report.overall // || (\n > 1.0"]),
        ("true ? false && true : true || false", ["true ? false && true : true || false"]),
        ("(true ? false : true) && true", ["true ? false : true", "true"]),
        ("(true) == (false) && true", ["(true) == (false)", "true"]),
        ("[true && false][0] || {1: true || false}[1]", ["[true && false][0]", "{1: true || false}[1]"]),
        ("resume.skills.exists(s, s == 'go' && true) && true", ["resume.skills.exists(s, s == 'go' && true)", "true"]),
        ("((true && false) || (true))", ["true", "false", "true"]),
    ],
)
def test_a_rule_is_split_where_its_clauses_are_joined_and_nowhere_else(expression: str, clauses: list[str]) -> None:
    assert [clause.expression for clause in apply(expression).clauses] == clauses


@pytest.mark.parametrize(
    "literal",
    [
        r'"\" && ("',
        r"'\' || \\'",
        r"'''it's && ('''",
        r"'''\'''&& ['''",
        r'"""say "||" (\""""',
        r'R"\d || ("',
        r"r'''\d && '\d {'''",
        "'''//\n&&'''",
        r'b"&&"',
        r"BR'&& ('",
        '"中 || //"',
    ],
)
def test_no_string_is_split(literal: str) -> None:
    clause = f"{literal} != {literal}"
    assert [one.expression for one in apply(f"({clause} || true)&&{clause}").clauses] == [clause, "true", clause]


@pytest.mark.parametrize(
    ("expression", "facts"),
    [
        ("report.overall > 1.0 ? report.overall > 2.0 : true", ["report.overall = 7.4"]),
        ('resume.degree != "report.overall"', ['resume.degree = "BSc && MSc"']),
        ('resume.skills.exists(s, s == "go")', ['resume.skills = ["go", "sql"]']),
        ("has(report.overall_low)", ["report.overall_low is not known"]),
        ("report . // low\n overall > 1.0", ["report.overall = 7.4"]),
        (".report.overall > 1.0", ["report.overall = 7.4"]),
        ('"teamwork" in .report.competencies', ['report.competencies["teamwork"] = 6.1']),
        ('!("teamwork" in report.competencies)', ['report.competencies["teamwork"] = 6.1']),
        ("report.competencies.communication > 1.0", ['report.competencies["communication"] is not known']),
        ("report.competencies.`team-work` > 1.0", ['report.competencies["team-work"] is not known']),
        (
            r"report.competencies[r'a\d'] > report.competencies['\x41']",
            [r'report.competencies["a\\d"] is not known', 'report.competencies["A"] is not known'],
        ),
        (
            '"team" + "work" in report.competencies',
            ['report.competencies = {"teamwork": 6.1, "leadership": 8.0}'],
        ),
        (
            "report.competencies.exists(k, report.competencies[k] > 7.0)",
            ['report.competencies = {"teamwork": 6.1, "leadership": 8.0}'],
        ),
        ('{"report": {"overall": true}}.report.overall', []),
        ("report.flag_count % 0 == 1", ["report.flag_count = 2", "cannot be computed: modulus by zero"]),
        ("background_check.passed", ["background_check.passed is not known"]),
        (
            'report.scored_answer_count > 2 == ("中" == report.language)',
            ["report.scored_answer_count = 3", 'report.language = "en"'],
        ),
    ],
)
def test_the_facts_of_a_clause_are_those_that_it_names(expression: str, facts: list[str]) -> None:
    (clause,) = apply(expression).clauses
    assert list(clause.facts) == facts


def test_a_long_list_is_cut_in_words() -> None:
    facts = ScreeningFacts(resume=ResumeFacts(skills=("x" * 100,) * 100))
    (clause,) = apply("size(resume.skills) == 100", facts).clauses
    assert clause.value == "true"
    assert len(clause.facts[0]) < 400


@dataclass(frozen=True)
class Node:
    """A boolean expression with the value that Kleene's logic gives it; None is unknown."""

    text: str
    value: bool | None
    clauses: tuple[tuple[str, bool | None], ...]
    binds: int  # 3 an operand, 2 `&&`, 1 `||`, 0 a ternary

    def inside(self, binds: int) -> str:
        return self.text if self.binds >= binds else f"({self.text})"


def leaf(text: str, value: bool | None) -> Node:
    return Node(text, value, ((text, value),), 3)


LEAVES = [
    leaf("true", True),
    leaf("false", False),
    leaf("background_check.passed", None),
    leaf("report.overall >= 7.0", True),
    leaf("8.0 <= report.overall", False),
    leaf("report.overall_low > 1.0", None),
    leaf('resume.degree == "BSc && MSc"', True),
    leaf("report.language == ') || (\\''", False),
    leaf("has(written_test.share)", False),
    leaf('"teamwork" in report.competencies', True),
    leaf('report.competencies["x"] > 1.0', None),
    leaf('resume.skills.exists(s, s == "go" || background_check.passed)', True),
    leaf('resume.skills.all(s, s == "go" || background_check.passed)', None),
]
SPACES = st.sampled_from(["", " ", "\n", " // && ( ' \n"])


def negation(one: Node) -> Node:
    text = f"!({one.text})"
    return leaf(text, None if one.value is None else not one.value)


def choice(condition: Node, then: Node, other: Node) -> Node:
    text = f"{condition.inside(1)} ? {then.inside(1)} : {other.inside(1)}"
    value = None if condition.value is None else then.value if condition.value else other.value
    return Node(text, value, ((text, value),), 0)


def joined(operator: str, parts: list[Node], space: str) -> Node:
    decides = operator == "||"
    values = [part.value for part in parts]
    value = decides if decides in values else None if None in values else not decides
    binds = 1 if decides else 2
    return Node(
        f"{space}{operator}{space}".join(part.inside(binds) for part in parts),
        value,
        tuple(clause for part in parts for clause in part.clauses),
        binds,
    )


def larger(nodes: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    return st.one_of(
        nodes.map(negation),
        st.builds(choice, nodes, nodes, nodes),
        st.builds(joined, st.sampled_from(["&&", "||"]), st.lists(nodes, min_size=2, max_size=4), SPACES),
    )


@settings(max_examples=300, deadline=None)
@given(st.recursive(st.sampled_from(LEAVES), larger, max_leaves=12))
def test_rule_and_clauses_agree_with_kleenes_logic(node: Node) -> None:
    words = {True: "true", False: "false", None: "unknown"}
    found = apply(node.text)
    assert found.value == words[node.value]
    assert [(one.expression, one.value) for one in found.clauses] == [(t, words[v]) for t, v in node.clauses]


# What is refused


@pytest.mark.parametrize(
    ("expression", "place", "says"),
    [
        ("report.nope > 1.0", "1:7", "undefined field 'nope'"),
        ("true &&\n  nope", "2:3", "undeclared reference to 'nope'"),
        ('report.overall >= "8"', "1:16", r"'\(double, string\)'"),
        ("report.overall && true", "1:16", r"'\(double, bool\)'"),
        ("report.overall == null", "1:16", "null"),
        ("resume.skills.exists(s, s == 1)", "1:27", r"'\(string, int\)'"),
        ('report["overall"] > 1.0', "1:7", "no matching overload"),
        ("1 +", "1:4", "Syntax error"),
        ("report.overall = 8.0", "1:16", "Syntax error"),
        ("", "1:1", "Syntax error"),
        ("\x00", "1:1", "Syntax error"),
        ("foo(1)", "1:4", "undeclared reference to 'foo'"),
        ("has(report)", "1:5", "has"),
        ("report.overall >= 8", "1:16", "8.0"),
        ("report.flag_count < 2.0", "1:19", "not 2.0"),
        ("report == report", "1:1", "followed by one of its fields: overall"),
        ("[true].exists(resume, resume)", "1:15", "followed by one of its fields"),
        ("true\n|| has(report.flag_count)", "2:8", "always known"),
        ("has(.resume.skills)", "1:6", "always known"),
        ("dyn(report.overall) >= 8", "1:1", "types are checked"),
        ('resume.degree.matches("a")', "1:15", "regular expression"),
        ('matches(resume.degree, "a")', "1:1", "regular expression"),
        ("resume.skills.map(s, s) == []", "1:15", "exists, all or filter"),
        ("viva.v1.ReportFacts{overall: 1.0}.overall == 1.0", "1:1", "undeclared"),
    ],
)
def test_a_refusal_tells_the_place_and_the_problem(expression: str, place: str, says: str) -> None:
    error = refusal(expression)
    assert f" at {place}: " in error.message
    assert f"{error.metadata['line']}:{error.metadata['column']}" == place
    with pytest.raises(InvalidRequest, match=says):
        raise error


@pytest.mark.parametrize("expression", ["report.overall", "1", '"true"', "[true]", "[1, true][1]", "null"])
def test_a_rule_must_be_true_or_false(expression: str) -> None:
    assert "it must be true or false" in refusal(expression).message


def test_the_path_of_the_rule_is_that_of_the_request() -> None:
    with pytest.raises(InvalidRequest) as caught:
        ENGINE.check(ScreeningRule(expression="nope"), "requests[3].screening_rule")
    assert caught.value.field == "requests[3].screening_rule.expression"
    assert caught.value.message.startswith("requests[3].screening_rule.expression ")


def test_a_rule_may_name_every_field_of_the_contract_with_its_type() -> None:
    samples = {
        FieldDescriptor.TYPE_DOUBLE: "1.0",
        FieldDescriptor.TYPE_INT32: "1",
        FieldDescriptor.TYPE_STRING: '"a"',
        FieldDescriptor.TYPE_BOOL: "true",
    }
    for group in screening_pb2.ScreeningFacts.DESCRIPTOR.fields:
        assert group.message_type
        for field in group.message_type.fields:
            name = f"{group.name}.{field.name}"
            if field.message_type:
                expression = f'{name}["a"] == {samples[field.message_type.fields_by_name["value"].type]}'
            elif field.is_repeated:
                expression = f"{name}[0] == {samples[field.type]}"
            else:
                expression = f"{name} == {samples[field.type]}"
            if field.has_presence:
                expression += f" && has({name})"
            ENGINE.check(ScreeningRule(expression=expression))


MARKS = [*"()[]{}!?:.,`\"'", "&&", "||", '"""', 'r"\\', "//", ">=", " in "]
FRAGMENTS = st.sampled_from([*MARKS, "report", ".overall", ".competencies", '["a"]', ".all(s, ", "has(", "8.0", "true"])


@settings(max_examples=500, deadline=None)
@given(st.one_of(st.text(max_size=60), st.builds(str.join, SPACES, st.lists(FRAGMENTS, max_size=14))))
def test_whatever_is_sent_is_either_a_rule_or_refused(expression: str) -> None:
    try:
        ENGINE.check(ScreeningRule(expression=expression))
    except InvalidRequest as error:
        assert error.reason is Reason.RULE_INVALID
        assert error.message.isprintable()
    else:
        assert apply(expression).clauses


# The tests of a rule


def test_a_rule_that_passes_its_tests_is_taken() -> None:
    passed = replace(FACTS, background_check=BackgroundCheckFacts(passed=True))
    failed = replace(FACTS, background_check=BackgroundCheckFacts(passed=False))
    rule = ScreeningRule(expression="report.overall >= 7.0 && background_check.passed")
    ENGINE.check(replace(rule, tests=(ScreeningTest(passed, True), ScreeningTest(failed, False))))


def test_the_first_test_that_fails_is_named_with_what_the_rule_gave_and_why() -> None:
    rule = ScreeningRule(
        expression="report.overall >= 8.0 || background_check.passed",
        tests=(
            ScreeningTest(replace(FACTS, report=ReportFacts(overall=8.0)), True),
            ScreeningTest(replace(FACTS, background_check=BackgroundCheckFacts(passed=False)), True),
            ScreeningTest(FACTS, False),
        ),
    )
    with pytest.raises(InvalidRequest) as caught:
        ENGINE.check(rule, "rule")
    assert caught.value.reason is Reason.RULE_INVALID
    assert caught.value.field == "rule.tests[1]"
    assert caught.value.message == (
        "rule.tests[1] expects true, the rule is false: report.overall >= 8.0 is false (report.overall = 7.4); "
        "background_check.passed is false (background_check.passed = false)"
    )


@pytest.mark.parametrize("expected", [True, False])
def test_a_rule_that_is_unknown_fails_a_test_either_way(expected: bool) -> None:
    rule = ScreeningRule(expression="background_check.passed", tests=(ScreeningTest(FACTS, expected),))
    with pytest.raises(InvalidRequest, match="the rule is unknown: .*background_check.passed is not known") as caught:
        ENGINE.check(rule)
    assert caught.value.field == "screening_rule.tests[0]"


# What it costs

HUNDRED = ScreeningFacts(resume=ResumeFacts(skills=tuple(f"skill {index}" for index in range(100))))


@pytest.mark.parametrize("depth", [3, 6, 20])
def test_macros_do_not_stand_in_one_another_deeper_than_two(depth: int) -> None:
    expression = "".join(f"resume.skills.all(v{index}, " for index in range(depth)) + "true" + ")" * depth
    assert "the limit is 1" in refusal(expression).message


def test_a_macro_in_another_is_short() -> None:
    expression = "resume.skills.all(a, resume.skills.all(b, " + " && ".join(["a != b"] * 12) + "))"
    assert "the limit is 100" in refusal(expression).message


def test_macros_may_follow_one_another() -> None:
    three = 'resume.skills.filter(a, a != "x").filter(b, b != "y").exists(c, c == "go")'
    assert apply(f"{three} && {three}").value == "true"


def test_an_evaluation_ends_after_so_many_iterations() -> None:
    (clause,) = apply("resume.skills.all(a, resume.skills.all(b, true))", HUNDRED).clauses
    assert clause.value == "unknown"
    assert clause.facts[-1] == "cannot be computed: Iteration budget exceeded"


@pytest.mark.parametrize("expression", ["(" * 990 + "true" + ")" * 990, "true" + " == true" * 240])
def test_deep_nesting_is_refused(expression: str) -> None:
    assert "recursion" in refusal(expression).message


def test_threads_may_share_an_engine() -> None:
    engine = CelRules()

    def advances(index: int) -> bool:
        overall = index % 10 + 0.5
        rule = ScreeningRule(expression=f"report.overall > {index % 7}.0 && report.overall < 9.0")
        found = engine.apply(rule, ScreeningFacts(report=ReportFacts(overall=overall)))
        return (found.value == "true") == (index % 7 < overall < 9)

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(advances, range(2_000)))
