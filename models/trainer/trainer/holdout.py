"""Writes the customers whom no training run of a recipe's salt has seen, as they stand in the source file."""

import csv
import io
from pathlib import Path

from trainer.dataset import read_table
from trainer.recipe import Recipe
from trainer.split import split_entities


def holdout_csv(data: Path, recipe: Recipe) -> tuple[str, int]:
    """The unseen rows with all raw columns, in the order of the file, as CSV text; and how many there are."""
    table = read_table(data)
    unseen = split_entities(table.column(recipe.entity.column), recipe.split).unseen
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(table.header)
    writer.writerows(table.rows[row] for row in unseen)
    return buffer.getvalue(), len(unseen)
