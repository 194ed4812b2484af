"""What a text means: the tree of each construct, with spans and comments."""

import pytest

from butcher.frontend import decode, parse, tree
from butcher.source import Source, Span


def read(text: str) -> tree.Method:
    method, found = parse(Source("x.tab", text))
    assert not found
    assert method is not None
    return method


def value(text: str) -> tree.Expression:
    """The right-hand side of one assignment."""
    (body,) = read(f"method a\nstep\n w = {text}").bodies
    assert isinstance(body, tree.Step)
    return body.assignments[0].value


def cells(text: str) -> tuple[str, ...]:
    """The source text of the cells of one row."""
    source = f"method a\ntableau\n0 | {text}\n --\n | 1"
    (body,) = read(source).bodies
    assert isinstance(body, tree.Tableau)
    return tuple(
        source.split("\n")[cell.span.line - 1][cell.span.column - 1 : cell.span.end_column - 1]
        for cell in body.stages[0].cells
    )


def written(node: tree.Expression) -> str:
    """The tree with all its structure shown as brackets."""
    match node:
        case tree.Number(text=text) | tree.Name(id=text):
            return text
        case tree.Negative(operand=operand):
            return f"[-{written(operand)}]"
        case tree.Operation(op=op, left=left, right=right):
            return f"[{written(left)}{op}{written(right)}]"
        case tree.Power(base=base, exponent=exponent):
            return f"[{written(base)}^{written(exponent)}]"
        case tree.Group(inner=inner):
            return f"({written(inner)})"
        case tree.Call(name=name, argument=argument):
            return f"{name.id}({written(argument)})"
        case tree.Lagged(name=name, lag=lag):
            return f"{name.id}{lag:+d}"
    return "?"


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("-2^2", "[-[2^2]]"),
        ("2^3^2", "[2^[3^2]]"),
        ("1 - 2 - 3", "[[1-2]-3]"),
        ("1/2/3", "[[1/2]/3]"),
        ("1 + 2*3", "[1+[2*3]]"),
        ("-1/2", "[[-1]/2]"),
        ("2*-3", "[2*[-3]]"),
        ("--1", "[-[-1]]"),
        ("(1 + 2)*3", "[([1+2])*3]"),
        ("h^2*f(u[n])", "[[h^2]*f(u+0)]"),
        ("f(f(u[n]))", "f(f(u+0))"),
        ("u[n+1] - u[ n - 12 ]", "[u-1-u+12]"),
        ("f(x)^2", "[f(x)^2]"),
        ("1.5e-5 + 0.10", "[1.5e-5+0.10]"),
        ("(sqrt(6)\n  - 1)", "([sqrt(6)-1])"),
    ],
)
def test_operators_bind_as_on_paper(text: str, meaning: str) -> None:
    assert written(value(text)) == meaning


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("1/2 -1/3", ("1/2", "-1/3")),
        ("1/2-1/3", ("1/2-1/3",)),
        ("(1/2 - 1/3)", ("(1/2 - 1/3)",)),
        (". .  1", (".", ".", "1")),
        ("(4+94*sqrt( 6 ))/375\t.", ("(4+94*sqrt( 6 ))/375", ".")),
        ("", ()),
        ("1\n\n# a comment\n  2\n 3", ("1", "2", "3")),
    ],
)
def test_blanks_outside_parentheses_separate_cells(text: str, found: tuple[str, ...]) -> None:
    assert cells(text) == found


def test_every_clause_has_its_node() -> None:
    method = read(
        'method all\n title "a \\"b\\" \\\\"\n cite "c"\n'
        " ode x' = f(t, y) + g(y), y'' = k(x)\n order 4(5)\n let s = sqrt(6)\n param p = 1\n"
        " learn k ~ uniform(-0.1, 0)\n learn h = 1 in [0.1, 2] per stage\n"
        " learn a = 1 per channel\n random e ~ bernoulli(p) per batch\n"
        " random q ~ uniform(0, 1) redrawn backward\n linear join1 join2\n rounded 8\n"
        " weights per stage\n solve picard 3\nstep\n u[n+1] = u[n]\n"
    )
    kinds = " ".join(type(clause).__name__ for clause in method.clauses)
    assert kinds == (
        "Title Cite Ode Order Let Param Learn Learn Learn Random Random Linear Rounded"
        " Weights Solve"
    )
    title, _, ode, order, *_ = method.clauses
    assert isinstance(title, tree.Title)
    assert title.text.value == 'a "b" \\'
    assert isinstance(ode, tree.Ode)
    assert [(e.state.id, e.derivative, len(e.slots)) for e in ode.equations] == [
        ("x", 1, 2),
        ("y", 2, 1),
    ]
    assert [name.id for name in ode.equations[0].slots[0][1]] == ["t", "y"]
    assert isinstance(order, tree.Order)
    assert (order.order.text, order.embedded and order.embedded.text) == ("4", "5")
    learned, drawn, redrawn = method.clauses[7], method.clauses[9], method.clauses[10]
    assert isinstance(learned, tree.Learn)
    assert learned.bounds is not None
    assert learned.per is not None
    assert learned.per.id == "stage"
    assert isinstance(drawn, tree.Random)
    assert drawn.per is not None
    assert not drawn.redrawn
    assert isinstance(redrawn, tree.Random)
    assert redrawn.per is None
    assert redrawn.redrawn


