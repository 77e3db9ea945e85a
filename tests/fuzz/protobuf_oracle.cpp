// SPDX-License-Identifier: Apache-2.0
#include "tests/fuzz/protobuf_oracle.hpp"

#include "base/check.hpp"

namespace tetrad::fuzz {

namespace pb = google::protobuf;

namespace {

std::string message_name(int shape) { return "m" + std::to_string(shape); }

pb::FieldDescriptorProto::Type type_of(form is) {
    switch (is) {
        case form::boolean: return pb::FieldDescriptorProto::TYPE_BOOL;
        case form::int32: return pb::FieldDescriptorProto::TYPE_INT32;
        case form::uint32: return pb::FieldDescriptorProto::TYPE_UINT32;
        case form::int64: return pb::FieldDescriptorProto::TYPE_INT64;
        case form::uint64: return pb::FieldDescriptorProto::TYPE_UINT64;
        case form::sfixed64: return pb::FieldDescriptorProto::TYPE_SFIXED64;
        case form::bytes: return pb::FieldDescriptorProto::TYPE_BYTES;  // strings too: Go does not look at their UTF-8
        case form::message:
        case form::timestamp:
        case form::duration: return pb::FieldDescriptorProto::TYPE_MESSAGE;
    }
    UNREACHABLE();
}

void add_field(pb::DescriptorProto& to, std::uint32_t number, pb::FieldDescriptorProto::Type type) {
    auto& f = *to.add_field();
    f.set_name("f" + std::to_string(number));
    f.set_number(static_cast<std::int32_t>(number));
    f.set_label(pb::FieldDescriptorProto::LABEL_OPTIONAL);
    f.set_type(type);
}

// proto2, in which every field says whether it was there.
pb::FileDescriptorProto describe(const shapes& all) {
    pb::FileDescriptorProto file;
    file.set_name("all.proto");
    auto& moment = *file.add_message_type();
    moment.set_name("moment");
    add_field(moment, 1, pb::FieldDescriptorProto::TYPE_INT64);
    add_field(moment, 2, pb::FieldDescriptorProto::TYPE_INT32);
    for (int i = 0; i < static_cast<int>(all.size()); ++i) {
        auto& m = *file.add_message_type();
        m.set_name(message_name(i));
        for (int k = 0; k < all[i].one_ofs; ++k)
            m.add_oneof_decl()->set_name("o" + std::to_string(k));
        for (const auto& f : all[i].fields) {
            add_field(m, f.number, type_of(f.is));
            auto& made = *m.mutable_field(m.field_size() - 1);
            if (f.repeated)
                made.set_label(pb::FieldDescriptorProto::LABEL_REPEATED);
            if (f.one_of >= 0)
                made.set_oneof_index(f.one_of);
            if (f.is == form::message)
                made.set_type_name("." + message_name(f.message));
            else if (f.is_time())
                made.set_type_name(".moment");
        }
    }
    return file;
}

struct moment {
    std::int64_t seconds;
    std::int32_t nanos;
    bool operator==(const moment&) const = default;
};
moment read_moment(const pb::Message& m) {
    const auto& d = *m.GetDescriptor();
    return {m.GetReflection()->GetInt64(m, d.FindFieldByNumber(1)), m.GetReflection()->GetInt32(m, d.FindFieldByNumber(2))};
}
// What is absent is Go's zero time: the year 1.
moment moment_of(const field_shape& f, const pb::FieldDescriptor& d, const pb::Message& m) {
    if (!m.GetReflection()->HasField(m, &d))
        return {f.is == form::timestamp ? -62135596800 : 0, 0};
    return read_moment(m.GetReflection()->GetMessage(m, &d));
}

}  // namespace

oracle::oracle(const shapes& all) : shapes_(all) {
    CHECK(pool_.BuildFile(describe(all)) != nullptr);
}

const pb::Descriptor& oracle::descriptor(int shape) const {
    const auto* found = pool_.FindMessageTypeByName(message_name(shape));
    CHECK(found != nullptr);
    return *found;
}

std::unique_ptr<pb::Message> oracle::parse(int shape, std::string_view in) {
    std::unique_ptr<pb::Message> m(factory_.GetPrototype(&descriptor(shape))->New());
    return m->ParseFromArray(in.data(), static_cast<int>(in.size())) ? std::move(m) : nullptr;
}

bool oracle::same(int shape, const pb::Message& a, const pb::Message& b) const {
    for (const auto& f : shapes_[shape].fields)
        if (!same_field(f, *a.GetDescriptor()->FindFieldByNumber(static_cast<int>(f.number)), a, b))
            return false;
    return true;
}

bool oracle::same_field(const field_shape& f, const pb::FieldDescriptor& d, const pb::Message& a, const pb::Message& b) const {
    const auto& r = *a.GetReflection();
    if (f.repeated) {
        const int count = r.FieldSize(a, &d);
        if (count != r.FieldSize(b, &d))
            return false;
        for (int i = 0; i < count; ++i) {
            const bool equal = f.is == form::message ? same(f.message, r.GetRepeatedMessage(a, &d, i), r.GetRepeatedMessage(b, &d, i))
                               : f.is_time() ? read_moment(r.GetRepeatedMessage(a, &d, i)) == read_moment(r.GetRepeatedMessage(b, &d, i))
                               : f.is == form::bytes  ? r.GetRepeatedString(a, &d, i) == r.GetRepeatedString(b, &d, i)
                               : f.is == form::int32  ? r.GetRepeatedInt32(a, &d, i) == r.GetRepeatedInt32(b, &d, i)
                               : f.is == form::uint32 ? r.GetRepeatedUInt32(a, &d, i) == r.GetRepeatedUInt32(b, &d, i)
                               : f.is == form::uint64 ? r.GetRepeatedUInt64(a, &d, i) == r.GetRepeatedUInt64(b, &d, i)
                               : f.is == form::boolean ? r.GetRepeatedBool(a, &d, i) == r.GetRepeatedBool(b, &d, i)
                                                       : r.GetRepeatedInt64(a, &d, i) == r.GetRepeatedInt64(b, &d, i);
            if (!equal)
                return false;
        }
        return true;
    }
    if ((f.optional || f.one_of >= 0) && r.HasField(a, &d) != r.HasField(b, &d))
        return false;
    auto bytes = [&](const pb::Message& m) { return r.HasField(m, &d) ? r.GetString(m, &d) : std::string(f.size_min, '\0'); };
    switch (f.is) {
        case form::boolean: return r.GetBool(a, &d) == r.GetBool(b, &d);
        case form::int32: return r.GetInt32(a, &d) == r.GetInt32(b, &d);
        case form::uint32: return r.GetUInt32(a, &d) == r.GetUInt32(b, &d);
        case form::uint64: return r.GetUInt64(a, &d) == r.GetUInt64(b, &d);
        case form::int64:
        case form::sfixed64: return r.GetInt64(a, &d) == r.GetInt64(b, &d);
        case form::bytes: return bytes(a) == bytes(b);
        case form::message: return same(f.message, r.GetMessage(a, &d), r.GetMessage(b, &d));
        case form::timestamp:
        case form::duration: return moment_of(f, d, a) == moment_of(f, d, b);
    }
    UNREACHABLE();
}

}  // namespace tetrad::fuzz
