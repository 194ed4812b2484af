"""The commands that ask something of trainings: their options; the work is in other modules."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

Recipe = Annotated[str, typer.Argument(metavar="RECIPE", help="a TOML file, or a shipped recipe")]
Variants = Annotated[
    list[str],
    typer.Argument(
        metavar="VARIANT...", help="as rk4, 'verner89 step=learned', 'my label: scheme=rk4 lr=0.2'"
    ),
]
Seeds = Annotated[int, typer.Option("--seeds", min=1, max=1000, metavar="N", help="0 to N-1")]
Seed = Annotated[
    list[int] | None, typer.Option("--seed", min=0, help="these, and not --seeds; several times")
]
Settings = Annotated[
    list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="as train.epochs=3")
]
Jobs = Annotated[
    int | None,
    typer.Option("--jobs", min=1, max=1024, metavar="N", help="runs at a time; default: the cores"),
]
Folder = Annotated[
    Path | None,
    typer.Option("-o", "--output", metavar="FOLDER", help="for runs, tables, figures"),
]


def compare(
    recipe: Recipe,
    variants: Variants,
    depth: Annotated[
        list[int] | None,
        typer.Option(min=1, help="may be given several times; default: the recipe's"),
    ] = None,
    accuracy: Annotated[
        float, typer.Option(min=0, max=1, help="of validation, whose time is asked for")
    ] = 0.9,
    seeds: Seeds = 5,
    seed: Seed = None,
    settings: Settings = None,
    jobs: Jobs = None,
    output: Folder = None,
) -> None:
    """Train variants side by side at equal parameters: accuracy and time, paired by seed."""
    from butcher.cli.study import compare as run
    from butcher.cli.study import request

    asked = request("compare", recipe, variants, seeds, seed, settings, jobs, output)
    run(asked, depth or [], accuracy)


def sweep(
    recipe: Recipe,
    variants: Variants,
    lr: Annotated[list[float] | None, typer.Option(help="may be given several times")] = None,
    low: Annotated[float, typer.Option("--from", help="without --lr: the lowest rate")] = 0.01,
    high: Annotated[float, typer.Option("--to", help="the highest")] = 2.0,
    points: Annotated[int, typer.Option(min=2, max=1000, help="and how many")] = 8,
    trains: Annotated[
        float | None,
        typer.Option(
            min=0, max=1, metavar="ACCURACY", help="above which a run has trained; default: half"
        ),
    ] = None,
    seeds: Seeds = 5,
    seed: Seed = None,
    settings: Settings = None,
    jobs: Jobs = None,
    output: Folder = None,
) -> None:
    """Train variants at several learning rates: up to which does each train?"""
    from butcher.cli.study import request
    from butcher.cli.study import sweep as run

    asked = request("sweep", recipe, variants, seeds, seed, settings, jobs, output)
    run(asked, lr or [], low, high, points, trains)


def multilevel(
    recipe: Annotated[
        str, typer.Argument(metavar="RECIPE", help="a TOML file, that of the full network")
    ],
    cycles: Annotated[
        int | None,
        typer.Option(min=2, max=16, help="default: the parts between the recipe's restarts, or 3"),
    ] = None,
    epochs: Annotated[
        str | None, typer.Option(metavar="N,N,...", help="of each cycle, as 60,50,50")
    ] = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="blocks with none to copy begin with random weights")
    ] = False,
    seeds: Seeds = 5,
    seed: Seed = None,
    settings: Settings = None,
    jobs: Jobs = None,
    output: Folder = None,
) -> None:
    """Train few blocks, then twice as many of half the step, beside the full run: time saved."""
    from butcher.cli.study import multilevel as run
    from butcher.cli.study import request

    asked = request("multilevel", recipe, [], seeds, seed, settings, jobs, output)
    run(asked, cycles, epochs, fresh=fresh)


class Asked(StrEnum):
    """What `lesion` does to a network."""

    BLOCK = "block"
    EVALUATION = "evaluation"
    SHUFFLE = "shuffle"


class Looked(StrEnum):
    """Which images are looked at."""

    VALIDATION = "validation"
    TEST = "test"


Runs = Annotated[list[Path], typer.Argument(metavar="RUN...", help="folders of finished runs")]
Images = Annotated[
    Looked, typer.Option(help="test: the test part is then touched once more, and the page says so")
]
Findings = Annotated[
    Path | None,
    typer.Option("-o", "--output", metavar="FOLDER", help="for the tables and the figures"),
]


def lesion(
    runs: Runs,
    what: Annotated[
        Asked,
        typer.Option(
            help="block: makes no step; evaluation: a sub-net gives zero; shuffle: blocks of one "
            "shape change places"
        ),
    ] = Asked.BLOCK,
    part: Images = Looked.VALIDATION,
    draws: Annotated[int, typer.Option(min=1, max=10_000, help="of several at a time")] = 10,
    output: Findings = None,
) -> None:
    """Drop, silence or exchange blocks of trained networks: the error, by place and number."""
    from butcher.cli.asked import lesion as run

    run(runs, what.value, part.value, draws, output)


def norms(runs: Runs, part: Images = Looked.VALIDATION, output: Findings = None) -> None:
    """How large sub-nets' values and blocks' updates are: by place, depth and step."""
    from butcher.cli.asked import norms as run

    run(runs, part.value, output)


def landscape(
    runs: Annotated[
        list[Path],
        typer.Argument(
            metavar="RUN_OR_RECIPE...", help="folders of finished runs; TOML files, untrained"
        ),
    ],
    plane: Annotated[int, typer.Option(min=1, max=2, help="dimensions")] = 1,
    points: Annotated[int, typer.Option(min=3, max=1001, help="a direction; odd")] = 21,
    reach: Annotated[
        float, typer.Option(min=1e-6, max=1e6, help="how far, in norms of a filter")
    ] = 1.0,
    images: Annotated[int, typer.Option(min=1, help="of the training part")] = 512,
    seeds: Annotated[int, typer.Option(min=1, max=1000, help="of a recipe, from its own on")] = 5,
    untrained: Annotated[
        bool, typer.Option("--untrained", help="only as drawn, not as trained")
    ] = False,
    output: Findings = None,
) -> None:
    """The loss around the weights of networks, untrained and trained, on shared axes."""
    from butcher.cli.asked import landscape as run
    from butcher.laboratory.landscape.result import Plane

    run(
        runs,
        Plane(plane, points, reach),
        images=images,
        seeds=seeds,
        untrained=untrained,
        output=output,
    )


def coefficients(runs: Runs, output: Findings = None) -> None:
    """What training made of steps and multistep coefficients: by block, beside their band."""
    from butcher.cli.asked import coefficients as run

    run(runs, output)


def report(
    runs: Annotated[
        list[Path],
        typer.Argument(metavar="RUN...", help="folders of runs, or of experiments with runs"),
    ],
    output: Annotated[
        Path,
        typer.Option("-o", "--output", metavar="FILE", help="the page; Markdown goes beside it"),
    ] = Path("report.html"),
) -> None:
    """One page about runs: results, curves, experiments, methods, recipes, sources."""
    from butcher.cli.report import report as run

    run(runs, output)


EXPERIMENTS = (compare, sweep, multilevel, lesion, norms, landscape, coefficients, report)
"""In the order of the help."""
