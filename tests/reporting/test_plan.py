"""Reading the plan, and what is said of one that cannot be read."""

import pytest

from reporting.plan import COLUMNS, PlanError, PlannedState, read_plan

HEAD = ",".join(COLUMNS) + "\n"


def read(tmp_path, text):
    (tmp_path / "plan.csv").write_text(text, "utf-8")
    return read_plan(tmp_path / "plan.csv", tmp_path)


def test_cases_come_in_their_order_with_their_lines(tmp_path):
    first, second = read(tmp_path, HEAD + 'PZ-10002,"a, b",x,High,,\nPZ-10001,c,y,Low,needs a decision,nobody said\n')
    assert (first.key, first.title, str(first.place), first.is_excused) == ("PZ-10002", "a, b", "plan.csv:2", False)
    assert (second.state, second.reason, second.is_excused) == (PlannedState.NEEDS_A_DECISION, "nobody said", True)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("key,title\n", r"plan\.csv:1: expected the columns key,title,area"),
        (HEAD + "PZ-1,a,x,High,,\n", r"plan\.csv:2: key: .*'PZ-1'"),
        (HEAD + "PZ-10001,a,x,Urgent,,\n", r"plan\.csv:2: priority: .*'Urgent'"),
        (HEAD + "PZ-10001,a,x,High,perhaps,\n", r"plan\.csv:2: state: .*'planned'.*'perhaps'"),
        (HEAD + "PZ-10001,a,x,High,\n", r"plan\.csv:2: expected 6 values, seen 5"),
        (HEAD + "PZ-10001,a,x,High,,\nPZ-10001,b,x,High,,\n", r"plan\.csv:3: PZ-10001 stands there twice.*line 2"),
    ],
)
def test_a_wrong_line_is_named(tmp_path, text, said):
    with pytest.raises(PlanError, match=said):
        read(tmp_path, text)


def test_a_plan_that_is_not_there_is_named(tmp_path):
    with pytest.raises(PlanError, match=r"plan\.csv: expected the plan, seen No such file"):
        read_plan(tmp_path / "plan.csv", tmp_path)


def test_a_plan_in_another_encoding_is_named_with_its_line(tmp_path):
    (tmp_path / "plan.csv").write_bytes("key,title,area,priority,state,reason\nPZ-1,für,a,High,,\n".encode("latin-1"))
    with pytest.raises(PlanError, match=r"plan\.csv:2: expected text in UTF-8"):
        read_plan(tmp_path / "plan.csv", tmp_path)
