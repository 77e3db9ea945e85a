// SPDX-License-Identifier: Apache-2.0
#include "base/result.hpp"

#include <cerrno>
#include <cstring>

namespace tetrad {

std::string_view name(errc code) {
    switch (code) {
        case errc::invalid: return "invalid";
        case errc::not_found: return "not found";
        case errc::exists: return "exists";
        case errc::too_large: return "too large";
        case errc::full: return "full";
        case errc::closed: return "closed";
        case errc::cancelled: return "cancelled";
        case errc::timed_out: return "timed out";
        case errc::unsupported: return "unsupported";
        case errc::io: return "i/o";
        case errc::corrupt: return "corrupt";
        case errc::fatal: return "fatal";
    }
    UNREACHABLE();
}

error system_error(int errno_value, std::string_view doing) {
    errc code = errc::io;
    switch (errno_value) {
        case ENOENT: code = errc::not_found; break;
        case EEXIST: code = errc::exists; break;
        case ECANCELED: code = errc::cancelled; break;
        case ETIMEDOUT: case ETIME: code = errc::timed_out; break;
        case EPIPE: case ECONNRESET: case ENOTCONN: code = errc::closed; break;
        default: break;
    }
    return error(code, std::string(doing) + ": " + std::strerror(errno_value));
}

}  // namespace tetrad
