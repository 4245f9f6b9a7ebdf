"""Command line: `python -m trainer train | check | score | holdout`."""

import argparse
import csv
import json
import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from trainer.check import check_package
from trainer.errors import DataError, ExportError, PackageError, RecipeError
from trainer.holdout import holdout_csv
from trainer.package import open_package
from trainer.recipe import read_recipe
from trainer.score import score_file
from trainer.train import Run, train

# A Job must not retry what a second attempt cannot change: its podFailurePolicy names this code (reference: statistics 8.2).
EXIT_CODES: dict[type[Exception], int] = {RecipeError: 42, DataError: 42, ExportError: 43, PackageError: 44}


def parse_instant(text: str) -> datetime:
    """An RFC 3339 instant, in UTC, to the second."""
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise argparse.ArgumentTypeError(f"{text} has no time zone")
    return instant.astimezone(UTC).replace(microsecond=0)


def default_instant() -> datetime:
    """SOURCE_DATE_EPOCH (reproducible-builds.org) where it is set, else now."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    return datetime.fromtimestamp(int(epoch), UTC) if epoch else datetime.now(UTC).replace(microsecond=0)


def run_train(options: argparse.Namespace) -> None:
    """Writes a package and prints its identity and test AUC."""
    created: datetime = options.created_at or default_instant()
    version: str = options.version or created.strftime("%Y%m%d-%H%M")
    trained = train(Run(options.recipe, options.data, version, created.strftime("%Y-%m-%dT%H:%M:%SZ")), options.out)
    auc = trained.card["test"]["auc"]
    print(f"{trained.identity}  {trained.card['name']} {version}  test AUC {auc['value']:.4f} ({auc['lower']:.4f} to {auc['upper']:.4f})")


def run_check(options: argparse.Namespace) -> None:
    """Verifies a package and prints its identity."""
    verified = check_package(options.package)
    card, parity = verified.package.card, verified.golden
    print(f"{verified.package.identity}  {card['name']} {card['version']}  {parity.rows} golden rows within {parity.worst:.2g}")


def run_score(options: argparse.Namespace) -> None:
    """Writes one probability per row of a CSV file, in its order, with all digits."""
    package = open_package(options.package)
    scored = score_file(package, options.csv)
    entities = scored.entities if scored.entities is not None else [str(row) for row in range(len(scored.probabilities))]
    pairs = [(entity, float(probability)) for entity, probability in zip(entities, scored.probabilities, strict=True)]
    stream = sys.stdout if options.out is None else options.out.open("w", encoding="utf-8", newline="")
    try:
        if options.format == "json":
            json.dump([{"id": entity, "probability": probability} for entity, probability in pairs], stream)
        else:
            writer = csv.writer(stream, lineterminator="\n")
            writer.writerow(("id", "probability"))
            writer.writerows((entity, repr(probability)) for entity, probability in pairs)
    finally:
        if options.out is not None:
            stream.close()


def run_holdout(options: argparse.Namespace) -> None:
    """Writes the rows of unseen customers."""
    recipe, _ = read_recipe(options.recipe)
    text, rows = holdout_csv(options.data, recipe)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(text, "utf-8", newline="")
    print(f"{rows} unseen customers")


def parser() -> argparse.ArgumentParser:
    """The command line's grammar."""
    root = argparse.ArgumentParser(prog="python -m trainer", description="Trains and verifies model packages.")
    commands = root.add_subparsers(required=True, metavar="command")

    def command(name: str, run: Callable[[argparse.Namespace], None], summary: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=summary, description=summary)
        added.set_defaults(run=run)
        return added

    training = command("train", run_train, "Train a recipe and write a model package.")
    training.add_argument("--recipe", type=Path, required=True)
    training.add_argument("--data", type=Path, required=True, help="labelled CSV, plain or gzip")
    training.add_argument("--out", type=Path, required=True, help="directory of the package, absent or empty")
    training.add_argument("--version", help="default: the time of creation, YYYYMMDD-HHMM in UTC")
    training.add_argument("--created-at", type=parse_instant, help="RFC 3339; default: SOURCE_DATE_EPOCH, else now")

    checking = command("check", run_check, "Verify a package: digests, contracts, golden parity.")
    checking.add_argument("package", type=Path)

    scoring = command("score", run_score, "Score a CSV file with the package's own pipeline (best_model.pkl).")
    scoring.add_argument("package", type=Path)
    scoring.add_argument("csv", type=Path)
    scoring.add_argument("--format", choices=("csv", "json"), default="csv")
    scoring.add_argument("--out", type=Path, help="default: standard output")

    holding = command("holdout", run_holdout, "Write the rows of customers that a recipe leaves unseen.")
    holding.add_argument("--recipe", type=Path, required=True)
    holding.add_argument("--data", type=Path, required=True)
    holding.add_argument("--out", type=Path, required=True)
    return root


def main(arguments: list[str] | None = None) -> int:
    """Runs a command; returns the process's exit code."""
    options = parser().parse_args(arguments)
    try:
        options.run(options)
    except (RecipeError, DataError, ExportError, PackageError) as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return EXIT_CODES[type(error)]
    return 0


if __name__ == "__main__":
    sys.exit(main())
