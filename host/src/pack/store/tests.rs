//! What is kept, found and removed, also by many at once.

use super::*;

fn item(pack: &str, version: &str, bytes: &[u8]) -> Item {
    Item {
        pack: Some(pack.to_owned()),
        version: Version::parse(version).ok(),
        source: None,
        digest: Digest::of(bytes),
        size: bytes.len() as u64,
        components: Vec::new(),
    }
}

fn found(store: &Store, text: &str) -> Option<String> {
    store.find(&text.parse().unwrap()).unwrap().map(|item| item.title())
}

#[test]
fn blobs_are_checked_against_their_names() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::new(dir.path().join("a/b"));
    assert_eq!(store.read(Digest::of(b"x")).unwrap(), None);
    let (digest, new) = store.keep(b"x").unwrap();
    assert!(new && digest == Digest::of(b"x"));
    assert!(!store.keep(b"x").unwrap().1);
    assert_eq!(store.read(digest).unwrap(), Some(b"x".to_vec()));
    fs::write(store.path(digest), b"y").unwrap();
    let error = store.read(digest).unwrap_err().to_string();
    assert!(error.contains(&digest.to_string()) && error.contains(&Digest::of(b"y").to_string()), "{error}");
    assert!(store.keep(b"x").unwrap().1, "a damaged blob is written anew");
    use std::os::unix::fs::MetadataExt;
    assert_eq!(fs::metadata(store.folder()).unwrap().mode() & 0o777, 0o700);
    assert_eq!(fs::read_dir(store.folder().join("sha256")).unwrap().count(), 1, "nothing half-written is left");
}

#[test]
fn the_highest_version_that_fits_is_found() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::new(dir.path());
    assert_eq!(found(&store, "pack:a"), None);
    for version in ["1.2.0", "1.10.0", "1.9.0", "2.0.0-rc.1"] {
        store.enter(&item("a", version, version.as_bytes())).unwrap();
    }
    store.enter(&item("b", "7.0.0", b"")).unwrap();
    for (reference, title) in [
        ("pack:a", Some("a@1.10.0")),
        ("pack:a@1", Some("a@1.10.0")),
        ("pack:a@1.9", Some("a@1.9.0")),
        ("pack:a@2.0.0-rc.1", Some("a@2.0.0-rc.1")),
        ("pack:a@2", None),
        ("pack:c", None),
        ("oci://h.example/a", None),
    ] {
        assert_eq!(found(&store, reference).as_deref(), title, "{reference}");
    }
}

#[test]
fn a_component_is_found_by_where_it_came_from() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::new(dir.path());
    let manifest = Digest::of(b"manifest");
    let source = Source {
        registry: "localhost:5000".into(),
        repository: "team/greeter".into(),
        tag: Some("0.3.1".into()),
        manifest,
    };
    let version = Version::parse("0.3.1").ok();
    store.enter(&Item { pack: None, version, source: Some(source), ..item("", "1.0.0", b"c") }).unwrap();
    let title = "oci://localhost:5000/team/greeter@0.3.1";
    for reference in
        [title, "oci://localhost:5000/team/greeter@0.3", &format!("oci://localhost:5000/team/greeter@{manifest}")]
    {
        assert_eq!(found(&store, reference).as_deref(), Some(title), "{reference}");
    }
    assert_eq!(found(&store, "oci://localhost:5001/team/greeter"), None);
}

#[test]
fn what_others_need_is_not_removed() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::new(dir.path());
    let (archive, _) = store.keep(b"a").unwrap();
    let (shared, _) = store.keep(b"shared").unwrap();
    let first = Item { components: vec![shared], ..item("a", "1.0.0", b"a") };
    store.enter(&first).unwrap();
    store.enter(&Item { components: vec![shared], ..item("b", "1.0.0", b"b") }).unwrap();
    store.remove(&first).unwrap();
    assert_eq!(found(&store, "pack:a"), None);
    assert!(store.read(archive).unwrap().is_none() && store.read(shared).unwrap().is_some());
}

#[test]
fn many_at_once_do_no_harm() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::new(dir.path());
    std::thread::scope(|scope| {
        for writer in 0..4 {
            let store = &store;
            scope.spawn(move || {
                for number in 0..10 {
                    store.keep(format!("{number}").as_bytes()).unwrap();
                    store.enter(&item(&format!("p{writer}"), &format!("1.0.{number}"), b"")).unwrap();
                    store.enter(&item("same", "1.0.0", b"")).unwrap();
                }
            });
        }
    });
    let (items, odd) = store.items().unwrap();
    assert_eq!((items.len(), odd), (41, Vec::<String>::new()));
}
