# SPDX-License-Identifier: Apache-2.0
"""Coroutine traps of g++ 12: what stands in the statement that awaits.

A capturing lambda or a braced aggregate there is destroyed twice, a braced list of elements does not compile; co_await in a branch of ?:,
inside braces or inside a macro's argument is miscompiled or run more than once. An await_suspend that returns a handle overflows the stack
(no tail call in debug and sanitized builds). A lambda that is itself a coroutine and captures loses its captures when it is gone (tests,
which hold theirs until the end, may). Looks at tokens: braces are told apart as blocks, lambda bodies and initializers, and
statements are cut at blocks and semicolons.
"""
import re

_TOKEN = re.compile(r"[A-Za-z_]\w*|\d[\w.']*|::|->|<=>|[=!<>]=|\"\"|\S")
_WORD = re.compile(r"[A-Za-z_]\w*")
_MACRO = re.compile(r"[A-Z][A-Z0-9_]+")
_KEYWORDS = {"return", "co_return", "co_await", "co_yield", "case", "else", "throw"}
_TYPE_PARTS = re.compile(r"[A-Za-z_]\w*|::|<|>|\*|&|,")
_BEFORE_BLOCK = {")", "{", "}", ";", ":", "else", "do", "try", "mutable", "noexcept", "const", "override", "final", "&", '""'}
_DECLARES = {"struct", "class", "union", "enum", "namespace", "requires", "->"}
_SYMMETRIC = re.compile(r"\bcoroutine_handle\s*<[^;{}()]*>\s+await_suspend\s*\(|\bawait_suspend\s*\([^;{}()]*\)[^;{}()]*->[^;{}()]*\bcoroutine_handle\b")
_STRUCT = re.compile(r"\b(?:struct|class)\s+(\w+)(?:\s+final)?(?:\s*:[^;{}()]*)?\s*\{")


def aggregates(tree):
    """Names of this tree's structs that have no constructor, the standard's aggregates, and its containers (a list in braces)."""
    names = {"array", "vector", "deque", "list", "map", "set", "initializer_list"}
    for source in tree.cpp:
        for match in _STRUCT.finditer(source.code):
            body = _body(source.code, match.end())
            name = match.group(1)
            if not re.search(rf"(?<![~\w]){name}\s*\(|\busing [\w:]+::{name}\s*;|\bprivate:", body):
                names.add(name)
    return names


def _body(code, start):
    depth = 1
    for match in re.compile(r"[{}]").finditer(code, start):
        depth += 1 if match.group() == "{" else -1
        if depth == 0:
            return code[start:match.start()]
    return code[start:]


def coroutines(tree):
    names = aggregates(tree)
    for source in tree.cpp:
        if "co_await" in source.code or "co_return" in source.code:
            for line, message in _Reader(source.code, names, in_product=bool(tree.layer_of(source.path))).read():
                yield source.path, line, message
        for match in _SYMMETRIC.finditer(source.code):
            line = source.code.count("\n", 0, match.start()) + 1
            yield source.path, line, "await_suspend that returns a handle: store it and return, the trampoline resumes it"


class _Block:
    """What is open: a bracket, an initializer's brace, a block, or a lambda's body."""
    def __init__(self, kind, captures=False, line=0):
        self.kind, self.captures, self.line = kind, captures, line
        self.statement = []     # of a block: the tokens of the statement being read
        self.suspends = False   # of a block: co_await or co_return stands in it


