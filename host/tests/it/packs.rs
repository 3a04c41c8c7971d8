//! Packs without a registry: built, installed from a folder and from an archive, named in a chain, pinned, and refused. What
//! needs a registry is in `tests/registry`.

mod desk;

use std::fs;

use desk::Desk;

fn digest(told: &str) -> &str {
    told.lines().find_map(|line| line.strip_prefix("digest")).expect("a digest").trim()
}

#[test]
fn the_same_pack_gives_the_same_bytes() {
    let (one, other) = (Desk::new(), Desk::new());
    // What does not belong to a pack, and when its files were written, make no difference.
    other.put("greetings/src/lib.rs", b"source");
    let told = one.ok(&["pack", "build", "greetings"]);
    other.ok(&["pack", "build", "greetings", "-o", "out.tar.gz"]);
    assert!(told.contains("tests       1 passed") && told.contains("pack        greetings@1.2.0"), "{told}");
    let bytes = fs::read(one.path("greetings-1.2.0.standin.tar.gz")).unwrap();
    assert_eq!(bytes, fs::read(other.path("out.tar.gz")).unwrap());
    assert!(told.contains(&format!("size        {} bytes", bytes.len())), "{told}");
    let files = standin::pack::archive::unpack(bytes.as_slice(), standin::pack::archive::Limits::default()).unwrap();
    let names: Vec<_> = files.keys().map(String::as_str).collect();
    assert_eq!(names, ["LICENSE", "README.md", "greeter.wasm", "pack.yaml", "tests/greeter.test.yaml"]);
}

#[test]
fn what_is_wrong_with_a_pack_is_told() {
    let desk = Desk::new();
    let build = ["pack", "build", "greetings"];
    desk.edit("greetings/tests/greeter.test.yaml", "{ text: hello }", "{ text: goodbye }");
    assert!(desk.fails(&build).contains("1 of the pack's tests fail"));
    desk.edit("greetings/pack.yaml", "{ mode: pass }", "{ mode: nonsense }");
    let told = desk.fails(&build);
    assert!(told.contains("greeter.wasm: the strategy `quiet` refuses its settings"), "{told}");
    desk.put("greetings/greeter.wasm", b"not wasm");
    assert!(desk.fails(&build).contains("is not a WebAssembly component"));
    fs::remove_file(desk.path("greetings/README.md")).unwrap();
    fs::remove_file(desk.path("greetings/greeter.wasm")).unwrap();
    std::os::unix::fs::symlink("/etc/hostname", desk.path("greetings/tests/link")).unwrap();
    let told = desk.fails(&build);
    for part in ["README.md is missing", "greeter.wasm is missing", "tests/link is a link"] {
        assert!(told.contains(part), "{part}: {told}");
    }
    desk.edit("greetings/pack.yaml", "'>=0.1'", "'>=99'");
    assert!(desk.fails(&build).contains("greetings 1.2.0 is made for standin >=99, and this is standin "));
    desk.edit("greetings/pack.yaml", "version: 1.2.0", "version: newest");
    assert!(desk.fails(&build).contains("pack.yaml:2:10"));
    assert!(desk.fails(&["pack", "build", "store"]).contains("there is no pack.yaml in store"));
    assert!(!desk.path("greetings-1.2.0.standin.tar.gz").exists());
}

#[test]
fn an_installed_pack_is_served_from_the_store() {
    let desk = Desk::new();
    let built = desk.ok(&["pack", "build", "greetings"]);
    let told = desk.ok(&["pack", "install", "greetings-1.2.0.standin.tar.gz"]);
    assert_eq!(digest(&told), digest(&built));
    assert!(told.contains("use         pack:greetings/greeter") && told.contains("not pinned"), "{told}");
    // Nothing but the store is left.
    fs::remove_dir_all(desk.path("greetings")).unwrap();
    fs::remove_file(desk.path("greetings-1.2.0.standin.tar.gz")).unwrap();
    desk.put("standin.yaml", b"strategies: [pack:greetings/quiet, pack:greetings@1.2/greeter]\n");
    assert_eq!(desk.says(), "hello");
    let told = desk.ok(&["check"]);
    assert!(told.contains("pack:greetings@1.2.0/greeter"), "{told}");
    // The settings of the stage replace those of the pack key by key.
    desk.put("standin.yaml", b"strategies: [{ use: pack:greetings/greeter, settings: { text: good day } }]\n");
    assert_eq!(desk.says(), "good day");
    assert_eq!(desk.ok(&["pack", "list"]), "greetings@1.2.0\n");
    let told = desk.ok(&["pack", "list", "-v"]);
    assert!(
        told.contains("pack:greetings/greeter  Says what its settings say") && told.contains("licence   MIT"),
        "{told}"
    );
}

