#!/usr/bin/env python3
"""Compares `gazetted parse` with feedparser over the documents of another parser's test suite.

    scripts/parser_suite.py target/release/gazetted ~/feedparser/tests/wellformed

Prints how many documents are read, and in how many the number of entries and every title agree
with feedparser. A document that feedparser itself finds no feed in does not count, nor does a last
entry of which it finds nothing but the start: there the document breaks off. Documents that are not
read, or disagree, are listed. Needs feedparser (PyPI).
"""

import argparse
import collections
import concurrent.futures
import html
import json
import pathlib
import re
import subprocess
import warnings

import feedparser

HEADER = re.compile(rb"^Header:\s+Content-type:\s*(.*)$", re.IGNORECASE | re.MULTILINE)


def content_type(body):
    """The Content-Type that the suite's comment asks a server to send."""
    found = HEADER.search(body[:2000])
    return found.group(1).decode("latin-1").strip() if found else None


def reference(body, kind):
    """feedparser's titles, and whether its last entry is empty; none where it finds no feed."""
    headers = {"content-type": kind} if kind else {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        read = feedparser.parse(body, response_headers=headers)
    if not read.version and not read.entries:
        return None, False
    last = read.entries[-1] if read.entries else {"title": "x"}
    is_empty = not any(value for name, value in last.items() if not name.endswith("_detail"))
    return [entry.get("title", "") for entry in read.entries], is_empty


def ours(binary, path, kind):
    """gazetted's titles, or its message where it refuses the document."""
    command = [binary, "parse", "--json", str(path)]
    if kind:
        command += ["--content-type", kind]
    done = subprocess.run(command, capture_output=True, text=True, cwd="/")
    if done.returncode:
        return done.stderr.strip()
    return [entry.get("title", "") for entry in json.loads(done.stdout)["entries"]]


def folded(title):
    """A title as plain text, without differences of white space."""
    return "".join(html.unescape(re.sub(r"<[^>]*>", " ", title)).split())


def compare(binary, path):
    """What became of one document, and a line that says so."""
    body = path.read_bytes()
    kind = content_type(body)
    expected, last_is_empty = reference(body, kind)
    read = ours(binary, path.resolve(), kind)
    if expected is None:
        return "no feed", ""
    if isinstance(read, str):
        return "refused", f"{path}: {read}"
    if last_is_empty and len(read) == len(expected) - 1:
        expected.pop()
    if len(read) != len(expected):
        return "count", f"{path}: {len(read)} entries, feedparser {len(expected)}"
    for one, other in zip(read, expected):
        if folded(one) != folded(other):
            return "title", f"{path}: {one!r}, feedparser {other!r}"
    return "agrees", ""


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("binary", type=pathlib.Path)
    arguments.add_argument("suite", type=pathlib.Path)
    given = arguments.parse_args()
    binary = str(given.binary.resolve())
    endings = {".xml", ".json", ".atom", ".rss"}
    paths = sorted(path for path in given.suite.rglob("*") if path.suffix in endings)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        results = list(pool.map(lambda path: compare(binary, path), paths))
    counts = collections.Counter(result for result, _ in results)
    for result, line in results:
        if line:
            print(f"{result}: {line}")
    judged = len(results) - counts["no feed"]
    read = judged - counts["refused"]
    print(f"{judged} documents: {read / judged:.4f} read, {(read - counts['count']) / judged:.4f} "
          f"with as many entries, {counts['agrees'] / judged:.4f} with all titles")


if __name__ == "__main__":
    main()
