// SPDX-License-Identifier: Apache-2.0
// Reads and writes a node as a wallet does, with @cosmjs/tendermint-rpc. The client checks every answer's shape itself;
// what is checked here is that the answers fit together.
//
//   node client.mjs <url> <chain id>
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";

import { Comet38Client, connectComet } from "@cosmjs/tendermint-rpc";

const [url, chain] = process.argv.slice(2);
const hex = (bytes) => Buffer.from(bytes).toString("hex").toUpperCase();
const sha256 = (...parts) => {
    const hash = createHash("sha256");
    parts.forEach((part) => hash.update(part));
    return hash.digest();
};
const done = [];
const step = async (name, body) => {
    try {
        const value = await body();
        done.push(name);
        return value;
    } catch (error) {
        console.error(`cosmjs: ${name}: ${error.stack ?? error}`);
        process.exit(1);
    }
};

const client = await step("connectComet", async () => {
    const made = await connectComet(url);
    assert.ok(made instanceof Comet38Client, `connectComet made a ${made.constructor.name}`);
    return made;
});

const status = await step("status", async () => {
    const answer = await client.status();
    assert.equal(answer.nodeInfo.network, chain);
    assert.match(answer.nodeInfo.version, /^0\.38\./);
    assert.equal(answer.nodeInfo.protocolVersion.p2p, 8);
    assert.equal(answer.nodeInfo.protocolVersion.block, 11);
    assert.equal(answer.nodeInfo.protocolVersion.app, 1);
    assert.equal(answer.nodeInfo.other.get("tx_index"), "on");
    assert.equal(answer.syncInfo.catchingUp, false);
    assert.ok(answer.syncInfo.latestBlockHeight > 1);
    return answer;
});

await step("health", async () => assert.equal(await client.health(), null));

await step("genesis", async () => {
    const genesis = await client.genesis();
    assert.equal(genesis.chainId, chain);
    assert.ok(genesis.validators.length > 0);
});

const height = status.syncInfo.latestBlockHeight - 1;

const block = await step("block", async () => {
    const answer = await client.block(height);
    assert.equal(answer.block.header.height, height);
    assert.equal(answer.block.header.chainId, chain);
    assert.equal(answer.blockId.hash.length, 32);
    assert.equal((await client.block()).block.header.chainId, chain);
    return answer;
});

await step("blockchain", async () => {
    const answer = await client.blockchain(height - 3, height);
    assert.equal(answer.blockMetas.length, 4);
    assert.equal(hex(answer.blockMetas[0].blockId.hash), hex(block.blockId.hash));
});

await step("blockResults", async () => {
    const answer = await client.blockResults(height);
    assert.equal(answer.height, height);
    assert.equal(answer.results.length, block.block.txs.length);
});

await step("validators", async () => {
    const all = await client.validatorsAll(height);
    assert.equal(all.blockHeight, height);
    assert.equal(all.total, all.validators.length);
    const page = await client.validators({ height, page: 1, per_page: 1 });
    assert.equal(page.count, 1);
    assert.equal(hex(page.validators[0].address), hex(all.validators[0].address));
    assert.ok(all.validators.some((one) => hex(one.address) === hex(block.block.header.proposerAddress)));
});

await step("commit", async () => {
    const answer = await client.commit(height);
    assert.equal(answer.canonical, true);
    assert.equal(answer.header.height, height);
    assert.equal(hex(answer.commit.blockId.hash), hex(block.blockId.hash));
    assert.ok(answer.commit.signatures.some((one) => one.signature?.length === 64));
});

await step("abciInfo", async () => {
    const answer = await client.abciInfo();
    assert.match(answer.data, /^\{"size":\d+\}$/);
    assert.equal(answer.lastBlockAppHash.length, 8);
});

const unique = () => randomBytes(8).toString("hex");
const text = (string) => Buffer.from(string, "utf8");

// Until a condition holds; the test that runs this bounds the whole.
const until = async (ask) => {
    for (;;) {
        const answer = await ask().catch(() => undefined);
        if (answer) return answer;
        await new Promise((resolve) => setTimeout(resolve, 50));
    }
};

const readBack = async (key, value, included) => {
    const tx = text(`${key}=${value}`);
    const found = await until(() => client.tx({ hash: sha256(tx), prove: true }));
    assert.equal(hex(found.hash), hex(sha256(tx)));
    assert.equal(hex(found.tx), hex(tx));
    if (included !== undefined) assert.equal(found.height, included);
    assert.equal(found.result.code, 0);
    assert.equal(found.result.events.length, 2);
    // The proof leads from the transaction to the data hash of its block.
    const home = await client.block(found.height);
    assert.equal(hex(home.block.txs[found.index]), hex(tx));
    assert.equal(hex(found.proof.rootHash), hex(home.block.header.dataHash));
    assert.equal(hex(found.proof.data), hex(tx));
    const proof = found.proof.proof;
    assert.equal(hex(proof.leafHash), hex(sha256(Buffer.of(0), sha256(tx))));
    assert.equal(hex(rootOf(proof)), hex(home.block.header.dataHash));
    const query = await client.abciQuery({ path: "/key", data: text(key) });
    assert.equal(query.code, 0);
    assert.equal(query.log, "exists");
    assert.equal(Buffer.from(query.value).toString(), value);
    return found;
};

// The root of a merkle proof: the aunts come leaf first, and at each level the tree splits at a power of two.
const rootOf = ({ index, total, leafHash, aunts }) => {
    if (total === 1) {
        assert.equal(aunts.length, 0);
        return leafHash;
    }
    let split = 1;
    while (split * 2 < total) split *= 2;
    const [last, rest] = [aunts.at(-1), aunts.slice(0, -1)];
    if (index < split) return sha256(Buffer.of(1), rootOf({ index, total: split, leafHash, aunts: rest }), last);
    return sha256(Buffer.of(1), last, rootOf({ index: index - split, total: total - split, leafHash, aunts: rest }));
};

await step("broadcastTxCommit, tx with proof, abciQuery", async () => {
    const [key, value] = [unique(), unique()];
    const answer = await client.broadcastTxCommit({ tx: text(`${key}=${value}`) });
    assert.equal(answer.checkTx.code, 0);
    assert.equal(answer.txResult.code, 0);
    assert.ok(answer.height > height);
    assert.equal(hex(answer.hash), hex(sha256(text(`${key}=${value}`))));
    await readBack(key, value, answer.height);
});

await step("broadcastTxSync", async () => {
    const [key, value] = [unique(), unique()];
    const answer = await client.broadcastTxSync({ tx: text(`${key}=${value}`) });
    assert.equal(answer.code, 0);
    await readBack(key, value);
});

await step("broadcastTxAsync", async () => {
    const [key, value] = [unique(), unique()];
    const answer = await client.broadcastTxAsync({ tx: text(`${key}=${value}`) });
    assert.equal(answer.hash.length, 32);
    await readBack(key, value);
});

await step("a transaction that the application refuses", async () => {
    const answer = await client.broadcastTxSync({ tx: text("no separator") });
    assert.equal(answer.code, 2);
});

await step("errors", async () => {
    await assert.rejects(client.block(height + 1_000_000), /must be less than or equal to the current blockchain height/);
    await assert.rejects(client.tx({ hash: randomBytes(32) }), /not found/);
});

await step("abciQuery of what is not there", async () => {
    const answer = await client.abciQuery({ path: "/key", data: text(unique()), prove: true });
    assert.equal(answer.log, "does not exist");
    assert.equal(answer.value.length, 0);
});

client.disconnect();
console.log(`cosmjs: ${done.length} steps: ${done.join(", ")}`);
