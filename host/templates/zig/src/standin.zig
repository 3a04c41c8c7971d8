//! The contract in Zig's words, over the C bindings. Whatever is not here is in `c`, as strategy_plugin.h has it.

const std = @import("std");
const builtin = @import("builtin");

/// The C bindings, translated.
pub const c = @import("bindings");

/// Who the plugin is.
pub const Description = struct {
    name: []const u8,
    version: []const u8,
    summary: []const u8,
    /// JSON Schema, as JSON text; "" where there are no settings.
    settings_schema: []const u8 = "",
};

/// What `configure` makes of the settings.
pub const Configured = union(enum) {
    /// Ask for every request.
    always,
    /// Ask where the last user text contains this.
    user_text_contains: []const u8,
    /// The settings are wrong: a message for the person who wrote them.
    refused: []const u8,
};

/// What `respond` makes of a request.
pub const Outcome = union(enum) {
    /// Not mine: the next one is asked.
    pass,
    /// An answer of one text.
    reply: []const u8,
    /// Any outcome of the contract. The host frees what it points to, so that is made by `give`.
    other: c.exports_standin_plugin_strategy_outcome_t,
};

/// What the bindings free after a call.
const given = std.heap.c_allocator;

/// The text of the last user message, if there is one.
pub fn lastUserText(allocator: std.mem.Allocator) ?[]const u8 {
    var text: c.strategy_plugin_string_t = undefined;
    return if (c.standin_plugin_request_last_user_text(&text)) take(allocator, text) else null;
}

/// The JSON text of the setting at a JSON pointer, if there is one.
pub fn setting(allocator: std.mem.Allocator, pointer: []const u8) ?[]const u8 {
    var at = lend(pointer);
    var json: c.strategy_plugin_string_t = undefined;
    return if (c.standin_plugin_settings_json_at(&at, &json)) take(allocator, json) else null;
}

/// A text to pass to the host.
pub fn lend(text: []const u8) c.strategy_plugin_string_t {
    // An empty slice may lie nowhere, and the host looks at the place of an empty text too.
    return .{ .ptr = if (text.len == 0) null else @constCast(text.ptr), .len = text.len };
}

/// A copy of a text, to return to the host.
pub fn give(text: []const u8) c.strategy_plugin_string_t {
    if (text.len == 0) return lend(text);
    return .{ .ptr = (given.dupe(u8, text) catch unreachable).ptr, .len = text.len };
}

/// A copy of a text of the host, which is freed.
pub fn take(allocator: std.mem.Allocator, text: c.strategy_plugin_string_t) []const u8 {
    var it = text;
    defer c.strategy_plugin_string_free(&it);
    return allocator.dupe(u8, it.ptr[0..it.len]) catch unreachable;
}

/// Exports the functions of a plugin: `describe`, `configure` and `respond`.
pub fn plugin(comptime Plugin: type) void {
    if (builtin.is_test) return;
    const Exports = struct {
        var instance: std.heap.ArenaAllocator = .init(given);

        fn describe(ret: *c.exports_standin_plugin_lifecycle_description_t) callconv(.c) void {
            const about: Description = Plugin.describe();
            ret.* = .{
                .name = give(about.name),
                .version = give(about.version),
                .summary = give(about.summary),
                .settings_schema = give(about.settings_schema),
            };
        }

        fn configure(ret: *c.exports_standin_plugin_lifecycle_activation_t, err: *c.strategy_plugin_string_t) callconv(.c) bool {
            switch (@as(Configured, Plugin.configure(instance.allocator()))) {
                .always => ret.* = .{ .tag = c.EXPORTS_STANDIN_PLUGIN_LIFECYCLE_ACTIVATION_ALWAYS },
                .user_text_contains => |text| {
                    const conditions = one(c.exports_standin_plugin_lifecycle_condition_t, .{
                        .tag = c.EXPORTS_STANDIN_PLUGIN_LIFECYCLE_CONDITION_USER_TEXT_CONTAINS,
                        .val = .{ .user_text_contains = give(text) },
                    });
                    ret.* = .{
                        .tag = c.EXPORTS_STANDIN_PLUGIN_LIFECYCLE_ACTIVATION_ANY_OF,
                        .val = .{ .any_of = .{ .ptr = conditions, .len = 1 } },
                    };
                },
                .refused => |message| {
                    err.* = give(message);
                    return false;
                },
            }
            return true;
        }

        fn respond(ret: *c.exports_standin_plugin_strategy_outcome_t, err: *c.strategy_plugin_string_t) callconv(.c) bool {
            var call: std.heap.ArenaAllocator = .init(given);
            defer call.deinit();
            const outcome: Outcome = Plugin.respond(call.allocator()) catch |failure| {
                err.* = give(@errorName(failure));
                return false;
            };
            switch (outcome) {
                .pass => ret.* = .{ .tag = c.EXPORTS_STANDIN_PLUGIN_STRATEGY_OUTCOME_PASS },
                .reply => |text| {
                    const events = one(c.standin_plugin_types_event_t, .{
                        .tag = c.STANDIN_PLUGIN_TYPES_EVENT_TEXT,
                        .val = .{ .text = give(text) },
                    });
                    ret.* = .{
                        .tag = c.EXPORTS_STANDIN_PLUGIN_STRATEGY_OUTCOME_REPLY,
                        .val = .{ .reply = .{ .events = .{ .ptr = events, .len = 1 } } },
                    };
                },
                .other => |whole| ret.* = whole,
            }
            return true;
        }
    };
    @export(&Exports.describe, .{ .name = "exports_standin_plugin_lifecycle_describe" });
    @export(&Exports.configure, .{ .name = "exports_standin_plugin_lifecycle_configure" });
    @export(&Exports.respond, .{ .name = "exports_standin_plugin_strategy_respond" });
}

fn one(comptime T: type, value: T) *T {
    const place = given.create(T) catch unreachable;
    place.* = value;
    return place;
}
