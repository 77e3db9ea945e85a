// SPDX-License-Identifier: Apache-2.0
#include "tests/net/report.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "chain/tx.hpp"

namespace tetrad::net {

namespace {

double seconds(duration d) { return std::chrono::duration<double>(d).count(); }
double milliseconds(duration d) { return seconds(d) * 1000; }
double mebibytes(std::uint64_t n) { return static_cast<double>(n) / (1 << 20); }

std::string latency(const std::optional<duration>& d) {
    return d ? format("{:.2f} s", seconds(*d)) : "over the end";
}

constexpr std::size_t cpu_width = 4, memory_width = 5, gap = 4, least = 12;

}  // namespace

std::string shell_word(std::string_view text) {
    std::string out = "'";
    for (const char c : text)
        out += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return out + "'";
}

std::string welcome(const std::vector<node>& nodes, const folder& where, bool indexes_txs) {
    const std::string tx = "name=tetrad";
    const auto rpc = format("http://127.0.0.1:{}", nodes.front().rpc_port);
    const auto found = indexes_txs
                           ? format("{}/tx?hash=0x{}", rpc, to_hex_upper(chain::tx_hash(view(tx))))
                           : rpc + "/abci_query?data=\"name\"";
    std::string out;
    for (const auto& n : nodes)
        out += format("{:<8} rpc http://127.0.0.1:{}   p2p {}@127.0.0.1:{}\n", n.name, n.rpc_port,
                      n.id, n.p2p_port);
    out += format("homes and logs are in {}{}\n\n", where.path(),
                  where.is_temporary() ? " and go with this run (--keep DIR keeps them)" : "");
    out += "send a transaction, then look for it in its block, in another terminal:\n";
    out +=
        format("  curl -s {}\n", shell_word(format("{}/broadcast_tx_commit?tx=\"{}\"", rpc, tx)));
    out += format("  curl -s {}\n\n", shell_word(found));
    return out + "Ctrl-C ends it.\n\n";
}

std::string heading(std::size_t nodes, bool loaded) {
    std::string out = format("{:>8} {:>8}", "height", "tx/s");
    if (loaded)
        out += format(" {:>8}", "waiting");
    out += format(" {:>6} {:>9}", "peers", "rounds>0");
    out += std::string(gap, ' ') +
           format("{:<{}}", " % of a core", std::max(nodes * cpu_width, least));
    return out + std::string(gap, ' ') + "  MiB of memory\n";
}

std::string line(const second& s) {
    std::string out = format("{:>8} {:>8.0f}", s.height, s.txs);
    if (s.waiting)
        out += format(" {:>8}", *s.waiting);
    out += format(" {:>6} {:>9}", s.peers ? format("{}", *s.peers) : "?",
                  format("{}/{}", s.rounds, s.rounds_in_all));
    std::string cpu, memory;
    for (const auto& n : s.nodes) {
        cpu += format("{:>{}.0f}", n.cpu, cpu_width);
        memory += format("{:>{}.0f}", mebibytes(n.memory), memory_width);
    }
    return out + std::string(gap, ' ') + format("{:<{}}", cpu, least) + std::string(gap, ' ') +
           memory + "\n";
}

std::string text(const summary& s) {
    const double time = std::max(seconds(s.elapsed), 1e-9),
                 measured = std::max(seconds(s.measured), 1e-9);
    std::string out = format(
        "\n{:.1f} s, heights {} to {}: a block every {:.3f} s (median), {} decided in a round "
        "above 0\n",
        time, s.first_height, s.last_height, seconds(s.interval), s.rounds);
    duration cpu{};
    std::vector<std::string> cpus, memories;
    for (const auto& n : s.nodes) {
        cpu += n.cpu;
        cpus.push_back(format("{:.1f}", milliseconds(n.cpu) / measured));
        memories.push_back(format("{:.0f}", mebibytes(n.memory_max)));
    }
    out += format("{:<16} {} in blocks, {:.1f} a second", "transactions", s.txs,
                  static_cast<double>(s.txs) / time);
    if (s.load)
        out += format(" of {} offered; {} refused, {} in no block", s.load->rate, s.load->refused,
                      s.load->missing);
    out += '\n';
    if (s.load)
        out +=
            format("{:<16} p50 {}, p99 {}, from the scheduled arrival until the height is seen\n",
                   "commit latency", latency(s.load->p50), latency(s.load->p99));
    if (s.load && s.txs > 0)
        out += format("{:<16} {:.3f} s per 1000 transactions, all nodes together\n", "CPU",
                      seconds(cpu) * 1000 / static_cast<double>(s.txs));
    out += format("{:<16} {} ms a second (node0 answers this program too)\n", "CPU a node",
                  join(cpus, " "));
    out += format("{:<16} {} MiB at most\n", "memory a node", join(memories, " "));
    out += format("{:<16} {:.0f} bytes a second, of all programs on this machine but this one\n",
                  "loopback", static_cast<double>(s.loopback_bytes) / measured);
    return out;
}

std::string tail(std::string_view log, std::size_t lines) {
    auto all = split(trim(log), '\n');
    if (all.size() > lines)
        all.erase(all.begin(), all.end() - static_cast<std::ptrdiff_t>(lines));
    std::string out;
    for (const auto l : all)
        out += format("    | {}\n", l);
    return out;
}

}  // namespace tetrad::net
