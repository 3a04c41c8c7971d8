// Settings come as JSON text; this makes a text of it.
#include "standin.hpp"

// The host writes every character as it is, control characters aside: those are below 128.
std::optional<std::string> standin::text_of_json(std::string_view json) {
    if (json.size() < 2 || json.front() != '"') return std::nullopt;
    json = json.substr(1, json.size() - 2);
    std::string text;
    for (std::size_t i = 0; i < json.size(); i++) {
        char byte = json[i];
        if (byte == '\\') {
            byte = json[++i];
            if (byte == 'u') {
                byte = static_cast<char>(std::strtol(std::string(json.substr(i + 1, 4)).c_str(), nullptr, 16));
                i += 4;
            } else if (auto name = std::string_view("bfnrt").find(byte); name != std::string_view::npos) {
                byte = "\b\f\n\r\t"[name];
            }
        }
        text += byte;
    }
    return text;
}
