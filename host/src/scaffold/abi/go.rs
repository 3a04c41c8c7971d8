//! `abi.go`. A variant is an interface with a type for each case, an option a pointer (or a nil interface), a result a value
//! and an error.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::layout::{Body, Call, Case, Interface, Layout, Named, Shape, lower, results, upper};
use wit_parser::Type;

const PRELUDE: &str = include_str!("prelude.go");

type Written<T = ()> = Result<T, String>;

/// Writes the file.
pub(super) fn write(layout: &Layout) -> Written<String> {
    let mut file = Go { layout, out: PRELUDE.to_owned() };
    let loaded = layout.reach(results(&layout.imports))?;
    let stored = layout.reach(results(&layout.exports))?;
    for named in &layout.types {
        file.define(named, &loaded)?;
        if !matches!(named.body, Body::Enum(_)) {
            if loaded.contains(named.name.as_str()) {
                file.load_named(named)?;
            }
            if stored.contains(named.name.as_str()) {
                file.store_named(named)?;
            }
        }
    }
    for interface in &layout.imports {
        file.import(interface)?;
    }
    for interface in &layout.exports {
        file.export(interface)?;
    }
    Ok(file.out)
}

struct Go<'a> {
    layout: &'a Layout,
    out: String,
}

impl Go<'_> {
    fn docs(&mut self, indent: &str, docs: &[String]) {
        for text in docs {
            line!(self, "{}", format!("{indent}// {text}").trim_end());
        }
    }

    fn define(&mut self, named: &Named, loaded: &BTreeSet<&str>) -> Written {
        let name = upper(&named.name);
        line!(self, "");
        self.docs("", &named.docs);
        match &named.body {
            Body::Record(fields) => {
                line!(self, "type {name} struct {{");
                for field in fields {
                    self.docs("\t", &field.docs);
                    line!(self, "\t{} {}", upper(&field.name), self.ty(&field.ty)?);
                }
                line!(self, "}}");
            }
            Body::Variant { cases, .. } => {
                line!(self, "type {name} interface{{ {}() }}", lower(&named.name));
                for case in cases {
                    line!(self, "");
                    self.docs("", &case.docs);
                    let case_name = format!("{name}{}", upper(&case.name));
                    line!(self, "type {case_name} {}", self.case_type(case)?);
                    line!(self, "");
                    line!(self, "func ({case_name}) {}() {{}}", lower(&named.name));
                }
            }
            Body::Enum(cases) => {
                line!(self, "type {name} uint8");
                line!(self, "");
                line!(self, "const (");
                for (index, case) in cases.iter().enumerate() {
                    self.docs("\t", &case.docs);
                    let kind = if index == 0 { format!(" {name} = iota") } else { String::new() };
                    line!(self, "\t{name}{}{kind}", upper(&case.name));
                }
                line!(self, ")");
                if named.name.ends_with("-error") && loaded.contains(named.name.as_str()) {
                    self.error_text(&name, cases);
                }
            }
        }
        Ok(())
    }

    fn error_text(&mut self, name: &str, cases: &[Case]) {
        line!(self, "");
        line!(self, "func (e {name}) Error() string {{");
        let texts: Vec<String> = cases.iter().map(|it| format!("{:?}", it.docs.join(" "))).collect();
        line!(self, "\treturn [...]string{{{}}}[e]", texts.join(", "));
        line!(self, "}}");
    }

    /// The name of a type.
    fn ty(&self, ty: &Type) -> Written<String> {
        Ok(match self.layout.shape(ty)? {
            Shape::Bool => "bool".into(),
            Shape::Number(name) => number(name),
            Shape::Text => "string".into(),
            Shape::Named(named) => upper(&named.name),
            Shape::Option(inner) if self.is_variant(inner)? => self.ty(inner)?,
            Shape::Option(inner) => format!("*{}", self.ty(inner)?),
            Shape::List(inner) => format!("[]{}", self.ty(inner)?),
            Shape::Tuple(types) => {
                let first = self.ty(types.first().ok_or("an empty tuple")?)?;
                for other in types {
                    if self.ty(other)? != first {
                        return Err("a tuple of several types, which abi.go cannot express yet".into());
                    }
                }
                format!("[{}]{first}", types.len())
            }
            Shape::Result(..) => return Err("a result inside another type, which abi.go cannot express yet".into()),
        })
    }

    fn is_variant(&self, ty: &Type) -> Written<bool> {
        Ok(matches!(self.layout.shape(ty)?, Shape::Named(Named { body: Body::Variant { .. }, .. })))
    }

    /// What a case is: the type that it carries under another name, or a struct around what takes no methods.
    fn case_type(&self, case: &Case) -> Written<String> {
        let Some(ty) = &case.ty else { return Ok("struct{}".into()) };
        let name = self.ty(ty)?;
        Ok(if self.wrapped(ty)? { format!("struct{{ Value {name} }}") } else { name })
    }

    fn wrapped(&self, ty: &Type) -> Written<bool> {
        Ok(self.is_variant(ty)? || matches!(self.layout.shape(ty)?, Shape::Option(_)))
    }

    fn load_named(&mut self, named: &Named) -> Written {
        let name = upper(&named.name);
        line!(self, "");
        line!(self, "func load{name}(p unsafe.Pointer) {name} {{");
        match &named.body {
            Body::Record(fields) => {
                line!(self, "\treturn {name}{{");
                let widest = fields.iter().map(|it| it.name.replace('-', "").len()).max().unwrap_or_default() + 1;
                for field in fields {
                    let value = self.load(&field.ty, &at("p", field.offset))?;
                    line!(self, "\t\t{:<widest$} {value},", format!("{}:", upper(&field.name)));
                }
                line!(self, "\t}}");
            }
            Body::Variant { cases, payload } => {
                line!(self, "\tswitch load[uint8](p) {{");
                for (index, case) in cases.iter().enumerate() {
                    line!(self, "\tcase {index}:");
                    let case_name = format!("{name}{}", upper(&case.name));
                    let value = match &case.ty {
                        None => format!("{case_name}{{}}"),
                        Some(ty) => {
                            let value = self.load(ty, &at("p", *payload))?;
                            let (open, close) = if self.wrapped(ty)? { ('{', '}') } else { ('(', ')') };
                            format!("{case_name}{open}{value}{close}")
                        }
                    };
                    line!(self, "\t\treturn {value}");
                }
                line!(self, "\t}}");
                line!(self, "\tpanic(\"a case of {name} that abi.go does not know\")");
            }
            Body::Enum(_) => {}
        }
        line!(self, "}}");
        Ok(())
    }

    /// An expression: the value that lies at `p`.
    fn load(&self, ty: &Type, p: &str) -> Written<String> {
        Ok(match self.layout.shape(ty)? {
            Shape::Option(inner) => {
                let payload = self.layout.payload([None, Some(inner)]);
                match self.is_variant(inner)? {
                    true => format!("loadSome({p}, {payload}, {})", self.loader(inner)?),
                    false => format!("loadOption({p}, {payload}, {})", self.loader(inner)?),
                }
            }
            Shape::List(inner) => format!("loadList({p}, {}, {})", self.layout.size(inner), self.loader(inner)?),
            Shape::Tuple(types) => {
                let offsets = self.layout.elements(types);
                let values: Written<Vec<String>> =
                    types.iter().zip(offsets).map(|(ty, offset)| self.load(ty, &at(p, offset))).collect();
                format!("{}{{{}}}", self.ty(ty)?, values?.join(", "))
            }
            _ => format!("{}({p})", self.loader(ty)?),
        })
    }

    /// An expression: the function that loads such a value.
    fn loader(&self, ty: &Type) -> Written<String> {
        Ok(match self.layout.shape(ty)? {
            Shape::Text => "loadText".into(),
            Shape::Bool | Shape::Number(_) | Shape::Named(Named { body: Body::Enum(_), .. }) => {
                format!("load[{}]", self.ty(ty)?)
            }
            Shape::Named(named) => format!("load{}", upper(&named.name)),
            _ => format!("func(p unsafe.Pointer) {} {{ return {} }}", self.ty(ty)?, self.load(ty, "p")?),
        })
    }

    fn store_named(&mut self, named: &Named) -> Written {
        let name = upper(&named.name);
        line!(self, "");
        line!(self, "func store{name}(p unsafe.Pointer, value {name}) {{");
        match &named.body {
            Body::Record(fields) => {
                for field in fields {
                    let statement =
                        self.store(&field.ty, &at("p", field.offset), &format!("value.{}", upper(&field.name)))?;
                    line!(self, "\t{statement}");
                }
            }
            Body::Variant { cases, payload } => {
                line!(self, "\tswitch value := value.(type) {{");
                for (index, case) in cases.iter().enumerate() {
                    line!(self, "\tcase {name}{}:", upper(&case.name));
                    line!(self, "\t\tstore(p, uint8({index}))");
                    if let Some(ty) = &case.ty {
                        let value =
                            if self.wrapped(ty)? { "value.Value".into() } else { format!("{}(value)", self.ty(ty)?) };
                        line!(self, "\t\t{}", self.store(ty, &at("p", *payload), &value)?);
                    }
                }
                line!(self, "\tdefault:");
                line!(self, "\t\tpanic(\"a {name} that is nil, or a pointer to a case\")");
                line!(self, "\t}}");
            }
            Body::Enum(_) => {}
        }
        line!(self, "}}");
        Ok(())
    }

    /// A statement that puts a value to `p`.
    fn store(&self, ty: &Type, p: &str, value: &str) -> Written<String> {
        Ok(match self.layout.shape(ty)? {
            Shape::Option(inner) => {
                let payload = self.layout.payload([None, Some(inner)]);
                let storer = self.storer(inner)?;
                match self.is_variant(inner)? {
                    true => format!("storeSome({p}, {payload}, {value}, {value} != nil, {storer})"),
                    false => format!("storeOption({p}, {payload}, {value}, {storer})"),
                }
            }
            Shape::List(inner) => {
                let (size, align) = (self.layout.size(inner), self.layout.align(inner));
                format!("storeList({p}, {size}, {align}, {value}, {})", self.storer(inner)?)
            }
            Shape::Tuple(types) => {
                let offsets = self.layout.elements(types);
                let each = types.iter().zip(offsets).enumerate();
                let statements: Written<Vec<String>> = each
                    .map(|(index, (ty, offset))| self.store(ty, &at(p, offset), &format!("{value}[{index}]")))
                    .collect();
                statements?.join("; ")
            }
            _ => format!("{}({p}, {value})", self.storer(ty)?),
        })
    }

    /// An expression: the function that stores such a value.
    fn storer(&self, ty: &Type) -> Written<String> {
        Ok(match self.layout.shape(ty)? {
            Shape::Text => "storeText".into(),
            Shape::Bool | Shape::Number(_) | Shape::Named(Named { body: Body::Enum(_), .. }) => "store".into(),
            Shape::Named(named) => format!("store{}", upper(&named.name)),
            _ => format!("func(p unsafe.Pointer, value {}) {{ {} }}", self.ty(ty)?, self.store(ty, "p", "value")?),
        })
    }

    fn import(&mut self, interface: &Interface) -> Written {
        let name = upper(&interface.name);
        let kind = format!("{}Imports", lower(&interface.name));
        line!(self, "");
        self.docs("", &interface.docs);
        line!(self, "var {name} {kind}");
        line!(self, "");
        line!(self, "type {kind} struct{{}}");
        for call in &interface.functions {
            self.import_function(interface, &kind, call)?;
        }
        Ok(())
    }

    fn import_function(&mut self, interface: &Interface, kind: &str, call: &Call) -> Written {
        let core = format!("import{}{}", upper(&interface.name), upper(&call.name));
        let (mut params, mut core_params, mut args) = (Vec::new(), Vec::new(), Vec::new());
        for (name, ty) in &call.params {
            let name = lower(name);
            params.push(format!("{name} {}", self.ty(ty)?));
            match self.layout.shape(ty)? {
                Shape::Text => {
                    core_params.push(format!("{name} unsafe.Pointer, {name}Length uint32"));
                    args.push(format!("unsafe.Pointer(unsafe.StringData({name})), uint32(len({name}))"));
                }
                Shape::Number(_) | Shape::Named(Named { body: Body::Enum(_), .. }) => {
                    let core = self.flat(ty)?;
                    args.push(format!("{core}({name})"));
                    core_params.push(format!("{name} {core}"));
                }
                _ => {
                    return Err(format!(
                        "the parameter `{name}` of `{}` has a type that abi.go cannot pass yet",
                        call.name
                    ));
                }
            }
        }
        let flat = match &call.result {
            Some(ty) if !call.in_memory => format!(" {}", self.flat(ty)?),
            _ => String::new(),
        };
        if call.in_memory {
            core_params.push("result unsafe.Pointer".into());
            args.push("result".into());
        }
        line!(self, "");
        line!(self, "//go:wasmimport {} {}", interface.full, call.name);
        line!(self, "func {core}({}){flat}", core_params.join(", "));
        line!(self, "");
        self.docs("", &call.docs);
        let shown = self.result_type(call)?;
        line!(self, "func ({kind}) {}({}){shown} {{", upper(&call.name), params.join(", "));
        let called = format!("{core}({})", args.join(", "));
        match &call.result {
            None => line!(self, "\t{called}"),
            Some(ty) if !call.in_memory => match self.layout.shape(ty)? {
                Shape::Bool => line!(self, "\treturn {called} != 0"),
                _ => line!(self, "\treturn {}({called})", self.ty(ty)?),
            },
            Some(ty) => {
                line!(self, "\tdefer func(top uintptr) {{ arena.top = top }}(arena.top)");
                line!(self, "\tresult := allocate({}, {})", self.layout.size(ty), self.layout.align(ty));
                line!(self, "\t{called}");
                self.return_loaded(ty)?;
            }
        }
        line!(self, "}}");
        Ok(())
    }

    fn return_loaded(&mut self, ty: &Type) -> Written {
        let Shape::Result(ok, error) = self.layout.shape(ty)? else {
            line!(self, "\treturn {}", self.load(ty, "result")?);
            return Ok(());
        };
        let payload = at("result", self.layout.payload([ok, error]));
        let error = self.load(error.ok_or("a result without an error")?, &payload)?;
        let zero = if ok.is_some() { "0, " } else { "" };
        line!(self, "\tif load[uint8](result) != 0 {{");
        line!(self, "\t\treturn {zero}{error}");
        line!(self, "\t}}");
        match ok {
            Some(ok) => line!(self, "\treturn {}, nil", self.load(ok, &payload)?),
            None => line!(self, "\treturn nil"),
        }
        Ok(())
    }

    fn result_type(&self, call: &Call) -> Written<String> {
        let Some(ty) = &call.result else { return Ok(String::new()) };
        Ok(match self.layout.shape(ty)? {
            Shape::Result(None, _) => " error".into(),
            Shape::Result(Some(ok), _) => format!(" ({}, error)", self.ty(ok)?),
            _ => format!(" {}", self.ty(ty)?),
        })
    }

    /// What a core function takes or returns for such a value.
    fn flat(&self, ty: &Type) -> Written<String> {
        Ok(match self.layout.shape(ty)? {
            Shape::Number(name @ ("u64" | "s64" | "f32" | "f64")) => number(name),
            Shape::Number("s8" | "s16" | "s32") => "int32".into(),
            Shape::Number(_) | Shape::Bool | Shape::Named(Named { body: Body::Enum(_), .. }) => "uint32".into(),
            _ => return Err("a type that is passed neither in a register nor in memory".into()),
        })
    }

    fn export(&mut self, interface: &Interface) -> Written {
        for call in &interface.functions {
            let name = upper(&call.name);
            let ty = call.result.as_ref().filter(|_| call.in_memory && call.params.is_empty());
            let ty = ty.ok_or_else(|| format!("`{}` has a signature that abi.go cannot export yet", call.name))?;
            line!(self, "");
            line!(self, "//go:wasmexport {}#{}", interface.full, call.name);
            line!(self, "func export{name}() unsafe.Pointer {{");
            line!(self, "\tarena.top = 0");
            match self.layout.shape(ty)? {
                Shape::Result(Some(ok), Some(error)) if matches!(self.layout.shape(error)?, Shape::Text) => {
                    let payload = at("result", self.layout.payload([Some(ok), Some(error)]));
                    line!(self, "\tvalue, err := {name}()");
                    line!(self, "\tresult := allocate({}, {})", self.layout.size(ty), self.layout.align(ty));
                    line!(self, "\tstore(result, err != nil)");
                    line!(self, "\tif err != nil {{");
                    line!(self, "\t\tmessage := err.Error()");
                    line!(self, "\t\tkept = message");
                    line!(self, "\t\tstoreText({payload}, message)");
                    line!(self, "\t\treturn result");
                    line!(self, "\t}}");
                    line!(self, "\tkept = value");
                    line!(self, "\t{}", self.store(ok, &payload, "value")?);
                }
                _ => {
                    line!(self, "\tvalue := {name}()");
                    line!(self, "\tkept = value");
                    line!(self, "\tresult := allocate({}, {})", self.layout.size(ty), self.layout.align(ty));
                    line!(self, "\t{}", self.store(ty, "result", "value")?);
                }
            }
            line!(self, "\treturn result");
            line!(self, "}}");
        }
        Ok(())
    }
}

fn number(name: &str) -> String {
    match name.split_at(1) {
        ("u", bits) => format!("uint{bits}"),
        ("s", bits) => format!("int{bits}"),
        (_, bits) => format!("float{bits}"),
    }
}

fn at(p: &str, offset: usize) -> String {
    if offset == 0 { p.to_owned() } else { format!("at({p}, {offset})") }
}
