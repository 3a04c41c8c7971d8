//! The contract as TypeScript declarations, for the editor and for `tsc`: what QuickJS gives a strategy, and takes from it.
//!
//! Made from the WIT, comments included. An `option` is null where there is nothing, and may be left out where an author writes a
//! record; a `u64` is a number; a `result` is its good value, or is thrown.

use std::fmt::Write as _;

use wit_parser::{Docs, Function, Interface, InterfaceId, Resolve, Type, TypeDef, TypeDefKind, TypeOwner, WorldItem};

use crate::componentize::contract;

/// The worlds whose exports an author may write.
const WORLDS: [&str; 3] = ["strategy-plugin", "amending-plugin", "embedding-plugin"];

/// `types/standin.d.ts`.
///
/// # Errors
/// The contract has something that has no place in these declarations yet.
pub(super) fn declarations() -> Result<String, String> {
    let mut text = "// The contract between standin and a strategy, made from `wit/` by `standin new`.\n".to_owned();
    let mut told: Vec<String> = Vec::new();
    for name in WORLDS {
        let world = contract::named(name)?;
        let items = &world.resolve.worlds[world.id];
        for (items, exported) in [(&items.imports, false), (&items.exports, true)] {
            for item in items.values() {
                let WorldItem::Interface { id, .. } = item else { continue };
                let module = module(&world.resolve, *id)?;
                if !told.contains(&module) {
                    text.push_str(&Writer { resolve: &world.resolve, id: *id }.module(&module, exported)?);
                    told.push(module);
                }
            }
        }
    }
    Ok(text)
}

/// How a module is imported: `standin:plugin/request@0.1.0`.
fn module(resolve: &Resolve, id: InterfaceId) -> Result<String, String> {
    resolve.id_of(id).ok_or_else(|| "an interface without a name".to_owned())
}

/// Writes one interface.
struct Writer<'r> {
    resolve: &'r Resolve,
    id: InterfaceId,
}

