// Greets whoever says its name: `my name is Ada` is answered with `Hello, Ada!`.
#include <strings.h>

#include <algorithm>

#include "standin.hpp"

static constexpr std::string_view opening = "my name is ";
static std::string greeting = "Hello";

// Who the plugin is.
void exports_standin_plugin_lifecycle_describe(standin::Description *about) {
    about->name = standin::give("{{name}}");
    about->version = standin::give("0.1.0");
    about->summary = standin::give("Greets whoever says its name.");
    about->settings_schema = standin::give(R"({"type":"object","properties":{"greeting":{"type":"string","default":"Hello"}},)"
                                           R"("additionalProperties":false})");
}

// Reads the settings, and says when the plugin wants to be asked. Called once in each new instance.
bool exports_standin_plugin_lifecycle_configure(standin::Activation *activation, standin::Text *error) {
    if (auto json = standin::setting("/greeting")) {
        auto text = standin::text_of_json(*json);
        if (!text) {
            *error = standin::give("settings.greeting: expected a text, such as `Hello`, found " + *json);
            return false;
        }
        greeting = *text;
    }
    *activation = standin::when_user_text_contains(opening);
    return true;
}

// What follows `my name is ` in any case, up to the end of the sentence; empty where nothing does.
static std::string name_in(const std::string &text) {
    for (std::size_t start = 0; start + opening.size() <= text.size(); start++) {
        if (strncasecmp(text.data() + start, opening.data(), opening.size()) != 0) continue;
        std::string name = text.substr(start + opening.size());
        name.erase(std::min(name.size(), name.find_first_of(".!?,\n")));
        name.erase(0, name.find_first_not_of(" \t\r"));
        name.erase(name.find_last_not_of(" \t\r") + 1);
        return name;
    }
    return "";
}

// Answers a request, or leaves it to the next strategy of the chain. Where it returns false, the request fails with `error`.
bool exports_standin_plugin_strategy_respond(standin::Outcome *outcome, standin::Text *) {
    *outcome = standin::pass();
    auto text = standin::last_user_text();
    if (!text) return true;
    auto name = name_in(*text);
    if (!name.empty()) *outcome = standin::reply(greeting + ", " + name + "!");
    return true;
}
