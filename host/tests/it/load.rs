//! What cannot be used is refused at load, by name and with the reason, all of it at once.

use serde_json::{Value, json};

use crate::guests;
use crate::support::Site;

/// Why the hostile guest with these settings is refused.
fn refusal(settings: Value) -> String {
    Site::new().guest("evil", "bad").chain(json!([{ "use": "bad", "settings": settings }])).refused()
}

/// Why these bytes are refused as a component.
fn refused(bytes: &[u8]) -> String {
    let site = Site::new().chain(json!(["./bad.wasm"]));
    site.put("bad.wasm", bytes);
    let reason = site.refused();
    assert!(reason.contains("/bad.wasm "), "the file is named: {reason}");
    reason
}

#[test]
fn a_strategy_that_loops_in_configure_is_refused() {
    assert!(refusal(json!({ "mode": "configure-loop" })).contains("failed in `configure`"));
    assert!(refusal(json!({ "mode": "configure-loop" })).contains("did not finish within 2000 ms"));
}

#[test]
fn a_strategy_that_traps_in_configure_is_refused() {
    let reason = refusal(json!({ "mode": "configure-trap" }));
    assert!(reason.contains("bad.wasm failed in `configure` as it was tried at load: it trapped"), "{reason}");
}

#[test]
fn a_strategy_that_takes_all_memory_in_configure_is_refused() {
    let reason = refusal(json!({ "mode": "configure-memory-bomb" }));
    assert!(reason.contains("it wanted more memory than its limit of 64.0 MiB"), "{reason}");
}

#[test]
fn settings_that_a_strategy_refuses_are_told_in_its_words_at_their_place() {
    let site = Site::new().guest("evil", "bad").config(
        "strategies:\n  - mirror\n  - use: bad\n    settings: { mode: configure-error, text: seven is not even }\n",
    );
    let reason = site.refused();
    assert!(reason.contains("refuses its settings: seven is not even"), "{reason}");
    assert!(reason.contains("standin.yaml:4:"), "{reason}");
}

#[test]
fn settings_that_a_strategy_cannot_read_are_told_with_their_path() {
    let reason = refusal(json!({ "mode": "no-such-mode" }));
    assert!(reason.contains("refuses its settings: settings.mode") && reason.contains("no-such-mode"), "{reason}");
    let reason = refusal(json!({ "mode": "answer", "count": "many" }));
    assert!(reason.contains("settings.count"), "{reason}");
}

#[test]
fn a_strategy_that_always_misbehaves_is_refused_after_a_trial() {
    for (mode, wanted) in [
        ("loop", "did not finish within 20 ms"),
        ("memory-bomb", "it "),
        ("panic", "evil"),
        ("trap", "trapped"),
        ("stack-overflow", "trapped"),
        ("sleep", "tried to wait"),
    ] {
        let reason = refusal(json!({ "mode": mode }));
        assert!(reason.contains("failed in `respond` as it was tried at load: it "), "{mode}: {reason}");
        assert!(reason.contains(wanted), "{mode}: {reason}");
    }
}

#[test]
fn a_strategy_that_says_itself_that_it_failed_is_not_refused() {
    let stage = json!({ "use": "good", "settings": { "mode": "err" } });
    assert!(Site::new().guest("evil", "good").chain(json!([stage])).build().is_ok());
}

#[test]
fn another_minor_version_is_refused_by_its_name() {
    let reason = refused(&guests::of_version(&guests::wasm("evil"), "0.2.0"));
    assert!(reason.contains("was built for `standin:plugin/") && reason.contains("@0.2.0`"), "{reason}");
    assert!(reason.contains("offers version 0.1.0"), "{reason}");
    let reason = refused(&guests::wasm("future"));
    assert!(reason.contains("@0.2.0`") && reason.contains("offers version 0.1.0"), "{reason}");
    assert!(refused(&guests::of_version(&guests::wasm("evil"), "1.1.0")).contains("@1.1.0`"));
}

#[test]
fn another_patch_version_runs() {
    let stage = json!({ "use": "./older.wasm", "settings": { "mode": "answer", "text": "from another patch" } });
    let site = Site::new().chain(json!([stage]));
    site.put("older.wasm", &guests::of_version(&guests::wasm("evil"), "0.1.9"));
    assert_eq!(site.serve().said("hello"), "from another patch");
}