impl Writer<'_> {
    fn module(&self, name: &str, exported: bool) -> Result<String, String> {
        let interface = &self.resolve.interfaces[self.id];
        let mut text = format!("\n{}declare module \"{name}\" {{\n", comment("", &interface.docs));
        for (name, id) in &interface.types {
            text += &self.definition(name, &self.resolve.types[*id])?;
        }
        text += &self.functions(interface, exported)?;
        Ok(text + "}\n")
    }

    fn definition(&self, name: &str, definition: &TypeDef) -> Result<String, String> {
        let (name, docs) = (pascal(name), comment("  ", &definition.docs));
        let mut text = String::new();
        match &definition.kind {
            TypeDefKind::Record(record) => {
                let _ = writeln!(text, "{docs}  export interface {name} {{");
                for field in &record.fields {
                    let may = if self.is_option(&field.ty) { "?" } else { "" };
                    let (docs, field, ty) = (comment("    ", &field.docs), camel(&field.name), self.named(&field.ty)?);
                    let _ = writeln!(text, "{docs}    {field}{may}: {ty};");
                }
                text += "  }\n";
            }
            TypeDefKind::Variant(variant) => {
                let _ = write!(text, "{docs}  export type {name} =");
                for case in &variant.cases {
                    let val = case.ty.as_ref().map(|ty| self.named(ty)).transpose()?;
                    let val = val.map_or_else(String::new, |ty| format!("; val: {ty}"));
                    let _ = write!(text, "\n{}    | {{ tag: \"{}\"{val} }}", comment("    ", &case.docs), case.name);
                }
                text += ";\n";
            }
            TypeDefKind::Enum(cases) => {
                let _ = write!(text, "{docs}  export type {name} =");
                for case in &cases.cases {
                    let _ = write!(text, "\n{}    | \"{}\"", comment("    ", &case.docs), case.name);
                }
                text += ";\n";
            }
            TypeDefKind::Type(Type::Id(id)) => {
                let from = &self.resolve.types[*id];
                let (TypeOwner::Interface(owner), Some(theirs)) = (from.owner, &from.name) else {
                    return Err(format!("{name} is of no interface"));
                };
                let (module, theirs) = (module(self.resolve, owner)?, pascal(theirs));
                let renamed = if theirs == name { theirs } else { format!("{theirs} as {name}") };
                let _ = writeln!(text, "  import type {{ {renamed} }} from \"{module}\";");
            }
            other => return Err(format!("{name}: a {} has no place in TypeScript yet", other.as_str())),
        }
        Ok(text)
    }

    /// What is imported are functions, what an author exports is an object with them.
    fn functions(&self, interface: &Interface, exported: bool) -> Result<String, String> {
        let functions = interface.functions.values();
        if exported {
            let name = pascal(interface.name.as_deref().unwrap_or_default());
            let mut text =
                format!("  /** What a plugin exports as `{}`. */\n  export interface {name} {{\n", camel(&name));
            for function in functions {
                text += &self.function("    ", "", function)?;
            }
            return Ok(text + "  }\n");
        }
        let mut text = String::new();
        let mut aside = String::new();
        for function in functions {
            let name = camel(&function.name);
            // A reserved word is no name for a function, but may be one for an import.
            if RESERVED.contains(&&*name) {
                text += &self.function("  ", "function $", function)?;
                let _ = writeln!(aside, "  export {{ ${name} as {name} }};");
            } else {
                text += &self.function("  ", "export function ", function)?;
            }
        }
        Ok(text + &aside)
    }

    fn function(&self, indent: &str, before: &str, function: &Function) -> Result<String, String> {
        let mut docs = function.docs.contents.clone().unwrap_or_default();
        let mut returned = "void".to_owned();
        if let Some(ty) = &function.result {
            let (ok, err) = self.good_and_bad(ty)?;
            returned = ok;
            if let Some(err) = err {
                let thrown = match &*err {
                    "string" => "Throw an `Error` for a failure.".to_owned(),
                    err => format!("Throws an `Error` whose `payload` is a `{err}`."),
                };
                docs = format!("{}\n{thrown}", docs.trim_end());
            }
        }
        let params =
            function.params.iter().map(|param| Ok(format!("{}: {}", camel(&param.name), self.named(&param.ty)?)));
        let params = params.collect::<Result<Vec<_>, String>>()?.join(", ");
        let docs = comment(indent, &Docs { contents: Some(docs) });
        Ok(format!("{docs}{indent}{before}{}({params}): {returned};\n", camel(&function.name)))
    }

    /// What a function returns, and what it may throw.
    fn good_and_bad(&self, ty: &Type) -> Result<(String, Option<String>), String> {
        let Type::Id(id) = ty else { return Ok((self.named(ty)?, None)) };
        let TypeDefKind::Result(result) = &self.resolve.types[*id].kind else { return Ok((self.named(ty)?, None)) };
        let name = |ty: &Option<Type>| ty.as_ref().map(|ty| self.named(ty)).transpose();
        Ok((name(&result.ok)?.unwrap_or_else(|| "void".to_owned()), name(&result.err)?))
    }

    /// A type where it is used.
    fn named(&self, ty: &Type) -> Result<String, String> {
        let Type::Id(id) = ty else {
            return Ok(match ty {
                Type::Bool => "boolean",
                Type::String | Type::Char => "string",
                _ => "number",
            }
            .to_owned());
        };
        let definition = &self.resolve.types[*id];
        if let Some(name) = &definition.name {
            return Ok(pascal(name));
        }
        Ok(match &definition.kind {
            TypeDefKind::Option(inner) => format!("{} | null", self.named(inner)?),
            TypeDefKind::List(inner) => format!("Array<{}>", self.named(inner)?),
            TypeDefKind::Tuple(tuple) => {
                let inner = tuple.types.iter().map(|ty| self.named(ty)).collect::<Result<Vec<_>, _>>()?;
                format!("[{}]", inner.join(", "))
            }
            other => return Err(format!("a {} has no place in TypeScript yet", other.as_str())),
        })
    }

    fn is_option(&self, ty: &Type) -> bool {
        matches!(ty, Type::Id(id) if matches!(self.resolve.types[*id].kind, TypeDefKind::Option(_)))
    }
}

/// Functions of the contract whose names JavaScript keeps for itself.
const RESERVED: [&str; 1] = ["delete"];

/// A comment above what it is about.
fn comment(indent: &str, docs: &Docs) -> String {
    let docs = docs.contents.as_deref().unwrap_or_default().trim();
    match docs.lines().count() {
        0 => String::new(),
        1 => format!("{indent}/** {docs} */\n"),
        _ => {
            let lines = docs.lines().map(|line| format!("{indent} * {line}").trim_end().to_owned() + "\n");
            format!("{indent}/**\n{}{indent} */\n", lines.collect::<String>())
        }
    }
}

fn pascal(name: &str) -> String {
    let word = |word: &str| {
        let (first, rest) = word.split_at(word.chars().next().map_or(0, char::len_utf8));
        first.to_uppercase() + rest
    };
    name.split('-').map(word).collect()
}

fn camel(name: &str) -> String {
    let name = pascal(name);
    let (first, rest) = name.split_at(name.chars().next().map_or(0, char::len_utf8));
    first.to_lowercase() + rest
}
