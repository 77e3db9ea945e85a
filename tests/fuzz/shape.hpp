// SPDX-License-Identifier: Apache-2.0
// A schema as data: what of it a decoder that knows no C++ types must know. Made from the constexpr field lists of the product, so
// every type that has one can be compared with another decoder and no second list of fields has to be kept true.
#pragma once

#include "base/time.hpp"
#include "base/wire/schema.hpp"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <type_traits>
#include <variant>
#include <vector>

namespace tetrad::fuzz {

enum class form : std::uint8_t { boolean, int32, uint32, int64, uint64, sfixed64, bytes, message, timestamp, duration };

struct field_shape {
    std::uint32_t number = 0;
    form is = form::bytes;
    bool repeated = false;
    bool optional = false;
    int one_of = -1;                // fields of one oneof have the same
    std::size_t size_min = 0;       // of bytes
    std::size_t size_max = std::numeric_limits<std::size_t>::max();
    std::size_t element_size = 0;   // in memory, of a repeated field
    std::size_t elements_max = std::numeric_limits<std::size_t>::max();  // of a repeated field
    int message = -1;               // which shape

    bool is_scalar() const { return is < form::bytes; }
    bool is_time() const { return is > form::message; }
};

struct message_shape {
    std::vector<field_shape> fields;
    int one_ofs = 0;

    const field_shape* find(std::uint32_t number) const {
        for (const auto& f : fields)
            if (f.number == number)
                return &f;
        return nullptr;
    }
};

class shapes {
public:
    /// The number of M's shape, which stays good.
    template <wire::message M>
    int of() {
        const auto [known, fresh] = numbers_.try_emplace(&key_of<M>, static_cast<int>(all_.size()));
        const int number = known->second;
        if (fresh) {
            all_.emplace_back();
            message_shape made;
            wire::for_each_field<M>([&](const auto& entry) { add(made, entry); });
            all_[number] = std::move(made);
        }
        return number;
    }
    const message_shape& operator[](int number) const { return all_[number]; }
    std::size_t size() const { return all_.size(); }

private:
    template <class>
    static constexpr char key_of = 0;

    template <class Owner, class Member>
    void add(message_shape& to, const wire::field_t<Owner, Member>& entry) {
        if (entry.number == 0)
            return;
        to.fields.push_back(member<Member>(entry.number, entry.attributes));
        to.fields.back().elements_max = entry.elements_max;
    }
    template <class Owner, class... Alternatives, std::size_t Count>
    void add(message_shape& to, const wire::one_of_t<Owner, std::variant<std::monostate, Alternatives...>, Count>& entry) {
        std::size_t i = 0;
        for (auto f : {member<Alternatives>(0, 0)...}) {
            f.number = entry.alternatives[i++].number;
            f.one_of = to.one_ofs;
            to.fields.push_back(f);
        }
        ++to.one_ofs;
    }

    template <class T>
    field_shape member(std::uint32_t number, unsigned attributes) {
        field_shape f;
        if constexpr (wire::optional_message<T>) {
            f = member<typename T::value_type>(number, attributes);
            f.optional = true;
        } else if constexpr (wire::repeated<T>) {
            f = member<typename T::value_type>(number, attributes);
            f.repeated = true;
            f.element_size = sizeof(typename T::value_type);
        } else if constexpr (wire::scalar<T>) {
            f.is = attributes & wire::sfixed64 ? form::sfixed64 : scalar_form<T>();
        } else if constexpr (std::is_same_v<T, timestamp> || std::is_same_v<T, duration>) {
            f.is = std::is_same_v<T, timestamp> ? form::timestamp : form::duration;
        } else if constexpr (wire::message<T>) {
            f.is = form::message;
            f.message = of<T>();
        } else if constexpr (requires { T::max_size(); }) {
            f.size_max = T::max_size();
        } else if constexpr (requires(const T& t) { t.data.data(); }) {  // fixed<N>
            f.size_min = f.size_max = T::size();
        }
        f.number = number;
        return f;
    }

    template <class T>
    static constexpr form scalar_form() {
        if constexpr (wire::is_strong<T>::value) {
            return scalar_form<typename T::rep>();
        } else if constexpr (std::is_enum_v<T>) {
            return scalar_form<std::underlying_type_t<T>>();
        } else if constexpr (std::is_same_v<T, bool>) {
            return form::boolean;
        } else {
            static_assert(sizeof(T) == 4 || sizeof(T) == 8, "no integer of protobuf has this size");
            if (sizeof(T) == 4)
                return std::is_signed_v<T> ? form::int32 : form::uint32;
            return std::is_signed_v<T> ? form::int64 : form::uint64;
        }
    }

    std::map<const void*, int> numbers_;
    std::vector<message_shape> all_;
};

}  // namespace tetrad::fuzz
