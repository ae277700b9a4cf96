#!/usr/bin/env python3
"""Runs small pieces of the suites of tessera-bench and checks what comes out.

    suites.py TESSERA_BENCH DOCUMENT
"""
import json
import math
import os
import subprocess
import sys
import tempfile

BENCH, DOCUMENT = sys.argv[1:]
QUICK = ("--rounds", "2", "--min-time", "0.0005")


def run(*args, code=0):
    result = subprocess.run([BENCH, *args], capture_output=True, text=True)
    assert result.returncode == code, (args, result.returncode, result.stdout, result.stderr)
    return result


def check_row(row):
    sides = {side["who"]: side for side in row["sides"]}
    assert len(sides) == len(row["sides"]), row
    for side in sides.values():
        assert side["role"] in ("ours", "peer", "ideal"), side
        assert 0 < side["low"] <= side["rate"] <= side["high"] < math.inf, side
    ours = [side for side in sides.values() if side["role"] == "ours"]
    peers = [side for side in sides.values() if side["role"] == "peer"]
    assert len(ours) == 1, row
    assert row["unit"] in ("flop", "byte") and row["bytes"] > 0, row
    if peers:
        best = max(peers, key=lambda side: side["rate"])
        assert sides[row["best_peer"]]["rate"] == best["rate"], row
        # Medians of ratios are not ratios of medians, but lie within those of the extremes.
        least, most = ours[0]["low"] / best["high"], ours[0]["high"] / best["low"]
        assert least * 0.999 <= row["to_peer"] <= most * 1.001, row
    else:
        assert row["best_peer"] == "" and row["to_peer"] == 0, row
    assert row["to_ideal"] > 0 and row["of_peak"] > 0, row


def check_group(group, rows):
    ratios = [row["to_peer"] for row in rows if row["group"] == group["name"] and row["to_peer"]]
    assert len(ratios) == group["rows"], group
    if ratios:
        assert math.isclose(group["worst"], min(ratios), rel_tol=1e-6), group
        mean = math.exp(sum(map(math.log, ratios)) / len(ratios))
        assert math.isclose(group["mean"], mean, rel_tol=1e-6), group


def check_json(path, suites, threads):
    with open(path) as file:
        result = json.load(file)
    assert result["tessera_bench"] == 1 and result["threads"] == threads, result
    assert {suite["name"] for suite in result["suites"]} == suites, result
    assert all(result["peaks"][name] > 0 for name in ("flops", "l1", "l2", "l3", "memory"))
    for suite in result["suites"]:
        assert suite["rows"] and suite["groups"], suite
        for row in suite["rows"]:
            check_row(row)
        for group in suite["groups"]:
            check_group(group, suite["rows"])
    return result


def check_document(folder, *runs):
    page = os.path.join(folder, "page.md")
    with open(page, "w") as file:
        file.write("Before.\n\n<!-- figures: written by benchmarks/document -->\nold\n"
                   "<!-- end of figures -->\n\nAfter.\n")
    for _ in range(2):  # what was written is replaced
        subprocess.run([sys.executable, DOCUMENT, "--page", page, *runs], check=True)
        with open(page) as file:
            text = file.read()
        assert text.startswith("Before.\n") and text.endswith("\nAfter.\n") and "old" not in text
        assert text.count("### gemm, ") == 1 and "| 64x64x64 " in text, text
        for path in runs:
            with open(path) as file:
                for suite in json.load(file)["suites"]:
                    assert all(row["name"] in text for row in suite["rows"]), text


def main():
    names = [line.split()[0] for line in run("--list").stdout.splitlines()]
    assert {"gemm", "conv", "memory"} <= set(names), names
    with tempfile.TemporaryDirectory() as folder:
        one, two = os.path.join(folder, "one.json"), os.path.join(folder, "two.json")
        out = run("--suite", "gemm,memory", "--filter", "64x", *QUICK, "--json", one).stdout
        assert "geometric mean" in out, out
        check_json(one, {"gemm", "memory"}, 1)
        run("--suite=conv", "--filter=7x7", "--threads=2", *QUICK, f"--json={two}")
        check_json(two, {"conv"}, 2)
        page = os.path.join(folder, "page.html")
        run("--from", one, "--from", two, "--report", page)
        with open(page) as file:
            text = file.read()
        for path in (one, two):
            with open(path) as file:
                assert file.read().strip() in text
        for source in ("src=", "href=\"http", "@import"):
            assert source not in text, f"the page is not self-contained: {source}"
        check_document(folder, one, two)
        broken = os.path.join(folder, "broken.json")
        with open(broken, "w") as file:
            file.write("{}")
        assert "is not what --json writes" in run("--from", broken, code=2).stderr

    told = run("--suite", "nope", code=2).stderr
    assert told == f"tessera-bench: error: unknown suite 'nope'; there are {', '.join(names)}\n", told
    assert "no row" in run("--suite", "gemm", "--filter", "nope", code=2).stderr
    assert "1 to 256 threads" in run("--suite", "gemm", "--threads", "x", code=2).stderr
    assert "unknown option" in run("--list", "--nope", "1", code=2).stderr
    assert "expected a value" in run("--suite", code=2).stderr


main()
