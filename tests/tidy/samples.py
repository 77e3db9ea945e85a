# SPDX-License-Identifier: Apache-2.0
"""Shows that every rule fires.

samples/<rule>/ is a small tree that breaks that rule; its file 'expected' lists each finding as 'path:line part of the message'.
Those and no others must be found. samples/clean/ looks alike and breaks nothing.
"""
import os
import tempfile

import rules
from headers import headers_alone
from source import Tree


def check(here, project_rules):
    folder = os.path.join(here, "samples")
    for name in [*rules.RULES, "allowances"]:
        if not os.path.isdir(os.path.join(folder, name)):
            yield f"tests/tidy/samples/{name}", 1, "no sample shows that this rule fires"
    for name in sorted(set(os.listdir(folder)) - {"headers_alone"}):
        root = os.path.join(folder, name)
        own = dict(project_rules, allow=[dict(rule="length", path="base/short.hpp", reason="shows a needless one")]
                   if name == "allowances" else [])
        if name == "clean":
            expected, found = [], rules.run(Tree(root, own))
            found = [f for findings in found.values() for f in findings]
        else:
            expected = _expected(root)
            names = ["length"] if name == "allowances" else [name]
            found = rules.run(Tree(root, own), names)[name]
        yield from _differences(f"tests/tidy/samples/{name}", expected, found)


def check_headers(here, project_rules):
    root = os.path.join(here, "samples/headers_alone")
    with tempfile.TemporaryDirectory() as build:
        found = headers_alone(Tree(root, project_rules), build)
        again = headers_alone(Tree(root, project_rules), build)  # what failed is not remembered as good
    for round_ in (found, again):
        yield from _differences("tests/tidy/samples/headers_alone", _expected(root), round_)


def _expected(root):
    with open(os.path.join(root, "expected"), encoding="utf-8") as file:
        return [line.rstrip("\n").split(" ", 1) for line in file if line.strip()]


def _differences(sample, expected, found):
    found = list(found)
    for place, part in expected:
        match = next((f for f in found if f"{f[0]}:{f[1]}" == place and part in f[2]), None)
        if match:
            found.remove(match)
        else:
            yield sample, 1, f"not found: {place} {part}"
    for path, line, message in found:
        yield sample, 1, f"found beyond what is expected: {path}:{line} {message}"