#[test]
fn a_stage_that_means_nothing_installed_says_what_to_run() {
    let desk = Desk::new();
    let check = |stages: &str| {
        desk.put("standin.yaml", format!("strategies: [{stages}]\n").as_bytes());
        desk.fails(&["check"])
    };
    let told = check("pack:greetings/greeter");
    assert!(told.contains("standin.yaml:1:14") && told.contains("run `standin pack install REF`"), "{told}");
    let told = check("'oci://localhost:1/team/greeter@1.2'");
    assert!(told.contains("run `standin pack install oci://localhost:1/team/greeter@1.2`"), "{told}");
    desk.ok(&["pack", "install", "greetings"]);
    for (stage, part) in [
        ("pack:greetings", "has several strategies: `greeter`, `quiet`; say which"),
        ("pack:greetings/other", "has no strategy `other`; it has `greeter`, `quiet`"),
        ("pack:greetings@2/greeter", "is not installed (there is greetings@1.2.0)"),
        ("pack:Greetings/greeter", "a name is made of small letters"),
        ("'oci://greeter'", "names no registry"),
        // Together with another mistake.
        ("pack:nothing/x], sed: 1, faults: [", "unknown key `sed`"),
        ("pack:nothing/x], sed: 1, faults: [", "`pack:nothing` is not installed"),
    ] {
        let stages = stage.replace("], ", "]\n").replace(", faults: [", "\nfaults: [");
        let told = check(&stages);
        assert!(told.contains(part), "{part}: {told}");
    }
}

#[test]
fn the_lock_pins_what_is_served() {
    let desk = Desk::new();
    desk.put("standin.yaml", b"strategies: [pack:greetings/greeter]\n");
    let told = desk.ok(&["pack", "install", "greetings"]);
    assert!(told.contains("pinned in   standin.lock"), "{told}");
    let pinned = digest(&told).to_owned();
    let lock = desk.read("standin.lock");
    for part in ["pack: greetings", "version: 1.2.0", "from: \"greetings\"", &format!("digest: {pinned}")] {
        assert!(lock.contains(part), "{part}: {lock}");
    }
    // A later version is installed elsewhere; this configuration stays with its own.
    desk.edit("greetings/pack.yaml", "version: 1.2.0", "version: 1.3.0");
    desk.edit("greetings/pack.yaml", "text: hello", "text: later");
    desk.put("elsewhere/x", b"");
    let mut install = desk.command(&["pack", "install", "../greetings"]);
    assert!(install.current_dir(desk.path("elsewhere")).output().unwrap().status.success());
    assert_eq!(desk.ok(&["pack", "list"]), "greetings@1.2.0\ngreetings@1.3.0\n");
    assert_eq!(desk.says(), "hello");
    // The folder is no longer what was pinned: a machine without a store refuses it, and names both.
    fs::remove_dir_all(desk.path("store")).unwrap();
    assert!(desk.fails(&["check"]).contains("run `standin pack install` in the folder of "));
    let told = desk.fails(&["pack", "install"]);
    assert!(told.contains(&format!("expected {pinned} (pinned in standin.lock), found sha256:")), "{told}");
    assert!(desk.blobs().is_empty(), "nothing of it is kept");
    // As it was, it is restored.
    desk.edit("greetings/pack.yaml", "version: 1.3.0", "version: 1.2.0");
    desk.edit("greetings/pack.yaml", "text: later", "text: hello");
    assert_eq!(digest(&desk.ok(&["pack", "install"])), pinned);
    assert_eq!(desk.ok(&["pack", "install"]), "everything is installed already\n");
    assert_eq!(desk.says(), "hello");
    desk.edit("standin.lock", &pinned, "sha256:12");
    assert!(desk.fails(&["check"]).contains("standin.lock:"));
}

