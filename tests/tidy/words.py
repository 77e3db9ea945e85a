# SPDX-License-Identifier: Apache-2.0
"""Words that may not stand in code, and texts that may not stand anywhere."""
import os
import re

from source import is_under, line_of


def words(tree):
    """tidy.toml [[word]]: looked for in product code without its comments and strings."""
    for word in tree.rules["word"]:
        pattern = re.compile(word["pattern"])
        places = tuple(word.get("only", ("",)))
        for source in tree.product:
            if source.path.startswith(places) and not is_under(source.path, word.get("except", ())):
                for match in pattern.finditer(source.code):
                    yield source.path, line_of(source.code, match.start()), f"{match.group().strip()}: {word['why']}"


def texts(tree):
    """tidy.toml [[text]]: looked for in every text file of the tree."""
    for entry in tree.rules["text"]:
        pattern = re.compile(entry["pattern"])
        for source in tree.texts:
            for match in pattern.finditer(source.text):
                yield source.path, line_of(source.text, match.start()), f"{match.group().strip()}: {entry['why']}"


def spdx(tree):
    """The licence is the first line, or the second after #!."""
    for source in tree.texts:
        if source.path.endswith((".md", ".json", ".mod", ".txt")) and not source.path.endswith("CMakeLists.txt"):
            continue
        head = source.text.split("\n", 2)
        line = head[1] if head[0].startswith("#!") and len(head) > 1 else head[0]
        if not re.fullmatch(r"(//|#|--|;) SPDX-License-Identifier: Apache-2\.0", line):
            yield source.path, 1, "no 'SPDX-License-Identifier: Apache-2.0' on the first line"


def references(tree):
    """A document that a comment or another document names exists: by path from the root, from here, or by name."""
    names = {os.path.basename(p) for p in tree.paths}
    for source in tree.texts:
        for match in re.finditer(r"(?<![\w/.*<}-])[\w./-]*\w\.md\b", source.text):
            path = match.group()
            here = os.path.normpath(os.path.join(os.path.dirname(source.path), path))
            if path not in tree.paths and here not in tree.paths and not ("/" not in path and path in names):
                yield source.path, line_of(source.text, match.start()), f"{path}: no such document in this tree"
