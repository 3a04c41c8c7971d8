//! The file that a pack travels in: a tar archive under gzip, the same bytes for the same content.
//!
//! An archive from elsewhere is hostile until it is read. It is read into memory, never onto the disk, so that no name in it can
//! lead anywhere, and everything that [`build`] would not have written is refused.

use std::collections::BTreeMap;
use std::io::{self, BufRead, Read, Write};

use flate2::bufread::GzDecoder;
use flate2::{Compression, GzBuilder};
use tar::{Archive, EntryType, Header};

/// The content of an archive: names, with `/` between folders, and bytes.
pub type Files = BTreeMap<String, Vec<u8>>;

/// What ends the name of an archive.
pub const EXTENSION: &str = ".standin.tar.gz";

/// What an archive may hold.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The bytes of all files together.
    pub bytes: u64,
    /// How many files.
    pub files: usize,
    /// The length of a name, in bytes.
    pub name: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { bytes: 256 << 20, files: 1_000, name: 100 }
    }
}

/// Why an archive is not unpacked.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Damaged, or something else.
    #[error("it is no archive of a pack, or a damaged one: {0}")]
    Damaged(String),
    /// A name that leads elsewhere, or is none.
    #[error("it holds a file named {0:?}; a name is relative, without `..`, `.`, `\\` and control characters")]
    Name(String),
    /// A name that is too long.
    #[error("it holds a file with a name of {found} bytes; at most {most} are allowed")]
    LongName {
        /// How long.
        found: usize,
        /// How long one may be.
        most: usize,
    },
    /// The same name twice.
    #[error("it holds `{0}` twice")]
    Duplicate(String),
    /// A link, a device, or whatever is no file.
    #[error("it holds `{name}`, which is {kind} and not a file")]
    Kind {
        /// Which.
        name: String,
        /// What it is.
        kind: &'static str,
    },
    /// Too many files.
    #[error("it holds more than {0} files")]
    Many(usize),
    /// Too many bytes.
    #[error("it unpacks to more than {0} bytes")]
    Large(u64),
    /// Something behind the end.
    #[error("something follows behind its end")]
    Trailing,
}

/// Writes an archive: the same files give the same bytes, on any machine.
///
/// # Errors
/// A name that does not fit.
pub fn build(files: &Files) -> io::Result<Vec<u8>> {
    // No time and no system in the head of the gzip stream either.
    let gzip = GzBuilder::new().mtime(0).operating_system(255).write(Vec::new(), Compression::new(6));
    let mut tar = tar::Builder::new(gzip);
    for (name, bytes) in files {
        let mut header = Header::new_ustar();
        header.set_path(name)?;
        header.set_entry_type(EntryType::Regular);
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        header.set_mtime(0);
        header.set_uid(0);
        header.set_gid(0);
        header.set_cksum();
        tar.append(&header, bytes.as_slice())?;
    }
    let mut gzip = tar.into_inner()?;
    gzip.flush()?;
    gzip.finish()
}

/// Reads an archive.
///
/// # Errors
/// It holds what a pack does not, or more than the limits allow.
pub fn unpack(reader: impl BufRead, limits: Limits) -> Result<Files, Refusal> {
    let mut gzip = GzDecoder::new(reader);
    // A block for the head of each file, one to fill it up, and the end.
    let most = limits.bytes.saturating_add((limits.files as u64 + 21) * 1024);
    let mut archive = Archive::new(Bounded { inner: &mut gzip, left: most, most: limits.bytes });
    let mut files = Files::new();
    let mut left = limits.bytes;
    // Raw: what extends a name is refused, not followed.
    for entry in archive.entries().map_err(damaged)?.raw(true) {
        let mut entry = entry.map_err(damaged)?;
        if files.len() >= limits.files {
            return Err(Refusal::Many(limits.files));
        }
        let name = name(&entry.path_bytes(), limits.name)?;
        if let Some(kind) = kind(entry.header().entry_type()) {
            return Err(Refusal::Kind { name, kind });
        }
        let size = entry.header().size().map_err(damaged)?;
        left = left.checked_sub(size).ok_or(Refusal::Large(limits.bytes))?;
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).map_err(damaged)?;
        if bytes.len() as u64 != size {
            return Err(Refusal::Damaged(format!("`{name}` ends before its end")));
        }
        if files.contains_key(&name) {
            return Err(Refusal::Duplicate(name));
        }
        files.insert(name, bytes);
    }
    let mut rest = archive.into_inner();
    let mut block = [0; 4096];
    loop {
        match rest.read(&mut block).map_err(damaged)? {
            0 => break,
            count if block[..count].iter().any(|byte| *byte != 0) => return Err(Refusal::Trailing),
            _ => {}
        }
    }
    if !gzip.into_inner().fill_buf().map_err(damaged)?.is_empty() {
        return Err(Refusal::Trailing);
    }
    Ok(files)
}

/// Whether a name is one that [`unpack`] takes.
pub fn is_name(name: &str) -> bool {
    let part = |part: &str| !part.is_empty() && part != "." && part != "..";
    name.split('/').all(part) && !name.contains('\\') && !name.chars().any(char::is_control)
}

fn name(bytes: &[u8], most: usize) -> Result<String, Refusal> {
    if bytes.len() > most {
        return Err(Refusal::LongName { found: bytes.len(), most });
    }
    let shown = || Refusal::Name(String::from_utf8_lossy(bytes).into_owned());
    let name = std::str::from_utf8(bytes).map_err(|_| shown())?;
    if is_name(name) { Ok(name.to_owned()) } else { Err(shown()) }
}

fn kind(kind: EntryType) -> Option<&'static str> {
    Some(match kind {
        EntryType::Regular => return None,
        EntryType::Symlink => "a symbolic link",
        EntryType::Link => "a link",
        EntryType::Directory => "a folder",
        EntryType::Char | EntryType::Block => "a device",
        EntryType::Fifo => "a pipe",
        EntryType::GNULongName | EntryType::GNULongLink | EntryType::XHeader | EntryType::XGlobalHeader => {
            "an extension of the archive format"
        }
        _ => "of a kind of its own",
    })
}

fn damaged(error: impl Into<io::Error>) -> Refusal {
    let error = error.into();
    match error.get_ref().and_then(|inner| inner.downcast_ref::<TooMuch>()) {
        Some(TooMuch(most)) => Refusal::Large(*most),
        None => Refusal::Damaged(error.to_string()),
    }
}

#[derive(Debug, thiserror::Error)]
#[error("more than {0} bytes")]
struct TooMuch(u64);

/// Ends with an error where there is more than there may be: what a bomb says of its sizes does not matter.
struct Bounded<R> {
    inner: R,
    left: u64,
    most: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.left = self.left.checked_sub(count as u64).ok_or_else(|| io::Error::other(TooMuch(self.most)))?;
        Ok(count)
    }
}

#[cfg(test)]
mod tests;
