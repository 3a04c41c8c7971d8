// Calculates: `calculate 2 * (3 + 4)` is answered with `14`. What is no formula is refused with a 400 that says where it ends.
#include <algorithm>
#include <cctype>
#include <cstdio>

#include "standin.hpp"

static constexpr std::string_view opening = "calculate ";

// A formula, read from left to right: sums of products of numbers, signs and parentheses.
class Formula {
  public:
    explicit Formula(std::string_view text) : text(text) {}

    // Its value; none where it is no formula.
    std::optional<double> value() {
        double value = sum();
        skip();
        return failed || at < text.size() ? std::nullopt : std::optional(value);
    }

    // What could not be read.
    std::string_view rest() const { return text.substr(std::min(at, text.size())); }

  private:
    std::string_view text;
    std::size_t at = 0;
    int depth = 0;
    bool failed = false;

    void skip() {
        while (at < text.size() && text[at] == ' ') at++;
    }

    bool taken(char sign) {
        skip();
        if (failed || at >= text.size() || text[at] != sign) return false;
        at++;
        return true;
    }

    double sum() {
        double value = product();
        while (true) {
            if (taken('+')) value += product();
            else if (taken('-')) value -= product();
            else return value;
        }
    }

    double product() {
        double value = factor();
        while (true) {
            if (taken('*')) value *= factor();
            else if (taken('/')) value /= factor();
            else return value;
        }
    }

    double factor() {
        if (++depth > 100) failed = true;
        double value = 0;
        if (taken('-')) value = -factor();
        else if (taken('(')) {
            value = sum();
            if (!taken(')')) failed = true;
        } else value = number();
        depth--;
        return value;
    }

    double number() {
        skip();
        std::size_t start = at;
        while (at < text.size() && (std::isdigit(static_cast<unsigned char>(text[at])) || text[at] == '.')) at++;
        if (at == start) failed = true;
        return failed ? 0 : std::strtod(std::string(text.substr(start, at - start)).c_str(), nullptr);
    }
};

// Who the plugin is.
void exports_standin_plugin_lifecycle_describe(standin::Description *about) {
    about->name = standin::give("calculator");
    about->version = standin::give("0.1.0");
    about->summary = standin::give("Calculates.");
    about->settings_schema = standin::give("");
}

// Says when the plugin wants to be asked. Called once in each new instance.
bool exports_standin_plugin_lifecycle_configure(standin::Activation *activation, standin::Text *) {
    *activation = standin::when_user_text_contains(opening);
    return true;
}

static standin::Outcome refusal(const std::string &message) {
    standin::Outcome outcome = {EXPORTS_STANDIN_PLUGIN_STRATEGY_OUTCOME_ERROR, {}};
    outcome.val.error.status = 400;
    outcome.val.error.message = standin::give(message);
    return outcome;
}

// Answers a request, or leaves it to the next strategy of the chain. Where it returns false, the request fails with `error`.
bool exports_standin_plugin_strategy_respond(standin::Outcome *outcome, standin::Text *) {
    *outcome = standin::pass();
    auto text = standin::last_user_text();
    if (!text || !text->starts_with(opening)) return true;
    Formula formula(std::string_view(*text).substr(opening.size()));
    if (auto value = formula.value()) {
        char digits[32];
        std::snprintf(digits, sizeof digits, "%.12g", *value);
        *outcome = standin::reply(digits);
    } else {
        *outcome = refusal("expected a formula, such as `2 * (3 + 4)`, found: " + std::string(formula.rest()));
    }
    return true;
}
