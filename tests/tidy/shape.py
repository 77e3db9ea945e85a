# SPDX-License-Identifier: Apache-2.0
"""The shape of the tree: lengths, a README per folder, tests that mirror what they test, golden vectors that are read."""
import json
import os
import re

from source import line_of


def length(tree):
    """Past the limit a second idea is looked for, or tidy.toml says why there is none."""
    limit = tree.rules["lines_max"]
    for source in tree.texts:
        if source.path.endswith((".hpp", ".cpp", ".py", ".sh", ".go", ".js", ".mjs")):
            lines = source.text.count("\n")
            if lines > limit:
                yield source.path, 1, f"{lines} lines, over {limit}"


def readme(tree):
    """Every folder of the product says in a README what it is for."""
    for folder in tree.folders:
        if os.path.isdir(os.path.join(tree.root, folder)) and f"{folder}/README.md" not in tree.paths:
            yield f"{folder}/README.md", 1, "missing"


def mirror(tree):
    """tests/unit/a/b_test.cpp tests a/b.hpp or a/b.cpp; in the folder of a [[suite]], one theme of the file that it names."""
    suites = {suite["folder"]: suite["of"] for suite in tree.rules.get("suite", [])}
    for source in tree.cpp:
        if not source.path.startswith("tests/unit/") or not source.path.endswith(".cpp"):
            continue
        tested = source.path.removeprefix("tests/unit/")
        if tested == "main.cpp":
            continue
        if not tested.endswith("_test.cpp"):
            yield source.path, 1, "a unit test's name ends in _test.cpp"
            continue
        suite_of = suites.get(os.path.dirname(source.path))
        if suite_of is not None:
            if suite_of not in tree.paths:
                yield source.path, 1, f"its suite's {suite_of} does not exist"
            continue
        stem = tested.removesuffix("_test.cpp")
        if f"{stem}.hpp" not in tree.paths and f"{stem}.cpp" not in tree.paths:
            yield source.path, 1, f"neither {stem}.hpp nor {stem}.cpp exists"


def vectors(tree):
    """Every group of the golden vectors is read by a unit test: group("name"), group x("name"), y("other"), or a helper whose name
    ends in group. A group that waits for its part of the product is an allowance."""
    read = set()
    for source in tree.cpp:
        if source.path.startswith("tests/unit/"):
            for names in re.findall(r'group(?:<[\w:]+>)?((?:,?\s*\w*\("\w+"\))+)', source.text):
                read.update(re.findall(r'"(\w+)"', names))
    for source in tree.texts:
        if source.path == "tests/vectors/vectors.json":
            for name in json.loads(source.text):
                if not name.startswith("_") and name not in read:
                    yield source.path, line_of(source.text, source.text.index(f'"{name}"')), f"no unit test reads {name}"
