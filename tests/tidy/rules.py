# SPDX-License-Identifier: Apache-2.0
"""All rules by name, and the allowances of tidy.toml that they grant."""
import os
import tomllib

from coro import coroutines
from layers import cycles, layers, libraries, own_header_first
from shape import length, mirror, readme, vectors
from source import Tree
from words import references, spdx, texts, words

RULES = {rule.__name__: rule for rule in
         (layers, cycles, libraries, own_header_first, words, texts, spdx, references, coroutines, length, readme, mirror, vectors)}


def load(root):
    with open(os.path.join(root, "tests/tidy/tidy.toml"), "rb") as file:
        return Tree(root, tomllib.load(file))


def allow(tree, name, findings):
    """Drops what an [[allow]] entry names: a rule, a path, and where needed a part of the message."""
    entries = [e for e in tree.rules.get("allow", ()) if e["rule"] == name]
    kept = []
    for path, line, message in findings:
        granted = [e for e in entries if e["path"] == path and e.get("message", "") in message]
        if granted:
            for entry in granted:
                entry["used"] = True
        else:
            kept.append((path, line, message))
    return sorted(kept)


def run(tree, names=tuple(RULES)):
    """The findings by rule. An allowance that allows nothing any more is a finding too."""
    results = {name: allow(tree, name, RULES[name](tree)) for name in names}
    results["allowances"] = [
        ("tests/tidy/tidy.toml", 1, f"[[allow]] {e['rule']} {e['path']}: " + ("not needed" if e.get("reason") else "no reason"))
        for e in tree.rules.get("allow", ())
        if e["rule"] in results and not (e.get("used") and e.get("reason"))]
    return results
