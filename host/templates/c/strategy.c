// Greets whoever says its name: `my name is Ada` is answered with `Hello, Ada!`.
#include <strings.h>

#include "standin.h"

static const char OPENING[] = "my name is ";
static text_t greeting;

// Who the plugin is.
void exports_standin_plugin_lifecycle_describe(description_t *about) {
    about->name = copy("{{name}}");
    about->version = copy("0.1.0");
    about->summary = copy("Greets whoever says its name.");
    about->settings_schema = copy("{\"type\":\"object\",\"properties\":{\"greeting\":{\"type\":\"string\","
                                  "\"default\":\"Hello\"}},\"additionalProperties\":false}");
}

// Reads the settings, and says when the plugin wants to be asked. Called once in each new instance.
bool exports_standin_plugin_lifecycle_configure(activation_t *activation, text_t *error) {
    if (!setting("/greeting", "Hello", &greeting)) {
        *error = copy("settings.greeting: expected a text, such as `Hello`");
        return false;
    }
    *activation = when_user_text_contains(OPENING);
    return true;
}

// What follows `my name is ` in any case, up to the end of the sentence: a part of the text, empty where nothing does.
static text_t name_in(text_t text) {
    const size_t opening = strlen(OPENING);
    for (size_t start = 0; start + opening <= text.len; start++) {
        if (strncasecmp((const char *)text.ptr + start, OPENING, opening) != 0) continue;
        text_t name = {text.ptr + start + opening, 0};
        const uint8_t *end = text.ptr + text.len;
        while (name.ptr < end && *name.ptr == ' ') name.ptr++;
        while (name.ptr + name.len < end && !strchr(".!?,\n", name.ptr[name.len])) name.len++;
        while (name.len > 0 && strchr(" \t\r", name.ptr[name.len - 1])) name.len--;
        return name;
    }
    return (text_t){NULL, 0};
}

// Answers a request, or leaves it to the next strategy of the chain.
bool exports_standin_plugin_strategy_respond(outcome_t *outcome, text_t *error) {
    (void)error; // where this returns false, the request fails with this message
    *outcome = pass();
    text_t text;
    if (!standin_plugin_request_last_user_text(&text)) return true;
    text_t name = name_in(text);
    if (name.len > 0) *outcome = reply(join((text_t[]){greeting, view(", "), name, view("!")}, 4));
    drop(text);
    return true;
}
