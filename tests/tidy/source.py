# SPDX-License-Identifier: Apache-2.0
"""The tree as the rules see it: which files there are, and each with and without its comments and strings.

A finding is (path, line, message). Paths are relative to the root of the tree.
"""
import os
import re
from functools import cached_property

SKIPPED_FOLDERS = {".git", "__pycache__", "node_modules", "samples"}
TEXT_ENDINGS = (".hpp", ".cpp", ".hpp.in", ".cmake", ".txt", ".md", ".py", ".sh", ".go", ".mod", ".js", ".mjs", ".json",
                ".toml", ".service", ".conf", ".yml")
TEXT_BYTES_MAX = 1 << 20

_NOT_CODE = re.compile(
    r"""//[^\n]*
      | /\*.*?\*/
      | R"(?P<mark>[^()\\\s]*)\(.*?\)(?P=mark)"
      | "(?:\\.|[^"\\\n])*"
      | (?<![0-9A-Za-z_])'(?:\\.|[^'\\\n])+'""", re.S | re.X)
_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(["<])([^">\n]+)[">]', re.M)


def _blank(match):
    """Comments become blanks and strings become empty ones; every line stays where it was."""
    text = match.group()
    newlines = "\n" * text.count("\n")
    if text.startswith("/"):
        return newlines or " "
    return ('""' if text[0] in 'R"' else "'.'") + newlines


class Source:
    def __init__(self, root, path):
        self.path = path
        with open(os.path.join(root, path), encoding="utf-8", errors="replace") as file:
            self.text = file.read()

    @cached_property
    def code(self):
        return _NOT_CODE.sub(_blank, self.text)

    @cached_property
    def includes(self):
        """(line, quote, path) of every #include."""
        return [(line_of(self.text, m.start(2)), m.group(1), m.group(2)) for m in _INCLUDE.finditer(self.text)]


class Tree:
    def __init__(self, root, rules):
        self.root = root
        self.rules = rules  # tidy.toml
        self.layers = rules["layers"]
        self.folders = sorted({name.split("/")[0] for name in self.layers})

    def layer_of(self, path):
        """The longest layer that holds the path; None outside of the product."""
        parts = path.split("/")[:-1]
        for end in range(len(parts), 0, -1):
            if "/".join(parts[:end]) in self.layers:
                return "/".join(parts[:end])
        return None

    @cached_property
    def texts(self):
        found = []
        for folder, folders, files in os.walk(self.root):
            relative = os.path.relpath(folder, self.root)
            folders[:] = sorted(f for f in folders if f not in SKIPPED_FOLDERS and
                                (relative != "." or f in self.folders or f in self.rules["other_folders"]))
            for name in sorted(files):
                path = os.path.normpath(os.path.join(relative, name))
                if self._is_text(path):
                    found.append(Source(self.root, path))
        return found

    def _is_text(self, path):
        full = os.path.join(self.root, path)
        if os.path.islink(full) or not os.path.isfile(full) or os.path.getsize(full) > TEXT_BYTES_MAX:
            return False
        if path.endswith(TEXT_ENDINGS):
            return True
        if "." in os.path.basename(path):
            return False
        with open(full, "rb") as file:  # scripts carry no ending
            return file.read(2) == b"#!"

    @cached_property
    def cpp(self):
        return [s for s in self.texts if s.path.endswith((".hpp", ".cpp"))]

    @cached_property
    def product(self):
        return [s for s in self.cpp if self.layer_of(s.path)]

    @cached_property
    def paths(self):
        return {s.path for s in self.texts}


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def is_under(path, places):
    """A place is a folder ('runtime/uring/') or the beginning of file names ('base/log')."""
    return any(path.startswith(place) for place in places)