def test_keywords_name_things_where_they_are_none() -> None:
    method = read(
        "method order\n param weights = 1\n param step = 2\nstep\n"
        " order = f(u[n])\n weights2 = order\n let = weights2\n title[n+1] = (let +\n step)"
        " + tableau(order)\n"
    )
    (body,) = method.bodies
    assert isinstance(body, tree.Step)
    assert len(body.assignments) == 4


def test_a_row_goes_on_with_a_declared_name_that_is_a_keyword() -> None:
    method = read(
        "method a\n let step = 1\n let order = 2\n let tableau = 3\n"
        "tableau f\n 0 | 1\n order\n step\n tableau step\n --\n | 1\n"
        "tableau g\n 0 | 1\n --\n | 1\n"
    )
    f, g = method.bodies
    assert isinstance(f, tree.Tableau)
    assert isinstance(g, tree.Tableau)
    assert len(f.stages[0].cells) == 5
    assert f.stages[0].lines == (6, 7, 8, 9)


def test_rows_know_their_lines_and_their_bar() -> None:
    (body,) = read("method a\ntableau\n 1/2 | 1 # x\n # y\n 2 # z\n ==+==\n err | 1").bodies
    assert isinstance(body, tree.Tableau)
    (row,) = body.stages
    assert row.span == Span(3, 2, 5, 3)
    assert row.lines == (3, 5)
    assert row.bar == Span(3, 6, 3, 7)
    assert row.comments == tree.Comments((" x", " y"), " z")
    assert body.rule == Span(6, 2, 6, 7)
    assert body.weights[0].head == tree.Name("err", row.span)


def test_comments_stand_with_what_follows_or_precedes() -> None:
    method = read(
        "# one\n#two\nmethod a # three\n # four\n order 1 # five\n # six\nstep # seven\n"
        " # eight\n u[n+1] = u[n] # nine\n# ten\n"
    )
    assert method.comments == tree.Comments((" one", "two"), " three")
    assert method.clauses[0].comments == tree.Comments((" four",), " five")
    assert method.bodies[0].comments == tree.Comments((" six",), " seven")
    assert method.tail == (" ten",)


def test_a_byte_order_mark_and_carriage_returns_are_no_part_of_the_text() -> None:
    plain = 'method a\n title "x"\ntableau\n 0 |\n --\n | 1\n'
    source, found = decode(b"\xef\xbb\xbf" + plain.replace("\n", "\r\n").encode(), "x.tab")
    assert not found
    assert source is not None
    assert parse(source) == (read(plain), [])
    assert parse(Source("x.tab", "\ufeff" + plain)) == (read(plain), [])


def test_what_cannot_be_read_keeps_its_place() -> None:
    text = "method a\n let s = 2(3)\ntableau\n 0 | 1 2(3) 4\n 1\n | 1/2 - 1/3 1\n --\n c | 1\n"
    method, found = parse(Source("x.tab", text))
    assert [d.code for d in found] == ["B124", "B124", "B140", "B146"]
    assert method is not None
    (declared,) = method.clauses
    assert isinstance(declared, tree.Let)
    assert isinstance(declared.value, tree.Invalid)
    (body,) = method.bodies
    assert isinstance(body, tree.Tableau)
    assert [type(cell).__name__ for cell in body.stages[0].cells] == [
        "Number",
        "Invalid",
        "Number",
        "Number",
    ]
    assert [type(cell).__name__ for cell in body.stages[1].cells] == ["Invalid", "Number"]
    assert isinstance(body.weights[0].head, tree.Invalid)


@pytest.mark.parametrize("text", ["", "\n\n", "# only\n", "hello\nworld", "title 'x'"])
def test_without_header_and_body_there_is_no_tree(text: str) -> None:
    method, found = parse(Source("x.tab", text))
    assert method is None
    assert found[0].code == "B101"


def test_the_mend_is_what_to_type() -> None:
    def hint(text: str) -> str | None:
        return parse(Source("x.tab", text))[1][0].hint

    body = "\nstep\n u[n+1] = u[n]"
    assert hint("method lambda" + body) == "Write `lam`."
    assert hint("method a-b" + body) == "Write `method a_b`."
    assert hint("method a\n let s = .5" + body) == "Write `0.5`."
    assert hint("method a\n let s = 2." + body) == "Write `2.0`, or `2`."
    assert hint("method a\n ordr 4" + body) == "Did you mean `order`?"
    assert hint("method a\nstep\n u[n+1] = h k1") == "Write `h*k1`."
    assert hint("method a\ntableau\n 0 | 1/2 - 1/3\n --\n | 1") == (
        "Write `1/2-1/3` or `(1/2 - 1/3)` as one cell, `1/2 -1/3` as several."
    )
    assert hint("method a\ntableau\n 0 | - 1/3\n --\n | 1") == "Write `-1/3` without a blank."
