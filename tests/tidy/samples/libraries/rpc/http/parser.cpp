// SPDX-License-Identifier: Apache-2.0
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/asio/io_context.hpp>
#include <absl/strings/cord.h>