#[test]
fn what_was_changed_in_the_store_is_refused() {
    let desk = Desk::new();
    desk.put("standin.yaml", b"strategies: [pack:greetings/greeter]\n");
    let told = desk.ok(&["pack", "install", "greetings"]);
    let archive = desk.path("store/sha256").join(&digest(&told)["sha256:".len()..]);
    let told = desk.ok(&["pack", "verify"]);
    assert!(told.contains("ok          greetings@1.2.0  sha256:") && told.contains("in standin.lock"), "{told}");
    let good = fs::read(&archive).unwrap();
    fs::write(&archive, b"evil").unwrap();
    for args in [&["check"][..], &["pack", "verify"]] {
        let output = desk.command(args).output().unwrap();
        let told = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert_eq!(output.status.code(), Some(2), "{told}");
        assert!(told.contains("is refused: expected sha256:") && told.contains(", found sha256:"), "{told}");
    }
    fs::write(&archive, good).unwrap();
    // A component that lies beside its archive is only there for the loader, and is put right.
    for blob in desk.blobs() {
        if blob != archive {
            fs::write(blob, b"evil").unwrap();
        }
    }
    assert!(desk.fails(&["pack", "verify", "greetings"]).contains("not what they should be"));
    assert_eq!(desk.says(), "hello");
    desk.ok(&["pack", "verify", "greetings@1.2"]);
}

