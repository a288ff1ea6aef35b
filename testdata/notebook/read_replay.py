"""Reads what `trustreplay replay` prints with --format json or csv, with nothing but Python's standard library.

    trustreplay replay --policy table-combined --by month --format json --out replay.json history.jsonl.gz
    python3 read_replay.py replay.json

Each file may be either format. Printed are the approval rate and the fraud rate of each policy, whole and by group.
"""

import csv
import io
import json
import sys

KNOWN = 1  # the schema_version that this program was written for


def check(answer):
    """A newer version may mean other things by the same names, so there is no going on."""
    version = answer["schema_version"]
    if version > KNOWN:
        sys.exit(f"schema_version {version} is newer than {KNOWN}: read the README's \"From a notebook\", then change KNOWN")


def from_json(text):
    """Yields policy, group, measure, value, low, high: null, where a rate is 0/0, becomes None."""
    answers = json.loads(text)
    for answer in answers if isinstance(answers, list) else [answers]:  # several policies make a list
        check(answer)
        parts = [("all", answer)] + [(" ".join(v or "-" for v in g["key"].values()), g) for g in answer.get("groups", [])]
        for group, part in parts:
            for m in part["measures"]:
                yield answer["policy"], group, m["name"], m["value"], m["low"], m["high"]


def from_csv(lines):
    """Yields the same of the tidy table, in which an empty cell is what null is in JSON."""
    number = lambda cell: float(cell) if cell else None
    rows = csv.DictReader(lines)
    by = rows.fieldnames[1:rows.fieldnames.index("scope")]  # the fields of --by stand between policy and scope
    for row in rows:
        if row["table"] == "measure":
            group = "all" if row["scope"] == "all" else " ".join(row[f] or "-" for f in by)
            yield row["policy"], group, row["name"], number(row["value"]), number(row["low"]), number(row["high"])


def percent(x):
    return "n/a" if x is None else f"{100 * x:.2f}"


def main(names):
    if not names:
        sys.exit(__doc__)
    for name in names:
        with open(name, encoding="utf-8", newline="") as f:
            text = f.read()
        rows = from_json(text) if text.lstrip()[:1] in ("{", "[") else from_csv(io.StringIO(text, newline=""))
        print(f"{'policy':<16} {'group':<12} {'measure':<14} {'%':>6} {'low':>6} {'high':>6}")
        for policy, group, measure, value, low, high in rows:
            if measure in ("approval_rate", "fraud_rate"):
                print(f"{policy:<16} {group:<12} {measure:<14} {percent(value):>6} {percent(low):>6} {percent(high):>6}")


if __name__ == "__main__":
    main(sys.argv[1:])
