// Short words for what the bindings spell out. Whatever a function of the strategy returns to the host is freed by the
// bindings after the call, so it is made by `copy` or `join`; what the host returns is freed by `drop`.
#pragma once

#include <stdlib.h>
#include <string.h>

#include "bindings/strategy_plugin.h"

typedef strategy_plugin_string_t text_t;
typedef exports_standin_plugin_lifecycle_description_t description_t;
typedef exports_standin_plugin_lifecycle_activation_t activation_t;
typedef exports_standin_plugin_lifecycle_condition_t condition_t;
typedef exports_standin_plugin_strategy_outcome_t outcome_t;
typedef standin_plugin_types_event_t event_t;

// A view of a C string: to pass to the host, or to join.
static inline text_t view(const char *text) {
    return (text_t){(uint8_t *)text, strlen(text)};
}

// Several texts as a new one.
static inline text_t join(const text_t *parts, size_t count) {
    text_t whole = {NULL, 0};
    for (size_t i = 0; i < count; i++) whole.len += parts[i].len;
    if (whole.len == 0) return whole;
    whole.ptr = malloc(whole.len);
    if (!whole.ptr) abort();
    uint8_t *end = whole.ptr;
    for (size_t i = 0; i < count; i++) {
        memcpy(end, parts[i].ptr, parts[i].len);
        end += parts[i].len;
    }
    return whole;
}

// A C string as a new text.
static inline text_t copy(const char *text) {
    text_t part = view(text);
    return join(&part, 1);
}

// Frees a text of the host.
static inline void drop(text_t text) {
    strategy_plugin_string_free(&text);
}

// The outcome of a request that is left to the next strategy.
static inline outcome_t pass(void) {
    return (outcome_t){.tag = EXPORTS_STANDIN_PLUGIN_STRATEGY_OUTCOME_PASS};
}

// The outcome of a request that is answered with this text.
static inline outcome_t reply(text_t text) {
    outcome_t outcome = {.tag = EXPORTS_STANDIN_PLUGIN_STRATEGY_OUTCOME_REPLY};
    event_t *event = malloc(sizeof *event);
    if (!event) abort();
    *event = (event_t){.tag = STANDIN_PLUGIN_TYPES_EVENT_TEXT, .val.text = text};
    outcome.val.reply.events.ptr = event;
    outcome.val.reply.events.len = 1;
    return outcome;
}

// Asks the strategy where the last user text contains this.
static inline activation_t when_user_text_contains(const char *text) {
    activation_t activation = {.tag = EXPORTS_STANDIN_PLUGIN_LIFECYCLE_ACTIVATION_ANY_OF};
    condition_t *condition = malloc(sizeof *condition);
    if (!condition) abort();
    condition->tag = EXPORTS_STANDIN_PLUGIN_LIFECYCLE_CONDITION_USER_TEXT_CONTAINS;
    condition->val.user_text_contains = copy(text);
    activation.val.any_of.ptr = condition;
    activation.val.any_of.len = 1;
    return activation;
}

// The text of the setting at a JSON pointer, as a new text; false where it is something else, such as a number.
bool setting(const char *pointer, const char *fallback, text_t *found);
