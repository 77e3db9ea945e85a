// SPDX-License-Identifier: Apache-2.0
// The other decoder: protobuf's own, given the same types. Peers of CometBFT speak gogoproto, which differs from protobuf in what it
// accepts; those differences are stated here one by one, so that everything else must agree:
//
//     input                                          gogoproto and we              protobuf
//     known field with another wire type             refused                       an unknown field
//     bytes longer than the type holds, other        refused (CometBFT: a step     accepted
//       lengths of fixed bytes                         later, by its shape)
//     time out of range                              refused                       accepted
//     member of a oneof that occurs twice            the last replaces             merged
//     time that occurs twice                         the last replaces             merged
//     tag or length with more than five bytes        accepted, wraps at 64 bits    refused
//     group closed by another number, field 0 in     skipped                       refused
//       one, more than 100 deep
//
// `judge` decides by these rules whether an input is good and writes the same content as an input that protobuf reads alike; it
// shares no code with base/wire. What the values then are is protobuf's word.
#pragma once

#include "tests/fuzz/shape.hpp"

#include <memory>
#include <string>
#include <string_view>

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/dynamic_message.h>

namespace tetrad::fuzz {

struct judgement {
    bool good = false;
    bool foreign = false;      // has what gogoproto accepts and protobuf does not
    std::int64_t cost = 0;     // memory of the elements of repeated fields
    bool long_list = false;    // has a list over its limit; known only where good
    std::string translated;    // only where good
};

judgement judge(const shapes&, int shape, std::string_view in);

class oracle {
public:
    /// Of all shapes that are there now.
    explicit oracle(const shapes&);

    /// Null where protobuf refuses it.
    std::unique_ptr<google::protobuf::Message> parse(int shape, std::string_view in);
    /// Do both say the same, when what is absent is what gogoproto's zero value is?
    bool same(int shape, const google::protobuf::Message& a, const google::protobuf::Message& b) const;

private:
    bool same_field(const field_shape&, const google::protobuf::FieldDescriptor&, const google::protobuf::Message& a,
                    const google::protobuf::Message& b) const;
    const google::protobuf::Descriptor& descriptor(int shape) const;

    const shapes& shapes_;
    google::protobuf::DescriptorPool pool_;
    google::protobuf::DynamicMessageFactory factory_;
};

}  // namespace tetrad::fuzz