#[test]
fn what_is_no_component_is_told_apart() {
    assert!(refused(b"").contains("is not a WebAssembly component: the file is empty"));
    assert!(refused(b"just a text\n").contains("is not a WebAssembly component: it does not begin"));
    assert!(refused(b"\0asm\x01\0\0\0").contains("exports nothing that standin knows"));
    let whole = guests::wasm("evil");
    assert!(refused(&whole[..whole.len() / 2]).contains("is not a WebAssembly component"));
    assert!(refused(b"\0asm\x0d\0\x01\0garbage").contains("is not a WebAssembly component"));
}

#[test]
fn a_component_without_a_known_export_is_refused() {
    let reason = refused(&guests::wasm("no_exports"));
    assert!(reason.contains("exports nothing that standin knows"), "{reason}");
    assert!(refused(b"\0asm\x0d\0\x01\0").contains("found nothing"));
}

#[test]
fn an_import_that_is_not_offered_is_named() {
    let reason = refused(&guests::wasm("unknown_import"));
    assert!(reason.contains("imports what standin does not offer: example:elsewhere/oracle@1.2.3"), "{reason}");
}

#[test]
fn a_file_that_is_not_there_is_named_and_so_is_a_folder() {
    let reason = Site::new().chain(json!(["./nowhere.wasm"])).refused();
    assert!(reason.contains("/nowhere.wasm cannot be read: "), "{reason}");
    let reason = Site::new().file("dir.wasm/file", "").chain(json!(["./dir.wasm"])).refused();
    assert!(reason.contains("/dir.wasm cannot be read: "), "{reason}");
}

#[test]
fn a_name_that_nobody_has_is_told_with_the_names_that_there_are() {
    let reason = Site::new().guest("evil", "mine").chain(json!(["miror"])).refused();
    assert!(
        reason.contains(
            "there is no strategy `miror`; bundled are agent, embeddings, error, lookup, mirror, mocks, reasoning, schema, \
             script, tool-call"
        ),
        "{reason}"
    );
    assert!(reason.contains("mine"), "{reason}");
}

#[test]
fn every_bad_component_is_told_at_once() {
    let site = Site::new().guest("no_exports", "exports").guest("unknown_import", "imports").guest("evil", "evil");
    let site = site.file("strategies/text.wasm", "a text").chain(json!([
        "exports",
        "text",
        "mirror",
        "imports",
        "nobody",
        "./nowhere.wasm",
        { "use": "evil", "settings": { "mode": "configure-error", "text": "no" } },
        { "use": "evil", "settings": { "mode": "loop" } },
    ]));
    let reason = site.refused();
    for part in [
        "exports nothing that standin knows",
        "/text.wasm is not a WebAssembly component",
        "imports what standin does not offer",
        "there is no strategy `nobody`",
        "/nowhere.wasm cannot be read",
        "refuses its settings: no",
        "did not finish within 20 ms",
        "7 mistakes in the configuration",
    ] {
        assert!(reason.contains(part), "{part:?} is missing:\n{reason}");
    }
}

#[test]
fn a_bad_component_in_the_folder_is_refused_where_the_folder_is_the_chain() {
    let reason = Site::new().file("strategies/text.wasm", "a text").file("strategies/more.wasm", "a text").refused();
    assert!(reason.contains("text.wasm is not") && reason.contains("more.wasm is not"), "{reason}");
}

#[test]
fn a_cached_component_that_was_damaged_is_compiled_anew() {
    let cache = tempfile::tempdir().unwrap();
    let site = Site::new().guest("evil", "good").chain(json!([{ "use": "good", "settings": { "mode": "answer" } }]));
    let load = || site.build_with_cache(cache.path()).unwrap();
    load();
    let mut files: Vec<_> = std::fs::read_dir(cache.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(files.len(), 1, "{files:?}");
    let file = files.remove(0);
    let whole = std::fs::read(&file).unwrap();
    for damaged in [&b""[..], b"short", &whole[..whole.len() / 2], &[&whole[..whole.len() - 1], b"x"].concat()] {
        std::fs::write(&file, damaged).unwrap();
        load();
        assert_eq!(std::fs::read(&file).unwrap(), whole);
    }
}

#[test]
fn a_cache_that_others_may_write_to_is_not_used() {
    use std::os::unix::fs::PermissionsExt;
    let cache = tempfile::tempdir().unwrap();
    std::fs::set_permissions(cache.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
    let site = Site::new().guest("evil", "good").chain(json!([{ "use": "good", "settings": { "mode": "answer" } }]));
    site.build_with_cache(cache.path()).unwrap();
    assert_eq!(std::fs::read_dir(cache.path()).unwrap().count(), 0);
}
