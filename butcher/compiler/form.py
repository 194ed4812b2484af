"""How an emitted file is written: plain, or in the notation of `butcher.kernels`."""

from __future__ import annotations

from butcher.analysis.network.carried import tensor_symbols
from butcher.coefficient import Coefficient, Variable
from butcher.compiler.options import CONTROLLED, OptionError
from butcher.ir.graph import Graph, Row
from butcher.ir.steps import is_step

MEND = "leave the form plain, which is the default"


def chosen_form(form: str | None, *, step: str | None, together: bool) -> bool:
    """Whether it is fused; None is not."""
    if form in {None, "plain"}:
        return False
    if form != "fused":
        raise OptionError(f"a form is plain or fused, not {form!r}")
    if step == CONTROLLED:
        raise OptionError(f"a step that is controlled has no fused form; {MEND}")
    if together:
        raise OptionError(f"the fused form evaluates in turn, not together; {MEND}")
    return True


def check_fused(graph: Graph) -> None:
    """Raises OptionError for a block that the notation cannot say."""
    for row in graph.rows:
        reason = _reason_against(graph, row)
        if reason is not None:
            raise OptionError(f"{graph.name} has no fused form: {reason}; {MEND}")


def _reason_against(graph: Graph, row: Row) -> str | None:
    """In kernels, numbers multiply the values of a row, and one trained number some of them."""
    tensors, factors = tensor_symbols(graph), set[Variable]()
    for term in row.terms:
        found = [v for v in sorted(term.coefficient.variables) if v.name in tensors]
        for variable in found:
            symbol = graph.symbol[variable.name]
            if symbol.kind == "random":
                each = "batch" if symbol.scope == "batch" else "sample"
                return f"{symbol.name} is drawn for every {each}"
            if symbol.scope == "channel":
                return f"{symbol.name} is a number per channel"
        factors.update(found)
        rest = term.coefficient / Coefficient.symbol(found[0]) if found else term.coefficient
        if rest.names & tensors or len(factors) > 1:
            said = dict.fromkeys("h" if is_step(v.name) else v.name for v in sorted(factors))
            named = " and ".join(said)
            return f"{row.key} takes a trained {named} otherwise than as one factor of its terms"
    return None
