// SPDX-License-Identifier: Apache-2.0
#include "daemon/signals.hpp"

#include <csignal>
#include <optional>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/text.hpp"

namespace tetrad::daemon {

namespace asio = boost::asio;

struct stop_signals::state {
    asio::io_context loop;
    asio::signal_set signals{loop};
    asio::executor_work_guard<asio::io_context::executor_type> alive{loop.get_executor()};
    asio::steady_timer timer{loop};
    std::optional<std::string> reason;  // touched on the main thread only

    void every(duration period, const std::function<void()>& act) {
        timer.expires_after(period);
        timer.async_wait([this, period, &act](const boost::system::error_code& problem) {
            if (problem)
                return;
            act();
            every(period, act);
        });
    }
    void end(std::string why) {
        if (!reason)
            reason = std::move(why);
        boost::system::error_code ignored;
        signals.clear(ignored);
        loop.stop();
    }
};

stop_signals::stop_signals(std::unique_ptr<state> s) : state_(std::move(s)) {}
stop_signals::~stop_signals() = default;

result<std::unique_ptr<stop_signals>> stop_signals::create() {
    auto s = std::make_unique<state>();
    for (const int number : {SIGTERM, SIGINT}) {
        boost::system::error_code problem;
        s->signals.add(number, problem);
        if (problem)
            return fail(errc::io, format("cannot wait for signals: {}", problem.message()));
    }
    std::signal(SIGPIPE, SIG_IGN);
    s->signals.async_wait([self = s.get()](const boost::system::error_code& problem, int number) {
        if (!problem)
            self->end(number == SIGINT ? "interrupt" : "terminated");
    });
    return std::unique_ptr<stop_signals>(new stop_signals(std::move(s)));
}

std::string stop_signals::wait_for_stop(duration period, std::function<void()> on_period) {
    if (period > duration::zero())
        state_->every(period, on_period);
    if (!state_->reason)
        state_->loop.run();
    return *state_->reason;
}

void stop_signals::stop(std::string reason) {
    asio::post(state_->loop, [self = state_.get(), reason = std::move(reason)]() mutable {
        self->end(std::move(reason));
    });
}

}  // namespace tetrad::daemon
