//! What a manifest says, and which tag is pushed. What needs a registry is in `tests/registry`.

use super::*;

fn artifact(kind: Kind) -> Artifact<'static> {
    Artifact { kind, bytes: b"layer", config: json!({}), annotations: BTreeMap::new() }
}

#[test]
fn a_manifest_is_read_as_it_is_written() {
    for kind in [Kind::Pack, Kind::Component] {
        let bytes = write_manifest(&artifact(kind), b"{}");
        assert_eq!(bytes, write_manifest(&artifact(kind), b"{}"));
        let (read, layer) = read_manifest(&bytes).unwrap();
        assert_eq!((read, layer.digest), (kind, Digest::of(b"layer").to_string()));
    }
}

#[test]
fn what_is_something_else_is_told() {
    let good = String::from_utf8(write_manifest(&artifact(Kind::Component), b"{}")).unwrap();
    for (manifest, told) in [
        ("{}".to_owned(), "neither a pack of standin nor"),
        ("[".to_owned(), "its manifest is wrong"),
        (good.replace("vnd.wasm.config.v0", "vnd.oci.image.config.v1"), "`application/vnd.oci.image.config.v1+json`"),
        (good.replace("application/wasm", "application/x"), "found `application/x`"),
        (good.replace("\"size\":5", "\"size\":268435457"), "268435456 at most"),
        (good.replace("\"layers\":[", "\"layers\":[],\"x\":["), "found 0"),
    ] {
        assert!(read_manifest(manifest.as_bytes()).err().unwrap().contains(told), "{manifest}");
    }
}

#[test]
fn a_push_means_one_tag() {
    let version = Version::parse("1.2.0+x").ok();
    for (which, version, tagged) in [
        ("1.2.0+x", version.as_ref(), Ok("1.2.0_x")),
        ("1.2", version.as_ref(), Err("leave out `@1.2`")),
        ("1.2", None, Ok("1.2")),
        ("latest", version.as_ref(), Ok("latest")),
    ] {
        match (tag(&which.parse().unwrap(), version), tagged) {
            (Ok(tag), Ok(wanted)) => assert_eq!(tag, wanted),
            (Err(why), Err(told)) => assert!(why.contains(told), "{why}"),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(tag(&Which::Newest, version.as_ref()).unwrap(), "1.2.0_x");
    assert!(tag(&Which::Newest, None).is_err());
}