class _Reader:
    def __init__(self, code, aggregate_names, in_product):
        code = re.sub(r"^[ \t]*#(?:\\\n|[^\n])*", lambda m: "\n" * m.group().count("\n"), code, flags=re.M)
        self.tokens = [(m.group(), m.start()) for m in _TOKEN.finditer(code)]
        self.words = [t for t, _ in self.tokens]
        self.code, self.aggregates, self.in_product = code, aggregate_names, in_product
        self.match = _brackets(self.words)
        self.found = []

    def line(self, token):
        return self.code.count("\n", 0, self.tokens[token][1]) + 1

    def read(self):
        open_ = [_Block("block")]
        for i, word in enumerate(self.words):
            block = next(b for b in reversed(open_) if b.kind in ("block", "lambda"))
            if word == "{":
                kind, captures = self.brace(i, open_[-1].kind)
                if kind == "block":
                    self.end_statement(block)
                else:
                    block.statement.append(i)
                open_.append(_Block(kind, captures, self.line(i) if kind == "lambda" else 0))
            elif word == "}":
                while len(open_) > 1 and open_[-1].kind in ("(", "["):
                    open_.pop()  # an unbalanced file: the macros of a header
                closed = open_.pop() if len(open_) > 1 else open_[0]
                self.end_statement(closed)
                if closed.kind == "lambda" and closed.captures and closed.suspends and self.in_product:
                    self.found.append((closed.line, "a capturing lambda that is a coroutine outlives its captures"))
                parent = next(b for b in reversed(open_) if b.kind in ("block", "lambda"))
                if closed.kind == "block":
                    parent.suspends |= closed.suspends
                else:
                    parent.statement.append(i)
            elif word == ";":
                self.end_statement(block)
            else:
                block.statement.append(i)
                if word in ("(", "["):
                    open_.append(_Block(word))
                elif word in (")", "]") and open_[-1].kind in ("(", "["):
                    open_.pop()
        return sorted(set(self.found))

    def brace(self, i, inside):
        """What the brace at i opens: ('block' | 'lambda' | 'init', whether a lambda captures)."""
        introducer = self.introducer(i)
        if introducer is not None:
            return "lambda", introducer[1] - introducer[0] > 1
        if inside in ("(", "[", "init"):
            return "init", False
        before = self.words[i - 1] if i else ";"
        if before in _BEFORE_BLOCK:
            return "block", False
        begin = i
        while begin and self.words[begin - 1] not in (";", "{", "}"):
            begin -= 1
        head = self.words[begin:i]
        assigned = max((n for n, word in enumerate(head) if word == "="), default=-1)
        declares = _DECLARES & set(head[assigned + 1:])
        return ("block" if declares and "co_await" not in head else "init"), False

    def introducer(self, i):
        """The brackets [ ] of the lambda whose body opens at i."""
        j = i - 1
        back = j
        while back >= 0 and _TYPE_PARTS.fullmatch(self.words[back]):
            back -= 1
        if back >= 0 and self.words[back] == "->":
            j = back - 1
        while j >= 0 and self.words[j] in ("mutable", "noexcept", "constexpr"):
            j -= 1
        if j >= 0 and self.words[j] == ")" and j in self.match:
            j = self.match[j] - 1
            if j >= 0 and self.words[j] == ">":
                while j >= 0 and self.words[j] != "]":
                    j -= 1
        if j < 0 or self.words[j] != "]" or j not in self.match:
            return None
        begin = self.match[j]
        return (begin, j) if self.is_lambda(begin) else None

    def is_lambda(self, begin):
        """Whether [ begins a lambda, not an index, a structured binding or an attribute."""
        end = self.match.get(begin)
        before = self.words[begin - 1] if begin else ";"
        after = self.words[end + 1] if end is not None and end + 1 < len(self.words) else ""
        if before in (")", "]", "[", '""') or (_WORD.fullmatch(before) and before not in _KEYWORDS):
            return False
        return self.words[begin + 1] != "[" and after in ("(", "{", "<", "mutable", "->", "noexcept", "constexpr")

    def end_statement(self, block):
        statement, block.statement = block.statement, []
        here = {self.words[i] for i in statement}
        block.suspends |= bool(here & {"co_await", "co_return"})
        if "co_await" in here:
            self.check(statement)

    def check(self, statement):
        awaits = [i for i in statement if self.words[i] == "co_await"]
        for n, i in enumerate(statement):
            word, end = self.words[i], self.match.get(i)
            inside = [a for a in awaits if end is not None and i < a < end and a in statement]
            if word == "[" and end is not None and end > i + 1 and self.is_lambda(i):
                self.say(i, "a capturing lambda in the statement that awaits: name it first")
            elif word == "{" and self.introducer(i) is None:
                name = self.type_before(i)
                if inside:
                    self.say(i, "co_await inside braces: name the awaited value first")
                elif name in self.aggregates or self.words[i - 1] in ("(", ","):
                    self.say(i, f"a braced aggregate {name}{{}} in the statement that awaits: name it first")
            elif word == "(" and inside and n and _MACRO.fullmatch(self.words[i - 1]):
                self.say(i, f"co_await inside {self.words[i - 1]}(): name the awaited value first")
            elif word == "?" and any(i < a < self.branches_end(statement, n) for a in awaits):
                self.say(i, "co_await in a branch of ?: : use if")

    def say(self, token, message):
        self.found.append((self.line(token), message))

    def type_before(self, i):
        """The name of the type before a brace, without its template arguments and namespaces."""
        j, depth = i - 1, 0
        if self.words[j] == ">":
            while j >= 0:
                depth += {">": 1, "<": -1}.get(self.words[j], 0)
                j -= 1
                if depth == 0:
                    break
        return self.words[j] if j >= 0 and _WORD.fullmatch(self.words[j]) and self.words[j] not in _KEYWORDS else ""

    def branches_end(self, statement, n):
        """Where the branches of the ? at statement[n] end: at a comma, an assignment or the bracket that holds them."""
        k = n + 1
        while k < len(statement):
            i, word = statement[k], self.words[statement[k]]
            if word in ("(", "[", "{") and i in self.match:
                while k < len(statement) and statement[k] < self.match[i]:
                    k += 1
            elif word in (")", "]", "}", ",", "="):
                return i
            k += 1
        return statement[-1] + 1


def _brackets(words):
    """The partner of every bracket, both ways."""
    partner, open_ = {}, []
    closes = {")": "(", "]": "[", "}": "{"}
    for i, word in enumerate(words):
        if word in "([{" and len(word) == 1:
            open_.append(i)
        elif word in closes and open_ and words[open_[-1]] == closes[word]:
            partner[i] = open_.pop()
            partner[partner[i]] = i
    return partner
