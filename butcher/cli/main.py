"""The commands and their options; what they do is in the modules beside this one."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from butcher.cli import commands
from butcher.cli.experiments import EXPERIMENTS, Settings
from butcher.cli.streams import Failure
from butcher.version import __version__

app = typer.Typer(
    name="butcher",
    help="Compile numerical methods into trainable PyTorch blocks, and prove what they are.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Spec = Annotated[
    str, typer.Argument(metavar="SPEC", help="a path, - for standard input, or a shipped name")
]
Specs = Annotated[
    list[str],
    typer.Argument(metavar="SPEC...", help="paths, - for standard input, or shipped names"),
]
Json = Annotated[bool, typer.Option("--json", help="print JSON")]


class Step(StrEnum):
    """How a block holds its step h."""

    FIXED = "fixed"
    LEARNED = "learned"
    PER_STAGE = "per-stage"
    CONTROLLED = "controlled"


class Weights(StrEnum):
    """Whether the evaluations of a slot have their own weights."""

    PER_STAGE = "per-stage"
    SHARED = "shared"


class Evaluations(StrEnum):
    """How evaluations that need nothing of each other are called."""

    IN_TURN = "in-turn"
    TOGETHER = "together"


class Checkpoint(StrEnum):
    """What training evaluates again instead of storing it."""

    NONE = "none"
    STAGE = "stage"
    BLOCK = "block"


class Form(StrEnum):
    """How the arithmetic between evaluations is written."""

    PLAIN = "plain"
    FUSED = "fused"


@app.command("compile")
def compile_(
    spec: Spec,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="FILE", help="write there, not to standard output"),
    ] = None,
    step: Annotated[
        Step | None,
        typer.Option(
            help="default: what the file says, or fixed; controlled: an embedded pair chooses it"
        ),
    ] = None,
    h: Annotated[
        str | None, typer.Option(metavar="NUMBER", help="default: what the file says, or 1")
    ] = None,
    weights: Annotated[
        Weights | None, typer.Option(help="default: what the file says, or per-stage")
    ] = None,
    starts: Annotated[
        str | None,
        typer.Option(metavar="SPEC", help="take and give the states of a multistep method"),
    ] = None,
    evaluations: Annotated[
        Evaluations,
        typer.Option(help="together: on CUDA those that need nothing of each other side by side"),
    ] = Evaluations.IN_TURN,
    checkpoint: Annotated[
        Checkpoint,
        typer.Option(help="what training evaluates again, instead of storing it"),
    ] = Checkpoint.NONE,
    form: Annotated[
        Form, typer.Option(help="fused: one kernel between two evaluations; needs butcher")
    ] = Form.PLAIN,
    class_name: Annotated[str | None, typer.Option(metavar="NAME")] = None,
    verify: Annotated[bool, typer.Option("--verify/--no-verify", help="check the claims")] = True,
) -> None:
    """Write the torch module of a method."""
    commands.compile_spec(
        spec,
        output,
        step=None if step is None else step.value,
        h=h,
        weights=None if weights is None else weights.value,
        class_name=class_name,
        verify=verify,
        starts=starts,
        evaluations=evaluations.value,
        checkpoint=checkpoint.value,
        form=form.value,
    )


@app.command()
def check(specs: Specs, json: Json = False) -> None:
    """Parse, validate, verify the claims; say everything found in every file."""
    commands.check(specs, as_json=json)


class Figure(StrEnum):
    """What `analyze --plot` draws."""

    STABILITY = "stability"
    ORDER_STAR = "order-star"
    CONVERGENCE = "convergence"


@app.command()
def analyze(
    specs: Specs,
    json: Json = False,
    plot: Annotated[
        Path | None,
        typer.Option("--plot", metavar="FILE", help=".svg .pdf or .png, all methods in one figure"),
    ] = None,
    kind: Annotated[
        list[Figure] | None,
        typer.Option("--kind", help="a panel of the figure; may be given several times"),
    ] = None,
    order: Annotated[
        int | None,
        typer.Option(min=1, max=8, help="how far the modified equation goes, up to h^(ORDER-1)"),
    ] = None,
) -> None:
    """Everything that is known of a method: order, stability, modified equation, cost."""
    kinds = [figure.value for figure in kind or []]
    from butcher.cli.analysis import analyze as run

    run(specs, as_json=json, plot=plot, kinds=kinds, order=order)


@app.command()
def draw(
    spec: Spec,
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="FILE", help=".svg .pdf .png or .dot")
    ],
    schedule: Annotated[
        bool, typer.Option("--schedule", help="what a block holds from when to when")
    ] = False,
) -> None:
    """Draw the wiring of a method, or the schedule of its block."""
    commands.draw(spec, output, as_schedule=schedule)


@app.command()
def fmt(
    specs: Specs,
    check: Annotated[
        bool, typer.Option("--check", help="change nothing; exit 1 if something would change")
    ] = False,
) -> None:
    """Rewrite files in the canonical layout (- to standard output)."""
    commands.fmt(specs, only_check=check)


@app.command("list")
def list_(
    networks: Annotated[bool, typer.Option("--networks", help="networks, not methods")] = False,
    recipes: Annotated[bool, typer.Option("--recipes", help="recipes, not methods")] = False,
    json: Json = False,
) -> None:
    """The shipped methods, networks or recipes."""
    if networks and recipes:
        raise typer.BadParameter("--networks and --recipes are two lists: ask for one")
    if networks:
        from butcher.cli.describe import list_networks

        list_networks(as_json=json)
    elif recipes:
        from butcher.cli.recipes import list_recipes

        list_recipes(as_json=json)
    else:
        commands.list_specs(as_json=json)


@app.command()
def describe(
    model: Annotated[
        str,
        typer.Argument(
            metavar="MODEL",
            help="a TOML file with a [model] table, - for standard input, or a shipped network",
        ),
    ],
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="as depth=110")
    ] = None,
    in_channels: Annotated[
        int | None,
        typer.Option(min=1, max=10_000, help="of an image; default: the data's"),
    ] = None,
    size: Annotated[
        int | None,
        typer.Option(min=1, max=10_000, help="height and width of an image; default: the data's"),
    ] = None,
    classes: Annotated[
        int | None, typer.Option(min=1, max=10_000_000, help="default: the data's")
    ] = None,
    json: Json = False,
) -> None:
    """What a network is: parameters, layers, cost, what training stores, what has no effect."""
    from butcher.cli.describe import describe as run

    run(
        model,
        settings or [],
        as_json=json,
        in_channels=in_channels,
        size=size,
        classes=classes,
    )


@app.command()
def explain(code: Annotated[str, typer.Argument(metavar="CODE")]) -> None:
    """What a diagnostic means, with an example."""
    commands.explain(code)


@app.command()
def train(
    recipe: Annotated[
        str,
        typer.Argument(metavar="RECIPE", help="a TOML file; with --resume also a run's folder"),
    ],
    settings: Settings = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="go on where the run in the recipe's folder stands")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="say what would be trained, and what it would cost")
    ] = False,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="print errors only")] = False,
) -> None:
    """Train a network of compiled blocks."""
    commands.train(recipe, settings or [], resume=resume, dry_run=dry_run, quiet=quiet)


for experiment in EXPERIMENTS:
    app.command()(experiment)


class Held(StrEnum):
    """How the steps of measured blocks are."""

    FIXED = "fixed"
    LEARNED = "learned"
    BOUNDED = "bounded"
    PER_STAGE = "per-stage"
    CONTROLLED = "controlled"


class Part(StrEnum):
    """What `bench` measures or counts."""

    BLOCKS = "blocks"
    CARRIED = "carried"
    GRAPHS = "graphs"
    START_UP = "start-up"
    TILES = "tiles"
    GROWTH = "growth"


class Dtype(StrEnum):
    """Of the feature maps."""

    FLOAT32 = "float32"
    FLOAT64 = "float64"
    BFLOAT16 = "bfloat16"
    FLOAT16 = "float16"


class Clock(StrEnum):
    """What times are."""

    CPU = "cpu"
    WALL = "wall"


Count = Annotated[int, typer.Option(min=1, max=65_536)]


@app.command()
def bench(
    specs: Annotated[
        list[str] | None,
        typer.Argument(metavar="[SPEC]...", help="default: the methods that the goals speak of"),
    ] = None,
    step: Annotated[
        list[Held] | None, typer.Option(help="may be given several times; default: fixed")
    ] = None,
    part: Annotated[
        list[Part] | None,
        typer.Option(
            help="may be given several times; default: blocks, without SPEC all but growth"
        ),
    ] = None,
    shared: Annotated[
        bool, typer.Option("--shared", help="one sub-net for all stages, as solvers have it")
    ] = False,
    channels: Count = 64,
    size: Count = 32,
    batch: Count = 8,
    dtype: Annotated[Dtype, typer.Option()] = Dtype.FLOAT32,
    device: Annotated[str, typer.Option(metavar="NAME", help="cpu or cuda")] = "cpu",
    channels_last: Annotated[bool, typer.Option("--channels-last")] = False,
    threads: Count = 1,
    rounds: Count = 21,
    compiled: Annotated[
        bool, typer.Option("--compiled", help="by torch.compile, too, against compiled Euler")
    ] = False,
    clock: Annotated[
        Clock | None, typer.Option(help="default: cpu for one thread, wall for several")
    ] = None,
    peers: Annotated[
        bool | None,
        typer.Option("--peers/--no-peers", help="torchdiffeq, torchode; default: without SPEC"),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="FOLDER", help="for NAME.md and NAME.json"),
    ] = None,
    name: Annotated[str, typer.Option(metavar="NAME")] = "blocks",
    record: Annotated[
        Path | None,
        typer.Option("--record", metavar="FILE", help="measure nothing: show this NAME.json"),
    ] = None,
) -> None:
    """Time and memory of blocks beside their sub-nets, Euler blocks, naive forms and solvers."""
    from butcher.cli.bench import again, settings_of
    from butcher.cli.bench import bench as run

    if record is not None:
        again(record)
        return
    settings = settings_of(
        channels=channels,
        size=size,
        batch=batch,
        dtype=dtype.value,
        device=device,
        channels_last=channels_last,
        threads=threads,
        rounds=rounds,
        compiled=compiled,
        clock=None if clock is None else clock.value,
    )
    run(
        specs or [],
        settings,
        steps=[held.value for held in step or []],
        shared=shared,
        parts=[chosen.value for chosen in part or []],
        peers=not specs if peers is None else peers,
        output=output,
        name=name,
    )


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"butcher {__version__}")
        raise typer.Exit


@app.callback()
def _common(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="the version")
    ] = False,
) -> None:
    pass


def main() -> None:
    """The entry point. Usage (2) and interruption (130) are typer's, the other codes ours."""
    try:
        app(prog_name="butcher")
    except Failure as failure:
        if str(failure):
            print(str(failure), file=sys.stderr)
        sys.exit(failure.code)
