import numpy as np
import pandas as pd
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import Pipeline

from trainer.importance import importance


def test_a_column_that_decides_leads_and_noise_weighs_nothing() -> None:
    random = np.random.default_rng(5)
    frame = pd.DataFrame(random.normal(size=(1500, 3)), columns=["noise", "weak", "strong"])
    labels = (2 * frame["strong"] + 0.7 * frame["weak"] + random.normal(size=1500) > 0).to_numpy().astype(np.int8)
    model = Pipeline([("model", RandomForestClassifier(50, max_depth=5, random_state=1))]).fit(frame[:1000], labels[:1000])
    found = importance(model, frame[1000:], labels[1000:], 1)
    assert [name for name, _ in found] == ["strong", "weak", "noise"]
    weights = dict(found)
    assert weights["strong"] > 0.2
    assert abs(weights["noise"]) < 0.01
    assert found == importance(model, frame[1000:], labels[1000:], 1)
