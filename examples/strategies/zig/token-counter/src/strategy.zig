//! Says what a text costs: `count: Hello there` is answered with its tokens, as the server counts them, and its characters.

const std = @import("std");
const standin = @import("standin.zig");

const opening = "count:";

/// Who the plugin is.
pub fn describe() standin.Description {
    return .{ .name = "token-counter", .version = "0.1.0", .summary = "Says what a text costs." };
}

/// Says when the plugin wants to be asked. Called once in each new instance.
pub fn configure(_: std.mem.Allocator) standin.Configured {
    return .{ .user_text_contains = opening };
}

/// Answers a request, or leaves it to the next strategy of the chain. What is allocated with `call` is freed after it.
pub fn respond(call: std.mem.Allocator) !standin.Outcome {
    const text = standin.lastUserText(call) orelse return .pass;
    if (!std.mem.startsWith(u8, text, opening)) return .pass;
    const counted = std.mem.trim(u8, text[opening.len..], " ");
    const characters = try std.unicode.utf8CountCodepoints(counted);
    const tokens = count(call, counted);
    return .{ .reply = try std.fmt.allocPrint(call, "{d} tokens, {d} characters", .{ tokens, characters }) };
}

/// The contract has more than standin.zig has words for; all of it is in `c`.
fn count(call: std.mem.Allocator, text: []const u8) u32 {
    var model: standin.c.strategy_plugin_string_t = undefined;
    standin.c.standin_plugin_request_model(&model);
    var name = standin.lend(standin.take(call, model));
    var counted = standin.lend(text);
    return standin.c.standin_plugin_tokens_count(&name, &counted);
}

comptime {
    standin.plugin(@This());
}
