# SPDX-License-Identifier: Apache-2.0
"""Networks of nodes as processes, for the scripts beside this file: homes, free ports, JSON-RPC, what a log or a consensus WAL says,
and one line a claim.

The program is $TETRAD (build/release/tetrad); PATIENCE multiplies every time limit, as a sanitizer or a busy machine needs. A script
is a list of claims between main() and say(); what does not hold raises Failure."""
import base64
import glob
import http.client
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
tetrad = os.path.abspath(os.environ.get("TETRAD", os.path.join(root, "build/release/tetrad")))
slowness = float(os.environ.get("PATIENCE", "1"))
patience = 120 * slowness  # seconds without what is waited for
seed = int(os.environ.get("SEED", random.randrange(1000000)))


class Failure(Exception):
    pass


def tetrad_says(*arguments):
    done = subprocess.run([tetrad, *arguments], capture_output=True, text=True, timeout=60 * slowness, check=False)
    if done.returncode != 0:
        raise Failure(f"tetrad {' '.join(arguments)}: {done.stderr}")
    return done.stdout.strip()


taken_ports = []


def free_port():
    """Below those that the system gives to connections, so that none takes it before the node does, and held by a name against the other
    scripts that run now: a node that is down finds its own port free again."""
    while True:
        port = random.randrange(10000, 20000)
        name = socket.socket(socket.AF_UNIX)
        with socket.socket() as s:
            try:
                name.bind(f"\0tetrad-test-port-{port}")
                s.bind(("127.0.0.1", port))
            except OSError:
                name.close()
                continue
        taken_ports.append(name)
        return port


