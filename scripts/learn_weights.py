#!/usr/bin/env python3
"""Learns the weights of identity's evidence from labelled pairs.

    cargo test --test all identity::kinds::the_pairs -- --nocapture > pairs.txt
    scripts/learn_weights.py src/dedup/weights.rs pairs.txt

A pair is one announcement or two; each finding about it is one term of a sum, and the sum says
how probable one announcement is (logistic regression, to base 2). Learning starts from ESTIMATES
and moves a weight only as far as the pairs ask for it: what no pair shows keeps its estimate.
Learns from the half for learning alone, prints the weights for the table (what learning makes
stricter), and measures on the other half, also with the measured kind left out of learning. Needs Python 3 alone; always prints the same.
"""

import math
import re
import sys
from collections import defaultdict

# Estimates in tenths of a bit, before anything was learned.
ESTIMATES = {
    "NamedOriginal": 140, "SamePage": 120,
    "TitleEqual": 10, "TitleNear": 9, "TitleWithPublisher": 9, "TitleDiffers": -10,
    "TitleReplaces": -20, "TitleRenames": -120, "TitleFigures": -220, "TitleRecurs": -40,
    "TitleOfSeries": -10,
    "TextEqual": 130, "TextContained": 110, "TextMostly": 80, "TextQuoted": 0, "TextSome": -20,
    "TextDiffers": -80, "SummaryContained": 60, "SummaryShares": 20, "SummaryDiffers": -30,
    "Contradicts": -220, "NamesDiffer": -220, "OneNameDiffers": -70, "FactsDiffer": -90,
    "Lists": -220, "GoesOn": -200, "SameDay": 10, "DaysApart": 0, "DaysApartByTitle": -20, "WeekApart": -20,
    "FortnightApart": -40, "LongApart": -260, "BeforeOriginal": -40, "OtherGovernment": -60, "OneSite": -240,
    "OneSource": -240, "OneSourceTwice": -60,
}
# Their weight is that of four bits of information of the title.
PER_INFORMATION = {"TitleEqual", "TitleNear", "TitleWithPublisher", "TitleOfSeries"}
# How far, in tenths of a bit, a weight may be from its estimate without being surprising.
SPREAD = {kind: 2.0 if kind in PER_INFORMATION else 20.0 for kind in ESTIMATES}
JOINED = 50
UNIT = math.log(2) / 10
STEPS, RATE = 1500, 0.3


def table(path):
    """The weights as the source has them."""
    text = open(path, encoding="utf-8").read()
    found = {kind: int(weight) for kind, weight in re.findall(r"(\w+) => (-?\d+),", text)}
    missing = set(ESTIMATES) ^ set(found)
    if missing:
        sys.exit(f"{path}: the table and ESTIMATES differ in {', '.join(sorted(missing))}")
    return found


def pairs(path, weights):
    """Kind, half, whether it is one announcement, and how much of each finding there is."""
    for line in open(path, encoding="utf-8"):
        if "pair\t" not in line:
            continue
        _, kind, half, same, factors = line[line.index("pair\t"):].rstrip("\n").split("\t")
        amounts = defaultdict(float)
        for factor in factors.split():
            name, weight = factor.split(":")
            share = int(weight) / weights[name] if name in PER_INFORMATION else 1.0
            amounts[name] += share
        if amounts:
            yield kind, half, int(same), dict(amounts)


def total(weights, amounts):
    return sum(weights[name] * amount for name, amount in amounts.items())


def learned(examples):
    """The weights that explain the examples best without straying from the estimates."""
    weights = {kind: float(weight) for kind, weight in ESTIMATES.items()}
    curvature = dict.fromkeys(weights, 0.0)
    for _, amounts in examples:
        size = sum(abs(amount) for amount in amounts.values())
        for name, amount in amounts.items():
            curvature[name] += abs(amount) * size * UNIT ** 2 / 4
    for _ in range(STEPS):
        slope = {kind: (weights[kind] - ESTIMATES[kind]) / SPREAD[kind] ** 2 for kind in weights}
        for same, amounts in examples:
            excess = max(min((total(weights, amounts) - JOINED) * UNIT, 40), -40)
            error = 1 / (1 + math.exp(-excess)) - same
            for name, amount in amounts.items():
                slope[name] += error * amount * UNIT
        for kind in weights:
            # Divided by a bound of the curvature, so that no step goes too far.
            bend = 1 / SPREAD[kind] ** 2 + curvature[kind]
            weights[kind] -= RATE * slope[kind] / bend
            spread = 4 * SPREAD[kind]
            weights[kind] = min(max(weights[kind], ESTIMATES[kind] - spread), ESTIMATES[kind] + spread)
    return {kind: round(weight) for kind, weight in weights.items()}


def stricter(weights):
    return {kind: min(weight, ESTIMATES[kind]) for kind, weight in weights.items()}


def errors(weights, examples):
    """Pairs that would be joined wrongly, and pairs that would not be joined."""
    wrong = sum(not same and total(weights, amounts) >= JOINED for same, amounts in examples)
    missed = sum(same and total(weights, amounts) < JOINED for same, amounts in examples)
    return wrong, missed


def main():
    source, path = sys.argv[1:3]
    weights = table(source)
    by_kind = defaultdict(lambda: {"learn": [], "measure": []})
    for kind, half, same, amounts in pairs(path, weights):
        by_kind[kind][half].append((same, amounts))
    learn = [example for halves in by_kind.values() for example in halves["learn"]]
    measure = [example for halves in by_kind.values() for example in halves["measure"]]
    best = learned(learn)
    print(f"{len(learn)} pairs to learn from, {len(measure)} to measure")
    for kind, weight in stricter(best).items():
        note = "" if weight == weights[kind] else f"   the table has {weights[kind]}"
        looser = "" if best[kind] == weight else f"   learned: {best[kind]}"
        print(f"        {kind} => {weight},{note}{looser}")
    # A false merge costs more than a split: nothing is made looser than it was estimated.
    strict = stricter(best)
    for name, these in (
        ("estimates", ESTIMATES), ("table", weights), ("learned", best), ("stricter", strict)
    ):
        print(f"{name}: joined wrongly, missed: {errors(these, measure)} of {len(measure)}")
    print("left out of learning, then measured:")
    wrong = missed = 0
    for left_out, halves in sorted(by_kind.items()):
        rest = [e for kind, other in by_kind.items() if kind != left_out for e in other["learn"]]
        found = errors(stricter(learned(rest)), halves["measure"])
        wrong, missed = wrong + found[0], missed + found[1]
        if found != (0, 0):
            print(f"  {left_out}: {found} of {len(halves['measure'])}")
    print(f"  in all: {wrong} joined wrongly, {missed} missed")


if __name__ == "__main__":
    main()
