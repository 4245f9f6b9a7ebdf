import numpy as np
import pytest
from numpy.testing import assert_array_equal

from tests.conftest import Telco
from trainer.fit import training_labels, unfitted
from trainer.recipe import FixedThreshold, Labels, MaxF1Threshold
from trainer.statistics.classification import decide
from trainer.threshold import choose_threshold, max_f1


def f1_at(labels: "np.ndarray[tuple[int], np.dtype[np.int8]]", scores: "np.ndarray[tuple[int], np.dtype[np.float64]]", cut: float) -> float:
    found = decide(labels, scores, cut)
    return 0.0 if found.recall == 0 else 2 * found.precision * found.recall / (found.precision + found.recall)


@pytest.mark.parametrize("seed", range(8))
def test_no_cut_has_a_greater_f1(seed: int) -> None:
    random = np.random.default_rng(seed)
    labels = (random.random(80) < 0.3).astype(np.int8)
    scores = np.round(np.clip(random.normal(0.3 + 0.2 * labels, 0.2), 0, 1), 1 if seed % 2 else 6)
    best = max_f1(labels, scores)
    assert f1_at(labels, scores, best) == pytest.approx(max(f1_at(labels, scores, cut) for cut in scores))


def test_max_f1_is_chosen_out_of_fold_on_training_rows(telco: Telco) -> None:
    names = [column.name for column in telco.recipe.inputs]
    rows = telco.parts.train
    frame, labels = telco.data.frame.iloc[rows][names], telco.data.labels[rows]
    model = unfitted(telco.recipe.inputs, telco.recipe.estimator)
    chosen = choose_threshold(MaxF1Threshold(method="MaxF1"), model, frame, labels, 42)
    assert 0.1 < chosen.value < 0.6
    assert chosen.value == round(chosen.value, 4)
    assert "350 training rows" in chosen.method
    assert not hasattr(model, "classes_"), "the folds must not leave a fitted model behind"


def test_fixed_asks_nobody(telco: Telco) -> None:
    model = unfitted(telco.recipe.inputs, telco.recipe.estimator)
    chosen = choose_threshold(FixedThreshold(method="Fixed", value=0.37), model, telco.data.frame.iloc[:0], telco.data.labels[:0], 1)
    assert chosen.value == 0.37


def test_shuffled_labels_are_a_seeded_permutation() -> None:
    labels = (np.arange(1000) % 4 == 0).astype(np.int8)
    plain = Labels(column="y", negative="0", positive="1")
    shuffled = plain.model_copy(update={"shuffle": True, "seed": 7})
    assert_array_equal(training_labels(labels, plain), labels)
    mixed = training_labels(labels, shuffled)
    assert_array_equal(mixed, training_labels(labels, shuffled))
    assert mixed.sum() == labels.sum()
    # Two independent columns of a quarter ones agree in 1/16 + 9/16 of the rows.
    assert (mixed == labels).mean() == pytest.approx(0.625, abs=0.06)
