# SPDX-License-Identifier: Apache-2.0
"""Who may include whom, no cycle of files, libraries named in one place, own header first."""
import os
import re


def layers(tree):
    """Only pairs of folders that tidy.toml lists; every include by its full path from the root."""
    generated = set(tree.rules["generated"])
    for source in tree.cpp:
        own = tree.layer_of(source.path)
        for line, quote, target in source.includes:
            if quote == "<":
                continue
            if target not in tree.paths and target not in generated:
                yield source.path, line, f'"{target}" is no file of this tree (full path from the root; libraries in <>)'
                continue
            theirs = tree.layer_of(target)
            if own is None:
                continue
            if theirs is None:
                yield source.path, line, f'{own} includes "{target}", which is no product file'
            elif theirs != own and theirs not in tree.layers[own]:
                yield source.path, line, f"{own} may not include {theirs}"


def cycles(tree):
    """No header includes itself through others."""
    graph = {s.path: [(line, t) for line, quote, t in s.includes if quote == '"'] for s in tree.cpp}
    done, on_path, found = set(), [], []

    def visit(path):
        on_path.append(path)
        for line, target in graph[path]:
            if target in on_path:
                found.append((path, line, "cycle: " + " -> ".join(on_path[on_path.index(target):] + [target])))
            elif target in graph and target not in done:
                visit(target)
        done.add(on_path.pop())

    for path in sorted(graph):
        if path not in done:
            visit(path)
    return found


def libraries(tree):
    """A library is named in one place; what is included is known, and its package is in the one list."""
    packages = _packages(tree)
    for library in tree.rules["library"]:
        if packages is not None and library["package"] not in packages:
            yield "cmake/packages.txt", 1, f"{library['name']}: package {library['package']} is not listed"
    for source in tree.cpp:
        for line, quote, target in source.includes:
            if quote == '"' or _is_standard(target):
                continue
            found = [l for l in tree.rules["library"] if target.startswith(tuple(l["include"]))]
            # The most exact prefix speaks: boost/asio/buffer may stand where boost/asio may not.
            found.sort(key=lambda l: -max(len(p) for p in l["include"] if target.startswith(p)))
            if not found:
                yield source.path, line, f"<{target}>: a library that tidy.toml does not know"
            elif not source.path.startswith(tuple(found[0]["places"])):
                yield source.path, line, f"{found[0]['name']} is named in {', '.join(found[0]['places'])} only"


def _packages(tree):
    try:
        with open(os.path.join(tree.root, "cmake/packages.txt"), encoding="utf-8") as file:
            return {line.split()[1] for line in file if line[0] != "#" and len(line.split()) > 1}
    except FileNotFoundError:
        return None


def _is_standard(target):
    """The language's own headers have neither slash nor ending; the system's are these."""
    return bool(re.fullmatch(r"[a-z_]+|[a-z]+\.h|(sys|netinet|arpa|net|linux)/\w+\.h", target)) and target not in (
        "liburing.h", "sodium.h", "wslay.h", "linux/io_uring.h")


def own_header_first(tree):
    """x.cpp includes x.hpp first: so the build itself shows that the header compiles alone."""
    for source in tree.product:
        header = source.path[:-4] + ".hpp"
        if source.path.endswith(".cpp") and header in tree.paths and source.includes:
            line, _, target = source.includes[0]
            if target != header:
                yield source.path, line, f'the first include is "{header}"'
