//! Greets whoever says its name: `my name is Ada` is answered with `Hello, Ada!`.

const std = @import("std");
const standin = @import("standin.zig");

const opening = "my name is ";
var greeting: []const u8 = "Hello";

comptime {
    standin.plugin(@This());
}

/// Who the plugin is.
pub fn describe() standin.Description {
    return .{
        .name = "{{name}}",
        .version = "0.1.0",
        .summary = "Greets whoever says its name.",
        .settings_schema =
        \\{"type":"object","properties":{"greeting":{"type":"string","default":"Hello"}},"additionalProperties":false}
        ,
    };
}

/// Reads the settings, and says when the plugin wants to be asked. Called once in each new instance; what is allocated with
/// `instance` stays as long as that.
pub fn configure(instance: std.mem.Allocator) standin.Configured {
    const json = standin.setting(instance, "/greeting") orelse return .{ .user_text_contains = opening };
    greeting = std.json.parseFromSliceLeaky([]const u8, instance, json, .{}) catch
        return .{ .refused = "settings.greeting: expected a text, such as `Hello`" };
    return .{ .user_text_contains = opening };
}

/// Answers a request, or leaves it to the next strategy of the chain. What is allocated with `call` is freed after it.
pub fn respond(call: std.mem.Allocator) !standin.Outcome {
    const text = standin.lastUserText(call) orelse return .pass;
    const name = nameIn(text) orelse return .pass;
    return .{ .reply = try std.mem.concat(call, u8, &.{ greeting, ", ", name, "!" }) };
}

/// What follows `my name is ` in any case, up to the end of the sentence.
fn nameIn(text: []const u8) ?[]const u8 {
    const start = std.ascii.findIgnoreCase(text, opening) orelse return null;
    const rest = text[start + opening.len ..];
    const end = std.mem.findAny(u8, rest, ".!?,\n") orelse rest.len;
    const name = std.mem.trim(u8, rest[0..end], " \t\r");
    return if (name.len > 0) name else null;
}

test "finds the name" {
    try std.testing.expectEqualStrings("Ada Lovelace", nameIn("Hi! MY NAME IS Ada Lovelace, and I write.").?);
    try std.testing.expect(nameIn("what is your name?") == null);
}