class Node:
    """A home and, once started, the process that runs in it. Its log is <home>.log."""

    def __init__(self, home):
        self.home, self.name, self.log, self.process = home, os.path.basename(home), home + ".log", None
        self.p2p, self.rpc = free_port(), free_port()
        self.id = tetrad_says("show-node-id", "--home", home)
        with open(os.path.join(home, "config/priv_validator_key.json"), encoding="utf-8") as f:
            key = json.load(f)
        self.address, self.key = key["address"], key["pub_key"]["value"]

    def set(self, **values):
        """Values of config.toml, as operators' scripts set them: by the name of the key alone."""
        path = os.path.join(self.home, "config/config.toml")
        with open(path, encoding="utf-8") as f:
            text = f.read()
        for key, value in values.items():
            text, n = re.subn(rf"(?m)^{key} = .*", f"{key} = {json.dumps(value)}", text)
            if not n:
                raise Failure(f"config.toml has no {key}")
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)

    def start(self, *arguments, app="persistent_kvstore", env=None):
        command = [tetrad, "start", "--home", self.home, "--proxy_app", app, "--p2p.laddr", f"tcp://127.0.0.1:{self.p2p}",
                   "--rpc.laddr", f"tcp://127.0.0.1:{self.rpc}", *arguments]
        with open(self.log, "a", encoding="utf-8") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, env={**os.environ, **(env or {})})

    def is_running(self):
        return self.process is not None and self.process.poll() is None

    def end(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        code = self.process.wait(30 * slowness)
        if how == signal.SIGTERM and code != 0:
            raise Failure(f"{self.name}: exit code {code} after SIGTERM\n{self.log_end()}")

    def log_end(self):
        """Its last lines; of a sanitizer's report the first."""
        with open(self.log, encoding="utf-8", errors="replace") as f:
            lines = f.readlines()
        report = [i for i, line in enumerate(lines) if "Sanitizer" in line or "runtime error:" in line]
        lines = lines[report[0]:report[0] + 40] if report else lines[-15:]
        return "".join(f"    {self.name} | {line}" for line in lines)

    # ---- JSON-RPC ----

    def post(self, body):
        connection = http.client.HTTPConnection("127.0.0.1", self.rpc, timeout=patience)
        try:
            connection.request("POST", "/", json.dumps(body), {"Content-Type": "application/json"})
            return json.loads(connection.getresponse().read())
        finally:
            connection.close()

    def ask(self, method, **params):
        reply = self.post({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
        if "error" in reply:
            raise Failure(f"{self.name}: {method} {params}: {reply['error']}")
        return reply["result"]

    def height(self):
        """0 while it does not answer yet."""
        if not self.is_running():
            raise Failure(f"{self.name} has ended by itself with {self.process.returncode}\n{self.log_end()}")
        try:
            return int(self.ask("status")["sync_info"]["latest_block_height"])
        except (OSError, http.client.HTTPException):
            return 0

    def block(self, height):
        return self.ask("block", height=str(height))

    def signers(self, height):
        """The addresses whose signatures for the block are in its commit."""
        commit = self.ask("commit", height=str(height))["signed_header"]["commit"]
        return {s["validator_address"] for s in commit["signatures"] if s["block_id_flag"] == 2}

    def powers(self, height):
        """The validators of a height, by address."""
        answer = self.ask("validators", height=str(height), per_page="100")
        return {v["address"]: int(v["voting_power"]) for v in answer["validators"]}

    def put(self, tx):
        """The height of the block that has it."""
        reply = self.ask("broadcast_tx_commit", tx=base64.b64encode(tx.encode()).decode())
        if reply["check_tx"]["code"] != 0 or reply["tx_result"]["code"] != 0:
            raise Failure(f"{self.name}: {tx}: {reply}")
        return int(reply["height"])

    def wal(self):
        """What its consensus WAL holds so far, the oldest first: ("step", height, round, name), ("vote", type, height, round,
        address), ("end", height)."""
        for payload in self.wal_payloads():
            yield from wal_record(payload)

    def wal_payloads(self):
        """Nothing where it was never started."""
        head = os.path.join(self.home, "data/cs.wal/wal")
        for path in sorted(glob.glob(head + ".[0-9]*")) + glob.glob(head):
            with open(path, "rb") as f:
                data = f.read()
            at = 0
            while at + 8 <= len(data):  # checksum, length, payload
                size = int.from_bytes(data[at + 4:at + 8], "big")
                if at + 8 + size > len(data):
                    break  # it is being written
                yield data[at + 8:at + 8 + size]
                at += 8 + size


# ---- protobuf, as far as a WAL needs it ----


def uvarint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at


def fields(data):
    """Number to value; of a repeated field the last."""
    found, at = {}, 0
    while at < len(data):
        tag, at = uvarint(data, at)
        if tag & 7 == 0:
            found[tag >> 3], at = uvarint(data, at)
        else:
            size, at = (8, at) if tag & 7 == 1 else uvarint(data, at)
            found[tag >> 3], at = data[at:at + size], at + size
    return found


def wal_record(payload):
    entry = fields(fields(payload)[2])
    if 1 in entry:
        step = fields(entry[1])
        yield "step", step.get(1, 0), step.get(2, 0), step[3].decode()
    elif 2 in entry:
        message = fields(fields(entry[2])[1])
        if 6 in message:
            vote = fields(fields(message[6])[1])
            yield "vote", vote[1], vote[2], vote.get(3, 0), vote[6].hex().upper()
    elif 4 in entry:
        yield "end", fields(entry[4]).get(1, 0)


# ---- networks ----


def network(where, validators, others=0, **settings):
    """Homes of validators and, behind them, of nodes that are none; each has all the others as persistent peers."""
    tetrad_says("testnet", "--v", str(validators), "--n", str(others), "--o", where, "--populate-persistent-peers=false")
    nodes = [Node(os.path.join(where, f"node{i}")) for i in range(validators + others)]
    for n in nodes:
        peers = ",".join(f"{o.id}@127.0.0.1:{o.p2p}" for o in nodes if o is not n)
        # A silent proposer costs a round, whose timeouts grow with PATIENCE.
        n.set(persistent_peers=peers, allow_duplicate_ip=True, timeout_broadcast_tx_commit=f"{patience / 2:g}s", **settings)
    return nodes


def wait_until(holds, what, nodes):
    """Polls, and fails with the ends of the nodes' logs where it takes too long."""
    until = time.monotonic() + patience
    while not holds():
        if time.monotonic() > until:
            raise Failure(f"{what}: not so after {patience:.0f} s; heights {[n.height() for n in nodes]}\n" +
                          "".join(n.log_end() for n in nodes))
        time.sleep(0.1)


def wait(nodes, height):
    wait_until(lambda: all(n.height() >= height for n in nodes), f"height {height} is reached", nodes)


def same(nodes, first, last):
    """Block, results and application hash of these heights are those of the first node on all."""
    def seen(n, height):
        block, results = n.block(height), n.ask("block_results", height=str(height))
        return block["block_id"], block["block"]["header"]["app_hash"], results
    for height in range(first, last + 1):
        one = seen(nodes[0], height)
        for n in nodes[1:]:
            other = seen(n, height)
            if other != one:
                raise Failure(f"height {height} is not the same on {nodes[0].name} and {n.name}: {one[:2]}, {other[:2]}")


# ---- a script ----

passed = 0


def say(claim):
    """What has been seen to hold."""
    global passed
    passed += 1
    print(f"ok  {claim}", flush=True)


def main(name, run):
    """run(folder, nodes) appends the nodes it makes to the list; they and the folder go with it, however it ends. KEEP=1 keeps the
    folder."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    where, nodes, failed, began = tempfile.mkdtemp(prefix=f"tetrad-{name}-"), [], 0, time.monotonic()
    print(f"seed {seed}", flush=True)
    try:
        run(where, nodes)
    except (Failure, OSError, http.client.HTTPException, subprocess.TimeoutExpired) as why:
        print(f"FAILED  {type(why).__name__}: {why}")
        failed = 1
    finally:
        for n in nodes:
            if n.is_running():
                n.process.kill()
                n.process.wait()
        if os.environ.get("KEEP"):
            print(f"left in {where}")
        else:
            shutil.rmtree(where)
    print(f"after {time.monotonic() - began:.0f} s", flush=True)
    print(f"{passed} passed, {failed} failed")
    sys.exit(failed)
