// Settings come as JSON text; this makes a text of it.
#include "standin.h"

static uint32_t hex4(const uint8_t *digits) {
    uint32_t code = 0;
    for (int i = 0; i < 4; i++) {
        uint8_t digit = digits[i];
        code = code * 16 + (digit <= '9' ? digit - '0' : (digit | 32) - 'a' + 10);
    }
    return code;
}

// The host writes every character as it is, control characters aside: those are below 128.
static size_t unescape(uint8_t *out, const uint8_t *json, size_t length) {
    static const char names[] = "bfnrt", values[] = "\b\f\n\r\t";
    uint8_t *end = out;
    for (size_t i = 0; i < length; i++) {
        if (json[i] != '\\') {
            *end++ = json[i];
        } else if (json[++i] == 'u') {
            *end++ = (uint8_t)hex4(json + i + 1);
            i += 4;
        } else {
            const char *name = strchr(names, json[i]);
            *end++ = name ? (uint8_t)values[name - names] : json[i];
        }
    }
    return (size_t)(end - out);
}

bool setting(const char *pointer, const char *fallback, text_t *found) {
    text_t at = view(pointer), json;
    if (!standin_plugin_settings_json_at(&at, &json)) {
        *found = copy(fallback);
        return true;
    }
    bool is_text = json.len >= 2 && json.ptr[0] == '"';
    if (is_text) {
        text_t inner = {json.ptr + 1, json.len - 2};
        *found = join(&inner, 1);
        found->len = unescape(found->ptr, inner.ptr, inner.len);
    }
    drop(json);
    return is_text;
}
