# SPDX-License-Identifier: Apache-2.0
"""Each header compiles alone.

The build itself shows it of a header that some .cpp includes before all else (own_header_first looks at those that have one), if that
is no unit test: those have a precompiled header before it. Only the others are compiled here, with the flags that the build uses in
their folder, and again when the header, anything of this tree that it reaches, the compiler or the flags have changed.
"""
import hashlib
import json
import os
import shlex
import subprocess
from concurrent.futures import ThreadPoolExecutor


def headers_alone(tree, build):
    shown = {s.includes[0][2] for s in tree.cpp
             if s.path.endswith(".cpp") and s.includes and not s.path.startswith(("tests/unit/", "tests/sim/"))}
    # tests/fuzz stands on headers of another compiler, which builds it.
    headers = [s for s in tree.cpp if s.path.endswith(".hpp") and s.path not in shown and not s.path.startswith("tests/fuzz/")]
    flags = _Flags(tree.root, build)
    cache_path = os.path.join(build, "headers_alone.json")
    try:
        with open(cache_path, encoding="utf-8") as file:
            known = set(json.load(file))
    except (OSError, ValueError):
        known = set()
    keys = {s.path: _key(tree, s, [flags.compiler, *flags.of(s.path)]) for s in headers}

    def compile_one(source):
        if keys[source.path] in known:
            return None
        command = flags.of(source.path) + ["-w", "-fsyntax-only", "-x", "c++", "-"]
        done = subprocess.run(command, input=f'#include "{source.path}"\n', text=True, capture_output=True, cwd=tree.root,
                              check=False)
        if done.returncode == 0:
            return None
        error = next((l for l in done.stderr.splitlines() if "error" in l), done.stderr.strip()[:300])
        return source.path, 1, f"does not compile alone: {error}"

    with ThreadPoolExecutor(int(os.environ.get("JOBS", os.cpu_count() or 1))) as pool:
        found = [f for f in pool.map(compile_one, headers) if f]
    broken = {path for path, _, _ in found}
    os.makedirs(build, exist_ok=True)
    with open(cache_path, "w", encoding="utf-8") as file:
        json.dump(sorted(key for path, key in keys.items() if path not in broken), file)
    return found


class _Flags:
    """The compiler and flags of each folder, as the build's own list of commands has them; those of the file that is given most."""
    def __init__(self, root, build):
        self.by_folder, self.default = {}, ["g++", "-std=c++23"]
        try:
            with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as file:
                commands = json.load(file)
        except OSError:
            commands = []
        for entry in commands:
            folder = _folder(os.path.relpath(entry["file"], root))
            kept = self._keep(shlex.split(entry["command"]), entry["directory"])
            self.by_folder[folder] = max(self.by_folder.get(folder, []), kept, key=len)
        self.include = ["-I", root]
        self.compiler = subprocess.run(["g++", "--version"], capture_output=True, text=True, check=False).stdout

    @staticmethod
    def _keep(words, directory):
        kept = [next((w for w in words if os.path.basename(w) in ("g++", "c++", "clang++")), "g++")]
        for n, word in enumerate(words):
            if word.startswith(("-I", "-D", "-std=")):
                kept.append(word)
            elif word == "-isystem":
                kept += [word, os.path.join(directory, words[n + 1])]
        return kept

    def of(self, path):
        # Where a folder has nothing to compile, the flags of one that includes every library.
        known = self.by_folder.get(_folder(path)) or self.by_folder.get("daemon") or self.default
        return known + self.include


def _folder(path):
    return path.split("/")[0]


def _key(tree, source, flags):
    by_path = {s.path: s for s in tree.cpp}
    reached, todo = {}, [source.path]
    while todo:
        path = todo.pop()
        if path in by_path and path not in reached:
            reached[path] = by_path[path].text
            todo += [t for _, quote, t in by_path[path].includes if quote == '"']
    digest = hashlib.sha256()
    for part in [*flags, *(f"{p}\0{t}" for p, t in sorted(reached.items()))]:
        digest.update(part.encode() + b"\0")
    return digest.hexdigest()
