"""What the clients saw: checks in the order in which they were made, as the claim prints them."""

import json
import math


class Report:
    def __init__(self):
        self.checks = []

    def check(self, name, passed, detail):
        self.checks.append({"name": name, "passed": bool(passed), "detail": str(detail)})

    def equal(self, name, seen, expected):
        same = seen == expected
        self.check(name, same, seen if same else f"{seen!r} instead of {expected!r}")

    def scores(self, name, probabilities, decisions, labels, case):
        """Probabilities, decisions and labels of all rows must be V1's to the last bit."""
        wrong = [
            row
            for row, (probability, decision, label) in enumerate(case.predictions)
            if probability != probabilities[row] or decision != decisions[row] or label != labels[row]
        ]
        same = not wrong and len(probabilities) == len(case.predictions)
        detail = f"{len(probabilities)} rows, all as in V1" if same else f"{len(wrong)} of {len(case.predictions)} rows differ, the first is {wrong[:1]}"
        self.check(name, same, detail)

    def raises(self, name, call, kind, *parts):
        """The call must fail with the client's own error, whose text has all the parts."""
        try:
            call()
        except kind as error:
            text = str(error)
            self.check(name, all(part in text for part in parts), text[:300])
        else:
            self.check(name, False, f"no {kind.__name__} was raised")

    def print(self):
        print(json.dumps(self.checks))


class Case:
    """One model and some of its customers, with V1's answers for them."""

    def __init__(self, given):
        self.url = given["url"]
        self.model = given["model"]
        self.version = given["version"]
        self.columns = [(column["name"], column["type"]) for column in given["columns"]]
        self.rows = given["rows"]
        self.predictions = [(each["probability"], each["decision"], each["label"]) for each in given["predictions"]]
        self.full = given["form"] == "full"

    def numbers(self, column):
        """Values of a number column, NaN where it is missing."""
        return [math.nan if row.get(column) is None else row[column] for row in self.rows]

    def texts(self, column):
        """Values of a category column, empty where it is missing."""
        return [row.get(column) or "" for row in self.rows]
