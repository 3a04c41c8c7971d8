//! What comes out is what went in, and of what others pack, nothing.

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;

use super::*;

fn read(bytes: &[u8]) -> Result<Files, Refusal> {
    unpack(bytes, Limits::default())
}

/// An archive of anything: the name goes into the header as it is.
fn packed(entries: &[(&[u8], EntryType, &[u8])]) -> Vec<u8> {
    gzipped(&tarred(entries))
}

fn tarred(entries: &[(&[u8], EntryType, &[u8])]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (name, kind, bytes) in entries {
        let mut header = Header::new_ustar();
        header.as_old_mut().name[..name.len()].copy_from_slice(name);
        header.set_entry_type(*kind);
        header.set_size(bytes.len() as u64);
        if matches!(kind, EntryType::Symlink | EntryType::Link) {
            header.set_link_name("/etc/passwd").unwrap();
        }
        header.set_cksum();
        tar.append(&header, *bytes).unwrap();
    }
    tar.into_inner().unwrap()
}

fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = GzBuilder::new().write(Vec::new(), Compression::new(9));
    gzip.write_all(bytes).unwrap();
    gzip.finish().unwrap()
}

proptest! {
    #[test]
    fn what_was_packed_is_unpacked(files in btree_map("[a-zé][a-z0-9 ._-]{0,8}(/[a-z][a-z0-9.-]{0,8}){0,3}", vec(any::<u8>(), 0..2000), 0..8)) {
        let bytes = build(&files).unwrap();
        prop_assert_eq!(build(&files).unwrap(), bytes.clone());
        prop_assert_eq!(read(&bytes), Ok(files));
    }

    #[test]
    fn no_bytes_bring_the_reader_down(bytes in vec(any::<u8>(), 0..3000), whole in any::<bool>()) {
        let _ = read(&if whole { gzipped(&bytes) } else { bytes });
    }

    #[test]
    fn a_damaged_archive_is_no_other_archive(at in any::<prop::sample::Index>(), bit in 0..8u8) {
        let files = Files::from([("a".to_owned(), vec![7; 300]), ("b/c".to_owned(), Vec::new())]);
        let mut bytes = build(&files).unwrap();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        // Some bits mean nothing; the rest is found by the checksums.
        if let Ok(read) = read(&bytes) {
            prop_assert_eq!(read, files);
        }
    }
}

#[test]
fn nothing_of_the_machine_is_in_an_archive() {
    let bytes = build(&Files::from([("pack.yaml".to_owned(), b"name: x\n".to_vec())])).unwrap();
    // The head of gzip: no name, no time, no system.
    assert_eq!(bytes[..4], [0x1f, 0x8b, 8, 0]);
    assert_eq!(bytes[4..8], [0; 4]);
    assert_eq!(bytes[9], 255);
    let mut tar = Vec::new();
    GzDecoder::new(bytes.as_slice()).read_to_end(&mut tar).unwrap();
    let header = Header::from_byte_slice(&tar[..512]);
    assert_eq!((header.mtime().unwrap(), header.uid().unwrap(), header.gid().unwrap()), (0, 0, 0));
    assert_eq!(header.mode().unwrap(), 0o644);
    assert_eq!((header.username_bytes(), header.groupname_bytes()), (Some(&b""[..]), Some(&b""[..])));
}

#[test]
fn names_that_lead_elsewhere_are_refused() {
    for name in [
        &b"/etc/passwd"[..],
        b"../x",
        b"a/../../x",
        b"a/..",
        b"..",
        b".",
        b"./a",
        b"a//b",
        b"a/",
        b"a\\b",
        b"C:\\x",
        b"a\nb",
        b"a\x1b[31m",
        b"\xff",
    ] {
        let refusal = read(&packed(&[(name, EntryType::Regular, b"x")])).unwrap_err();
        assert!(matches!(refusal, Refusal::Name(_)), "{name:?}: {refusal:?}");
    }
}

