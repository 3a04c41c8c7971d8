//! The sections of a core module: as much as has to be known before wit-component reads it, and the two things that are
//! changed in it. Everything else is copied as it is.

use std::borrow::Cow;

const CUSTOM: u8 = 0;
const TYPE: u8 = 1;
const IMPORT: u8 = 2;
const FUNCTION: u8 = 3;
const EXPORT: u8 = 7;
const CODE: u8 = 10;
const DATA: u8 = 11;

/// What the arena of a module begins with that keeps pages for the adapter: sixteen bytes, then a counter, then the pages.
pub(super) const MARK: &[u8; 16] = b"standin adapter:";
const PAGES: usize = 2;
const PAGE: usize = 1 << 16;

/// A core module, by section.
pub(super) struct Module<'a> {
    sections: Vec<(u8, Cow<'a, [u8]>)>,
    imports: Vec<(&'a str, &'a str)>,
    imported_functions: u64,
    exports: Vec<Export<'a>>,
}

struct Export<'a> {
    name: Cow<'a, str>,
    kind: u8,
    index: u64,
}

type Read<T> = Result<T, &'static str>;

impl<'a> Module<'a> {
    /// Reads what lies behind the header.
    pub(super) fn read(bytes: &'a [u8]) -> Read<Self> {
        let mut module = Self { sections: Vec::new(), imports: Vec::new(), imported_functions: 0, exports: Vec::new() };
        let mut rest = Reader(bytes.get(8..).unwrap_or_default());
        while !rest.0.is_empty() {
            let id = rest.byte()?;
            let body = rest.sized()?;
            match id {
                IMPORT => module.read_imports(Reader(body))?,
                EXPORT => module.read_exports(Reader(body))?,
                _ => {}
            }
            module.sections.push((id, Cow::Borrowed(body)));
        }
        Ok(module)
    }

    fn read_imports(&mut self, mut body: Reader<'a>) -> Read<()> {
        for _ in 0..body.number()? {
            self.imports.push((body.text()?, body.text()?));
            match body.byte()? {
                0 => {
                    self.imported_functions += 1;
                    body.number()?;
                }
                1 => {
                    body.byte()?;
                    body.limits()?;
                }
                2 => body.limits()?,
                3 => {
                    body.byte()?;
                    body.byte()?;
                }
                _ => return Err("an import of a kind that is not known"),
            }
        }
        Ok(())
    }

    fn read_exports(&mut self, mut body: Reader<'a>) -> Read<()> {
        for _ in 0..body.number()? {
            let name = Cow::Borrowed(body.text()?);
            self.exports.push(Export { name, kind: body.byte()?, index: body.number()? });
        }
        Ok(())
    }

    /// What is imported: from where, and its name.
    pub(super) fn imports(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.imports.iter().copied()
    }

    /// The names of all exports.
    pub(super) fn exported(&self) -> impl Iterator<Item = &str> {
        self.exports.iter().map(|it| &*it.name)
    }

    /// The names of the exported functions.
    pub(super) fn functions(&self) -> impl Iterator<Item = &str> {
        self.exports.iter().filter(|it| it.kind == 0).map(|it| &*it.name)
    }

    /// Every name that could be one of ours.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.exported().chain(self.imports.iter().map(|(from, _)| *from))
    }

    /// Whether there is an export of this name.
    pub(super) fn exports(&self, name: &str) -> bool {
        self.exported().any(|it| it == name)
    }

    /// Whether its bindings wrote down what world it is for.
    pub(super) fn has_component_type(&self) -> bool {
        let mut custom = self.sections.iter().filter(|(id, _)| *id == CUSTOM);
        custom.any(|(_, body)| Reader(body).text().is_ok_and(|name| name.starts_with("component-type")))
    }

    /// Gives exports another name, where there is one.
    pub(super) fn rename_exports(&mut self, canonical: impl Fn(&str) -> Option<String>) {
        for export in &mut self.exports {
            if let Some(name) = canonical(&export.name) {
                export.name = name.into();
            }
        }
    }

    /// Whether the adapter asks this module for its pages.
    pub(super) fn has_pages_for_the_adapter(&self) -> bool {
        self.exports("cabi_realloc_adapter")
    }

    /// A Go program takes for granted that nobody else makes the memory grow: its heap would run into pages that the adapter
    /// took from the end. So its arena keeps pages for the adapter, and this adds the function that hands them out: written
    /// here, because the adapter asks before Go has started.
    pub(super) fn give_pages_to_the_adapter(&mut self) {
        let Some(counter) = self.address_of_mark() else { return };
        let pages = (counter + 4).next_multiple_of(16);
        let (Some(types), Some(functions)) = (self.count(TYPE), self.count(FUNCTION)) else { return };
        let mut signature = Vec::new();
        number(&mut signature, types);
        self.append(TYPE, &[0x60, 4, 0x7f, 0x7f, 0x7f, 0x7f, 1, 0x7f]);
        self.append(FUNCTION, &signature);
        self.append(CODE, &hand_out(counter, pages));
        let index = self.imported_functions + functions;
        self.exports.push(Export { name: "cabi_realloc_adapter".into(), kind: 0, index });
    }

    fn address_of_mark(&self) -> Option<usize> {
        let (_, data) = self.sections.iter().find(|(id, _)| *id == DATA)?;
        let mut data = Reader(data);
        for _ in 0..data.number().ok()? {
            // Active, in memory 0, at a constant: nothing else has an address that is known here.
            if data.number().ok()? != 0 || data.byte().ok()? != 0x41 {
                return None;
            }
            let start = data.signed().ok()?;
            if data.byte().ok()? != 0x0b {
                return None;
            }
            let bytes = data.sized().ok()?;
            if let Some(at) = memchr::memmem::find(bytes, MARK) {
                return usize::try_from(start).ok()?.checked_add(at)?.checked_add(MARK.len());
            }
        }
        None
    }

    fn count(&self, section: u8) -> Option<u64> {
        let (_, body) = self.sections.iter().find(|(id, _)| *id == section)?;
        Reader(body).number().ok()
    }

    /// Appends one entry to a section that begins with the number of its entries.
    fn append(&mut self, section: u8, entry: &[u8]) {
        let Some((_, body)) = self.sections.iter_mut().find(|(id, _)| *id == section) else { return };
        let mut rest = Reader(body);
        let Ok(count) = rest.number() else { return };
        let mut longer = Vec::new();
        number(&mut longer, count + 1);
        longer.extend_from_slice(rest.0);
        longer.extend_from_slice(entry);
        *body = longer.into();
    }

    /// The module as bytes.
    pub(super) fn write(&self) -> Vec<u8> {
        let mut bytes = b"\0asm\x01\0\0\0".to_vec();
        for (id, body) in &self.sections {
            let exports = (*id == EXPORT).then(|| self.write_exports());
            bytes.push(*id);
            sized(&mut bytes, exports.as_deref().unwrap_or(body));
        }
        bytes
    }

    fn write_exports(&self) -> Vec<u8> {
        let mut body = Vec::new();
        number(&mut body, self.exports.len() as u64);
        for export in &self.exports {
            sized(&mut body, export.name.as_bytes());
            body.push(export.kind);
            number(&mut body, export.index);
        }
        body
    }
}