#[test]
fn rights_have_to_be_granted() {
    let desk = Desk::new();
    desk.edit(
        "greetings/pack.yaml",
        "mode: answer, text: hello }",
        "mode: answer, text: hello }\n    allow: { env: [LANG], http: [example.com] }",
    );
    let told = desk.ok(&["pack", "install", "greetings"]);
    assert!(told.contains("asks for    greeter: { env: [LANG], http: [example.com] }"), "{told}");
    assert!(desk.ok(&["pack", "list", "-v"]).contains("asks for  { env: [LANG], http: [example.com] }"));
    desk.put("standin.yaml", b"strategies:\n  - pack:greetings/greeter\n");
    let told = desk.fails(&["check"]);
    for part in [
        "standin.yaml:2:5",
        "`pack:greetings@1.2.0/greeter` asks for rights that are not granted: { env: [LANG], http: [example.com] }",
        "grant them with `allow: { env: [LANG], http: [example.com] }` at this stage, or refuse them with `allow: {}`",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    for allow in ["{}", "{ env: [LANG], http: [example.com] }"] {
        desk.put(
            "standin.yaml",
            format!("strategies:\n  - use: pack:greetings/greeter\n    allow: {allow}\n").as_bytes(),
        );
        assert_eq!(desk.says(), "hello");
    }
}

#[test]
fn what_is_removed_is_gone() {
    let desk = Desk::new();
    desk.ok(&["pack", "install", "greetings"]);
    desk.edit("greetings/pack.yaml", "version: 1.2.0", "version: 1.3.0");
    desk.ok(&["pack", "install", "greetings"]);
    assert_eq!(desk.ok(&["pack", "remove", "greetings@1.2.0"]), "removed     greetings@1.2.0\n");
    assert_eq!(desk.blobs().len(), 2, "an archive, and the component that both had");
    assert!(desk.fails(&["pack", "remove", "greetings@1.2.0"]).contains("installed is greetings@1.3.0"));
    desk.ok(&["pack", "remove", "greetings"]);
    assert!(desk.blobs().is_empty());
    assert!(desk.ok(&["pack", "list"]).starts_with("nothing is installed in "));
    assert!(desk.fails(&["pack", "verify", "greetings"]).contains("is not installed"));
}

#[test]
fn a_hostile_archive_leaves_nothing() {
    let desk = Desk::new();
    let mut tar = tar::Builder::new(Vec::new());
    for (name, kind) in [("pack.yaml", tar::EntryType::Regular), ("../escaped", tar::EntryType::Symlink)] {
        let mut header = tar::Header::new_ustar();
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_entry_type(kind);
        header.set_size(0);
        header.set_cksum();
        tar.append(&header, &[][..]).unwrap();
    }
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    std::io::Write::write_all(&mut gzip, &tar.into_inner().unwrap()).unwrap();
    desk.put("x.tar.gz", &gzip.finish().unwrap());
    let told = desk.fails(&["pack", "install", "x.tar.gz"]);
    assert!(told.contains("x.tar.gz is refused: it holds a file named \"../escaped\""), "{told}");
    assert!(!desk.path("store").exists());
    desk.put("y.tar.gz", b"PK");
    assert!(desk.fails(&["pack", "install", "y.tar.gz"]).contains("no archive of a pack, or a damaged one"));
}

#[test]
fn a_pack_that_does_not_work_is_not_installed() {
    let desk = Desk::new();
    desk.edit("greetings/pack.yaml", "{ mode: pass }", "{ mode: loop }");
    let told = desk.fails(&["pack", "install", "greetings"]);
    assert!(told.contains("greetings@1.2.0 is not installed") && told.contains("the strategy `quiet`"), "{told}");
    assert!(desk.blobs().is_empty(), "nothing of it is kept");
}

#[test]
fn each_wrong_use_says_what_to_do() {
    let desk = Desk::new();
    for (args, part) in [
        (&["install"][..], "there is no standin.yaml here; say what to install"),
        (&["install", "nothing"], "expected `oci://REGISTRY/NAME@VERSION`, an archive, or the folder of a pack"),
        (&["install", "ghcr.io/team/x"], "in a registry, it is `oci://ghcr.io/team/x`"),
        (&["install", "pack:greetings"], "names a pack that is installed already"),
        (&["install", "greetings/greeter.wasm"], "a chain takes its path, `use: greetings/greeter.wasm`"),
        (&["push", "localhost:1/x", "greetings"], "is written `oci://localhost:1/x`"),
        (&["push", "oci://localhost:1/x", "greetings/greeter.wasm"], "say one, such as `@1.0.0`"),
        (&["push", "oci://localhost:1/x@1.1.0", "greetings"], "leave out `@1.1.0`, or change `version`"),
        (&["push", "oci://localhost:1/x", "nothing"], "expected the folder of a pack, its archive, or a component"),
        (&["pull", "oci://localhost:1/x@1/y"], "leave out `/y`"),
        (&["pull", "pack:x"], "expected a place in a registry"),
        (&["pull", "oci://localhost:1/x"], "see that the registry runs and can be reached"),
        (&["push", "oci://localhost:1/x@1.0.0", "greetings/greeter.wasm"], "no connection to http://localhost:1"),
        (&["remove", "x"], "installed is nothing"),
    ] {
        let told = desk.fails(&[&["pack"], args].concat());
        assert!(told.contains(part), "{args:?}: {told}");
    }
    for command in ["build", "push", "pull", "install", "list", "remove", "verify"] {
        let told = desk.ok(&["pack", command, "--help"]);
        assert!(told.contains("Example") && told.contains(&format!("standin pack {command}")), "{told}");
    }
}

#[test]
fn credentials_are_not_shown() {
    let desk = Desk::new();
    let auth = "bWU6aHVudGVyMg=="; // me:hunter2
    desk.put("docker/config.json", format!("{{\"auths\":{{\"localhost:1\":{{\"auth\":\"{auth}\"}}}}}}").as_bytes());
    let told = desk.fails(&["pack", "pull", "oci://localhost:1/x@1"]);
    assert!(!told.contains("hunter2") && !told.contains(auth), "{told}");
    desk.put("docker/config.json", b"{ \"auths\": hunter2");
    let told = desk.fails(&["pack", "pull", "oci://localhost:1/x@1"]);
    assert!(told.contains("config.json cannot be read, or is no JSON") && !told.contains("hunter2"), "{told}");
    desk.put("docker/config.json", b"{ \"credHelpers\": { \"localhost:1\": \"no-such\" } }");
    let told = desk.fails(&["pack", "pull", "oci://localhost:1/x@1"]);
    assert!(told.contains("a credential helper that cannot be run"), "{told}");
}
