"""docs/errors.md is the published catalogue: it lists exactly the reasons that the server can give."""

from pathlib import Path

from serving.api.status import code_of
from serving.domain.errors import Conflict, InvalidRequest, NotAllowedNow, Reason, Unauthorized, VivaError

PAGE = Path(__file__).parents[3] / "docs" / "errors.md"

NAMED: dict[type[VivaError], tuple[Reason, ...]] = {
    Unauthorized: (Reason.KEY_EXPIRED,),
    Conflict: (Reason.REQUEST_ID_REUSED, Reason.QUESTION_ANSWERED),
    NotAllowedNow: (
        Reason.INTERVIEW_NOT_OPEN,
        Reason.DEADLINE_PASSED,
        Reason.ROLE_ARCHIVED,
        Reason.CONSENT_MISSING,
        Reason.NOTICE_MISSING,
        Reason.AUDIT_MISSING,
        Reason.STORAGE_CLASS_MISSING,
        Reason.LEGAL_HOLD,
    ),
}


def rows() -> list[list[str]]:
    lines = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[1:]]


def classes(base: type[VivaError]) -> list[type[VivaError]]:
    return [base, *(deeper for child in base.__subclasses__() for deeper in classes(child))]


def test_the_page_lists_each_reason_once_in_the_order_of_the_code() -> None:
    assert [row[0] for row in rows()] == [reason.name for reason in Reason]


def test_the_page_says_what_the_code_says_to_do() -> None:
    for reason, _, meaning, to_do in rows():
        assert to_do == Reason[reason].value, reason
        assert meaning


def test_the_page_gives_the_code_that_the_server_sends() -> None:
    # A reason that no class has by default, and none is named for, is one that InvalidRequest is raised with.
    code_by_reason = {kind.default_reason: code_of(kind("x")).name for kind in classes(VivaError)}
    code_by_reason |= {reason: code_of(kind("x")).name for kind, named in NAMED.items() for reason in named}
    invalid = code_of(InvalidRequest("x")).name
    assert {row[0]: row[1] for row in rows()} == {reason.name: code_by_reason.get(reason, invalid) for reason in Reason}