/// The code of `cabi_realloc(old, old-size, align, size)`, which the adapter calls for a page at a time: traps where the pages
/// are used up, and otherwise returns where the next ones begin.
fn hand_out(counter: usize, pages: usize) -> Vec<u8> {
    const LOCAL_GET: u8 = 0x20;
    const SIZE: u8 = 3;
    const TOTAL: u8 = 4;
    let constant = |code: &mut Vec<u8>, value: usize| {
        code.push(0x41);
        signed(code, value as i64);
    };
    let load = |code: &mut Vec<u8>| {
        constant(code, counter);
        code.extend([0x28, 0, 0]);
    };
    let mut code = vec![1, 1, 0x7f];
    // total = used + size; if total > all: unreachable
    load(&mut code);
    code.extend([LOCAL_GET, SIZE, 0x6a, 0x22, TOTAL]);
    constant(&mut code, PAGES * PAGE);
    code.extend([0x4b, 0x04, 0x40, 0x00, 0x0b]);
    // used = total; return pages + (total - size)
    constant(&mut code, counter);
    code.extend([LOCAL_GET, TOTAL, 0x36, 0, 0]);
    constant(&mut code, pages);
    code.extend([LOCAL_GET, TOTAL, 0x6a, LOCAL_GET, SIZE, 0x6b, 0x0b]);
    let mut body = Vec::new();
    sized(&mut body, &code);
    body
}

/// Bytes that are still to be read.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn byte(&mut self) -> Read<u8> {
        let (first, rest) = self.0.split_first().ok_or("it ends in the middle of a section")?;
        self.0 = rest;
        Ok(*first)
    }

    fn number(&mut self) -> Read<u64> {
        let mut value = 0;
        for shift in (0..63).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err("a number that is too long")
    }

    fn signed(&mut self) -> Read<i64> {
        let mut value = 0;
        for shift in (0..63).step_by(7) {
            let byte = self.byte()?;
            value |= i64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                let unused = 64 - (shift + 7);
                return Ok(value << unused >> unused);
            }
        }
        Err("a number that is too long")
    }

    fn sized(&mut self) -> Read<&'a [u8]> {
        let length = usize::try_from(self.number()?).unwrap_or(usize::MAX);
        let (body, rest) = self.0.split_at_checked(length).ok_or("a section is longer than the file")?;
        self.0 = rest;
        Ok(body)
    }

    fn text(&mut self) -> Read<&'a str> {
        std::str::from_utf8(self.sized()?).map_err(|_| "a name that is not UTF-8")
    }

    fn limits(&mut self) -> Read<()> {
        let flags = self.byte()?;
        self.number()?;
        if flags & 1 != 0 {
            self.number()?;
        }
        Ok(())
    }
}

fn number(bytes: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

fn signed(bytes: &mut Vec<u8>, mut value: i64) {
    loop {
        let byte = value as u8 & 0x7f;
        value >>= 7;
        if (value == 0 && byte & 0x40 == 0) || (value == -1 && byte & 0x40 != 0) {
            bytes.push(byte);
            return;
        }
        bytes.push(byte | 0x80);
    }
}

fn sized(bytes: &mut Vec<u8>, body: &[u8]) {
    number(bytes, body.len() as u64);
    bytes.extend_from_slice(body);
}
