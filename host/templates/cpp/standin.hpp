// The contract in C++'s words, over the C bindings. Whatever is not here is in bindings/strategy_plugin.h. What a function of
// the strategy returns to the host is freed by the bindings after the call, so it is made by `give`; what the host returns is
// freed by `take`.
#pragma once

#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include "bindings/strategy_plugin.h"

namespace standin {

using Text = strategy_plugin_string_t;
using Description = exports_standin_plugin_lifecycle_description_t;
using Activation = exports_standin_plugin_lifecycle_activation_t;
using Condition = exports_standin_plugin_lifecycle_condition_t;
using Outcome = exports_standin_plugin_strategy_outcome_t;
using Event = standin_plugin_types_event_t;

// Memory that is the host's to free.
template <typename T> T *room(std::size_t count) {
    auto place = static_cast<T *>(std::calloc(count, sizeof(T)));
    if (!place) std::abort();
    return place;
}

// A text to pass to the host.
inline Text lend(std::string_view text) {
    return {const_cast<uint8_t *>(reinterpret_cast<const uint8_t *>(text.data())), text.size()};
}

// A copy of a text, to return to the host.
inline Text give(std::string_view text) {
    if (text.empty()) return {nullptr, 0};
    auto place = room<uint8_t>(text.size());
    std::memcpy(place, text.data(), text.size());
    return {place, text.size()};
}

// A text of the host, which is freed.
inline std::string take(Text text) {
    std::string copy(reinterpret_cast<const char *>(text.ptr), text.len);
    strategy_plugin_string_free(&text);
    return copy;
}

// The text of the last user message, if there is one.
inline std::optional<std::string> last_user_text() {
    Text text;
    if (!standin_plugin_request_last_user_text(&text)) return std::nullopt;
    return take(text);
}

// The JSON text of the setting at a JSON pointer, if there is one.
inline std::optional<std::string> setting(std::string_view pointer) {
    Text at = lend(pointer), json;
    if (!standin_plugin_settings_json_at(&at, &json)) return std::nullopt;
    return take(json);
}

// The text that a JSON text stands for; none where it is something else, such as a number.
std::optional<std::string> text_of_json(std::string_view json);

// The outcome of a request that is left to the next strategy.
inline Outcome pass() {
    return {EXPORTS_STANDIN_PLUGIN_STRATEGY_OUTCOME_PASS, {}};
}

// The outcome of a request that is answered with this text.
inline Outcome reply(std::string_view text) {
    Outcome outcome = {EXPORTS_STANDIN_PLUGIN_STRATEGY_OUTCOME_REPLY, {}};
    auto event = room<Event>(1);
    event->tag = STANDIN_PLUGIN_TYPES_EVENT_TEXT;
    event->val.text = give(text);
    outcome.val.reply.events = {event, 1};
    return outcome;
}

// Asks the strategy where the last user text contains this.
inline Activation when_user_text_contains(std::string_view text) {
    Activation activation = {EXPORTS_STANDIN_PLUGIN_LIFECYCLE_ACTIVATION_ANY_OF, {}};
    auto condition = room<Condition>(1);
    condition->tag = EXPORTS_STANDIN_PLUGIN_LIFECYCLE_CONDITION_USER_TEXT_CONTAINS;
    condition->val.user_text_contains = give(text);
    activation.val.any_of = {condition, 1};
    return activation;
}

}  // namespace standin
