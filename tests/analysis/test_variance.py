"""How variance grows: identities, exact sums, and draws of independent noise."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from ir.strategies import graphs as random_graphs
from method_graphs import multistep, runge_kutta

from butcher.analysis.limits import UndefinedError
from butcher.analysis.network.variance import spectral_radius, variance
from butcher.coefficient import Number
from butcher.compiler import load, shipped
from butcher.compiler.sweeps import straightened
from butcher.ir.graph import Evaluation, Graph
from butcher.ir.interpret import interpret
from butcher.ir.lower import lower

F = Fraction
GOLDEN = (1 + 5**0.5) / 2


def block(name: str) -> Graph:
    return straightened(lower(load(name)))


@pytest.mark.parametrize(
    ("name", "he", "normalised"),
    [
        ("euler", 2, 2),
        ("midpoint", 1 + (1 + F(1, 4)), 2),
        ("heun2", 1 + F(1, 4) + F(1, 4) * 2, 1 + F(1, 2)),
        ("rk4_light", 1 + (1 + (1 + (1 + F(1, 4)) / 4)), 2),
        ("layerscale", 1 + F(1, 100), 1 + F(1, 100)),
        ("skipinit", 1, 1),
        ("rezero", 1, 1),
        ("polynet_poly2", 1 + 1 + 1, 3),
        ("second_order", 1 + 1, 2),
    ],
)
def test_one_block_by_hand(name: str, he: Fraction, normalised: Fraction) -> None:
    found = variance(block(name))
    assert found.heuristic_growth_he == pytest.approx(float(he), rel=1e-13)
    assert found.heuristic_growth_normalised == pytest.approx(float(normalised), rel=1e-13)


@pytest.mark.parametrize("name", ["rk4", "dopri54", "verner89", "verner98"])
def test_of_a_tableau_it_is_the_recursion_of_squares(name: str) -> None:
    graph = block(name)
    squares: dict[str, Number] = {}

    def row(key: str) -> Number:
        terms = graph.row[key].coefficients.items()
        sizes = ((c.start() ** 2 * squares.get(source, Number.of(1))) for source, c in terms)
        return sum(sizes, Number.of(0))

    for e in graph.evaluations:
        squares[e.key] = row(e.argument)
    found = variance(graph)
    assert found.heuristic_growth_he == pytest.approx(float(row("u[n+1]")), rel=1e-13)
    assert found.heuristic_growth_per_block == found.heuristic_growth_he


@pytest.mark.parametrize(
    ("name", "radius"),
    [("leapfrog", GOLDEN**3), ("midpoint_network", GOLDEN**3), ("revnet", GOLDEN**2)],
)
def test_many_blocks_of_two_states(name: str, radius: float) -> None:
    # x' = v + 4x in the variances of leapfrog; x' = x + y, y' = y + x' in those of RevNet
    assert variance(block(name)).heuristic_growth_per_block == pytest.approx(radius, rel=1e-10)


class Draws:
    """A vector of samples that takes exact numbers as factors."""

    def __init__(self, value: np.ndarray) -> None:
        self.value = value

    def __add__(self, other: "Draws") -> "Draws":
        return Draws(self.value + other.value)

    def __mul__(self, factor: Number) -> "Draws":
        return Draws(self.value * float(factor))

    @property
    def size(self) -> float:
        return float(np.mean(self.value**2))


@pytest.mark.parametrize("normalised", [False, True])
@pytest.mark.parametrize("name", shipped())
def test_independent_noise_grows_as_said(name: str, normalised: bool) -> None:
    graph, count = block(name), 40_000
    random = np.random.default_rng(0)
    u = random.standard_normal(count)
    states = {
        s.key: Draws(u if s.kind == "value" else random.standard_normal(count))
        for s in graph.states
    }

    def noise(_: Evaluation, t: Number, argument: Draws) -> Draws:
        size = 1.0 if normalised else argument.size
        return Draws(random.standard_normal(count) * size**0.5)

    rows = interpret(graph, states, noise).rows
    for row in variance(graph).rows:
        wanted = row.heuristic_normalised if normalised else row.heuristic_he
        assert wanted == pytest.approx(rows[row.key].size, rel=0.1), row.key


@pytest.mark.parametrize("name", ["ab2", "bdf2", "lm_resnet", "second_order", "milne_simpson4"])
def test_many_blocks_grow_by_the_radius(name: str) -> None:
    """Covariances block after block, by matrices: a recursion of its own."""
    graph = block(name)
    keys, r = list(graph.state), len(graph.states)
    covariance = np.eye(r)
    for _ in range(400):
        full = {key: i for i, key in enumerate(keys)}
        joint = covariance
        for e in graph.evaluations:
            y = np.zeros(len(joint))
            for source, c in graph.row[e.argument].coefficients.items():
                y[full[source]] = float(c.start())
            full[e.key] = len(joint)
            joint = np.block(
                [[joint, np.zeros((len(joint), 1))], [np.zeros((1, len(joint))), y @ joint @ y]]
            )
        new = np.zeros((r, len(joint)))
        for i, key in enumerate(graph.outputs):
            terms = graph.row[key].coefficients if key in graph.row else {key: None}
            for source, c in terms.items():
                new[i, full[source]] = 1 if c is None else float(c.start())
        covariance = new @ joint @ new.T
        growth = np.trace(covariance)
        covariance /= growth
    assert variance(graph).heuristic_growth_per_block == pytest.approx(growth, rel=1e-8)


@settings(max_examples=30)
@given(random_graphs())
def test_growth_is_never_negative(graph: Graph) -> None:
    found = variance(graph)
    assert all(row.heuristic_he is not None and row.heuristic_he >= 0 for row in found.rows)


@pytest.mark.parametrize("seed", range(20))
def test_the_spectral_radius_is_that_of_numpy(seed: int) -> None:
    matrix = np.random.default_rng(seed).standard_normal((5, 5))
    wanted = max(abs(np.linalg.eigvals(matrix)))
    assert spectral_radius(matrix.tolist()) == pytest.approx(wanted, rel=1e-10)


def test_the_spectral_radius_of_a_jordan_block() -> None:
    assert spectral_radius([[1, 1, 0], [0, 1, 1], [0, 0, 1]]) == pytest.approx(1, rel=1e-8)
    assert spectral_radius([[0, 1], [0, 0]]) == 0


def test_more_states_than_are_solved_for_have_no_radius() -> None:
    many = multistep([0] * 9 + [-1, 1], [F(1, j + 1) for j in range(10)])
    found = variance(many)
    assert found.heuristic_growth_per_block is None
    assert found.heuristic_growth_he is not None


def test_what_leaves_the_range_of_doubles_is_not_known() -> None:
    huge = F(10) ** 200
    found = variance(runge_kutta([[0, 0], [huge, 0]], [huge, huge]))
    assert found.heuristic_growth_he is None
    assert found.rows[0].heuristic_he == 1


def test_an_implicit_method_has_none_until_its_sweeps_are_written_out() -> None:
    with pytest.raises(UndefinedError):
        variance(lower(load("gauss4")))
