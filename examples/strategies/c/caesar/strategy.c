// Moves letters along the alphabet: `caesar: Hello` is answered with `Khoor`, by three letters or as many as the settings say.
#include <strings.h>

#include "standin.h"

static const char OPENING[] = "caesar:";
static int shift;

// Who the plugin is.
void exports_standin_plugin_lifecycle_describe(description_t *about) {
    about->name = copy("caesar");
    about->version = copy("0.1.0");
    about->summary = copy("Moves letters along the alphabet.");
    about->settings_schema = copy("{\"type\":\"object\",\"properties\":{\"shift\":{\"type\":\"integer\",\"default\":3}},"
                                  "\"additionalProperties\":false}");
}

// Reads a whole number, written in JSON; false where it is something else.
static bool number(text_t json, int *found) {
    char digits[12] = {0};
    if (json.len == 0 || json.len >= sizeof digits) return false;
    memcpy(digits, json.ptr, json.len);
    char *end;
    *found = (int)strtol(digits, &end, 10);
    return *end == 0;
}

// Reads the settings, and says when the plugin wants to be asked. Called once in each new instance.
bool exports_standin_plugin_lifecycle_configure(activation_t *activation, text_t *error) {
    shift = 3;
    text_t pointer = view("/shift"), json;
    if (standin_plugin_settings_json_at(&pointer, &json)) {
        bool read = number(json, &shift);
        drop(json);
        if (!read) {
            *error = copy("settings.shift: expected a whole number, such as 3");
            return false;
        }
    }
    shift = (shift % 26 + 26) % 26;
    *activation = when_user_text_contains(OPENING);
    return true;
}

static uint8_t moved(uint8_t letter) {
    uint8_t first = letter >= 'a' ? 'a' : 'A';
    return letter >= first && letter < first + 26 ? (uint8_t)(first + (letter - first + shift) % 26) : letter;
}

// Answers a request, or leaves it to the next strategy of the chain.
bool exports_standin_plugin_strategy_respond(outcome_t *outcome, text_t *error) {
    (void)error; // where this returns false, the request fails with this message
    *outcome = pass();
    text_t text;
    if (!standin_plugin_request_last_user_text(&text)) return true;
    const size_t opening = strlen(OPENING);
    if (text.len > opening && strncasecmp((const char *)text.ptr, OPENING, opening) == 0) {
        text_t rest = {text.ptr + opening, text.len - opening};
        while (rest.len > 0 && *rest.ptr == ' ') rest.ptr++, rest.len--;
        for (size_t i = 0; i < rest.len; i++) rest.ptr[i] = moved(rest.ptr[i]);
        *outcome = reply(join(&rest, 1));
    }
    drop(text);
    return true;
}