#[test]
fn what_is_no_file_is_refused() {
    for (kind, told) in [
        (EntryType::Symlink, "a symbolic link"),
        (EntryType::Link, "a link"),
        (EntryType::Directory, "a folder"),
        (EntryType::Char, "a device"),
        (EntryType::Block, "a device"),
        (EntryType::Fifo, "a pipe"),
        (EntryType::GNULongName, "an extension of the archive format"),
        (EntryType::XHeader, "an extension of the archive format"),
        (EntryType::Continuous, "of a kind of its own"),
        (EntryType::GNUSparse, "of a kind of its own"),
    ] {
        let refusal = read(&packed(&[(b"ok", EntryType::Regular, b"x"), (b"odd", kind, b"")])).unwrap_err();
        assert_eq!(refusal, Refusal::Kind { name: "odd".into(), kind: told }, "{kind:?}");
    }
}

#[test]
fn a_name_stands_once() {
    let twice = packed(&[(b"a", EntryType::Regular, b"1"), (b"a", EntryType::Regular, b"2")]);
    assert_eq!(read(&twice), Err(Refusal::Duplicate("a".into())));
}

#[test]
fn bombs_are_refused_before_they_go_off() {
    let limits = Limits { bytes: 1 << 20, files: 10, name: 20 };
    let unpack = |bytes: &[u8]| unpack(bytes, limits);
    // A single file, several that are too large together, and one whose head says that it is small.
    let zeros = vec![0; 1 << 19];
    assert!(unpack(&packed(&[(b"a", EntryType::Regular, &zeros), (b"b", EntryType::Regular, &zeros)])).is_ok());
    let three: Vec<_> = [b"a", b"b", b"c"].map(|name| (&name[..], EntryType::Regular, &zeros[..])).into();
    assert_eq!(unpack(&packed(&three)), Err(Refusal::Large(1 << 20)));
    let mut endless = tarred(&[(b"a", EntryType::Regular, b"x")]);
    endless.resize(64 << 20, 0);
    assert_eq!(unpack(&gzipped(&endless)), Err(Refusal::Large(1 << 20)));
    let names: Vec<String> = (0..11).map(|number| number.to_string()).collect();
    let many: Vec<_> = names.iter().map(|name| (name.as_bytes(), EntryType::Regular, &b""[..])).collect();
    assert_eq!(unpack(&packed(&many)), Err(Refusal::Many(10)));
    let long = packed(&[(&[b'a'; 21], EntryType::Regular, b"")]);
    assert_eq!(unpack(&long), Err(Refusal::LongName { found: 21, most: 20 }));
    // A file that says it has more bytes than there are.
    let mut tar = tarred(&[(b"a", EntryType::Regular, &[1; 512])]);
    let mut header = Header::from_byte_slice(&tar[..512]).clone();
    header.set_size(1 << 60);
    header.set_cksum();
    tar[..512].copy_from_slice(header.as_bytes());
    assert_eq!(unpack(&gzipped(&tar)), Err(Refusal::Large(1 << 20)));
    header.set_size(100_000);
    header.set_cksum();
    tar[..512].copy_from_slice(header.as_bytes());
    assert!(matches!(unpack(&gzipped(&tar)), Err(Refusal::Damaged(_))));
}

#[test]
fn nothing_stands_behind_the_end() {
    let good = build(&Files::from([("a".to_owned(), b"x".to_vec())])).unwrap();
    assert_eq!(read(&[&good[..], b"more"].concat()), Err(Refusal::Trailing));
    assert_eq!(read(&[&good[..], &good[..]].concat()), Err(Refusal::Trailing));
    let mut tar = tarred(&[(b"a", EntryType::Regular, b"x")]);
    tar.extend([1; 512]);
    assert_eq!(read(&gzipped(&tar)), Err(Refusal::Trailing));
    assert!(matches!(read(&good[..good.len() - 9]), Err(Refusal::Damaged(_))));
    assert!(matches!(read(b"PK\x03\x04"), Err(Refusal::Damaged(_))));
    assert!(matches!(read(b""), Err(Refusal::Damaged(_))));
}
