//! `assembly/abi.ts`. A variant is a class with a subclass for each case, an option a value or null (numbers in a `Some`), a
//! result a `Result`.

use std::fmt::Write as _;

use super::layout::{Body, Call, Case, Interface, Layout, Named, Shape, lower, results, upper};
use wit_parser::Type;

const PRELUDE: &str = include_str!("prelude.ts");
/// Stands in the prelude where the author's functions are imported.
const IMPORT: &str = "// import";

type Written<T = ()> = Result<T, String>;

/// Writes the file.
pub(super) fn write(layout: &Layout) -> Written<String> {
    let mut file = Script { layout, out: String::new() };
    let calls = layout.exports.iter().flat_map(|it| &it.functions).map(|it| lower(&it.name));
    let imported = format!("import {{ {} }} from \"./strategy\";", calls.collect::<Vec<_>>().join(", "));
    file.out += &PRELUDE.replacen(IMPORT, &imported, 1);
    let loaded = layout.reach(results(&layout.imports))?;
    let stored = layout.reach(results(&layout.exports))?;
    for named in &layout.types {
        file.define(named)?;
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

struct Script<'a> {
    layout: &'a Layout,
    out: String,
}

impl Script<'_> {
    fn docs(&mut self, indent: &str, docs: &[String]) {
        match docs {
            [] => {}
            [one] => line!(self, "{indent}/** {one} */"),
            many => {
                line!(self, "{indent}/**");
                for text in many {
                    line!(self, "{}", format!("{indent} * {text}").trim_end());
                }
                line!(self, "{indent} */");
            }
        }
    }

    fn define(&mut self, named: &Named) -> Written {
        let name = upper(&named.name);
        line!(self, "");
        self.docs("", &named.docs);
        match &named.body {
            Body::Record(fields) => {
                line!(self, "export class {name} {{");
                for field in fields {
                    self.docs("  ", &field.docs);
                    line!(self, "  {}: {} = {};", lower(&field.name), self.ty(&field.ty)?, self.default(&field.ty)?);
                }
                line!(self, "}}");
            }
            Body::Variant { cases, .. } => {
                line!(self, "export abstract class {name} {{}}");
                for case in cases {
                    self.docs("", &case.docs);
                    let case_name = case_name(named, case);
                    match &case.ty {
                        None => line!(self, "export class {case_name} extends {name} {{}}"),
                        Some(ty) => {
                            line!(self, "export class {case_name} extends {name} {{");
                            line!(self, "  constructor(public value: {}) {{", self.ty(ty)?);
                            line!(self, "    super();");
                            line!(self, "  }}");
                            line!(self, "}}");
                        }
                    }
                }
            }
            Body::Enum(cases) => {
                line!(self, "export enum {name} {{");
                for case in cases {
                    self.docs("  ", &case.docs);
                    line!(self, "  {},", upper(&case.name));
                }
                line!(self, "}}");
            }
        }
        Ok(())
    }

    /// The name of a type.
    fn ty(&self, ty: &Type) -> Written<String> {
        Ok(match self.layout.shape(ty)? {
            Shape::Bool => "bool".into(),
            Shape::Number(name) => number(name),
            Shape::Text => "string".into(),
            Shape::Named(named) => upper(&named.name),
            Shape::Option(inner) if self.is_plain(inner)? => format!("Some<{}> | null", self.ty(inner)?),
            Shape::Option(inner) => format!("{} | null", self.ty(inner)?),
            Shape::List(inner) => format!("{}[]", self.ty(inner)?),
            Shape::Tuple(types) => {
                let first = self.ty(types.first().ok_or("an empty tuple")?)?;
                for other in types {
                    if self.ty(other)? != first {
                        return Err("a tuple of several types, which abi.ts cannot express yet".into());
                    }
                }
                format!("{first}[]")
            }
            Shape::Result(ok, error) => {
                let ok = ok.map_or(Ok("bool".into()), |ok| self.ty(ok))?;
                format!("Result<{ok}, {}>", self.ty(error.ok_or("a result without an error")?)?)
            }
        })
    }

    /// No reference: what cannot be null.
    fn is_plain(&self, ty: &Type) -> Written<bool> {
        let shape = self.layout.shape(ty)?;
        Ok(matches!(shape, Shape::Bool | Shape::Number(_) | Shape::Named(Named { body: Body::Enum(_), .. })))
    }

    /// What a field holds before somebody sets it.
    fn default(&self, ty: &Type) -> Written<String> {
        Ok(match self.layout.shape(ty)? {
            Shape::Bool => "false".into(),
            Shape::Number(_) => "0".into(),
            Shape::Text => "\"\"".into(),
            Shape::Option(_) => "null".into(),
            Shape::List(_) => "[]".into(),
            Shape::Tuple(types) => {
                let each: Written<Vec<String>> = types.iter().map(|ty| self.default(ty)).collect();
                format!("[{}]", each?.join(", "))
            }
            Shape::Named(named) => match &named.body {
                Body::Record(_) => format!("new {}()", upper(&named.name)),
                Body::Enum(cases) => format!("{}.{}", upper(&named.name), first(cases).map(|it| upper(&it.name))?),
                Body::Variant { cases, .. } => {
                    let case = first(cases)?;
                    let value = case.ty.as_ref().map_or(Ok(String::new()), |ty| self.default(ty))?;
                    format!("new {}({value})", case_name(named, case))
                }
            },
            Shape::Result(..) => return Err("a result in a field, which abi.ts cannot express yet".into()),
        })
    }

    fn load_named(&mut self, named: &Named) -> Written {
        let name = upper(&named.name);
        line!(self, "");
        line!(self, "function load{name}(p: usize): {name} {{");
        match &named.body {
            Body::Record(fields) => {
                line!(self, "  const value = new {name}();");
                for field in fields {
                    line!(self, "  value.{} = {};", lower(&field.name), self.load(&field.ty, &at("p", field.offset))?);
                }
                line!(self, "  return value;");
            }
            Body::Variant { cases, payload } => {
                line!(self, "  switch (load<u8>(p)) {{");
                for (index, case) in cases.iter().enumerate() {
                    let value = case.ty.as_ref().map_or(Ok(String::new()), |ty| self.load(ty, &at("p", *payload)))?;
                    line!(self, "    case {index}: return new {}({value});", case_name(named, case));
                }
                line!(self, "    default: throw new Error(\"a case of {name} that abi.ts does not know\");");
                line!(self, "  }}");
            }
            Body::Enum(_) => {}
        }
        line!(self, "}}");
        Ok(())
    }

    /// An expression: the value that lies at `p`.
    fn load(&self, ty: &Type, p: &str) -> Written<String> {
        Ok(match self.layout.shape(ty)? {
            Shape::Bool => format!("load<bool>({p})"),
            Shape::Number(name) => format!("load<{}>({p})", number(name)),
            Shape::Text => format!("loadText({p})"),
            Shape::Named(Named { name, body: Body::Enum(_), .. }) => format!("<{}>load<u8>({p})", upper(name)),
            Shape::Named(named) => format!("load{}({p})", upper(&named.name)),
            Shape::Option(inner) => {
                let load = if self.is_plain(inner)? { "loadSome" } else { "loadOption" };
                let payload = self.layout.payload([None, Some(inner)]);
                format!("{load}<{}>({p}, {payload}, {})", self.ty(inner)?, self.loader(inner)?)
            }
            Shape::List(inner) => {
                let size = self.layout.size(inner);
                format!("loadList<{}>({p}, {size}, {})", self.ty(inner)?, self.loader(inner)?)
            }
            Shape::Tuple(types) => {
                let offsets = self.layout.elements(types);
                let each: Written<Vec<String>> =
                    types.iter().zip(offsets).map(|(ty, offset)| self.load(ty, &at(p, offset))).collect();
                format!("[{}]", each?.join(", "))
            }
            Shape::Result(ok, error) => {
                let error = error.ok_or("a result without an error")?;
                let payload = at(p, self.layout.payload([ok, Some(error)]));
                let value = ok.map_or(Ok("true".into()), |ok| self.load(ok, &payload))?;
                let (shown, failure) = (self.ty(ty)?, self.load(error, &payload)?);
                let nothing = ok.map_or(Ok("bool".into()), |ok| self.ty(ok))?;
                let (whole, none) = (format!("new {shown}"), format!("nothing<{}>()", self.ty(error)?));
                format!(
                    "load<u8>({p}) ? {whole}(false, nothing<{nothing}>(), {failure}) : {whole}(true, {value}, {none})"
                )
            }
        })
    }

    /// An expression: the function that loads such a value.
    fn loader(&self, ty: &Type) -> Written<String> {
        Ok(match self.layout.shape(ty)? {
            Shape::Text => "loadText".into(),
            Shape::Named(named) if !self.is_plain(ty)? => format!("load{}", upper(&named.name)),
            _ => format!("(p: usize): {} => {}", self.ty(ty)?, self.load(ty, "p")?),
        })
    }

    fn store_named(&mut self, named: &Named) -> Written {
        let name = upper(&named.name);
        line!(self, "");
        line!(self, "function store{name}(p: usize, value: {name}): void {{");
        match &named.body {
            Body::Record(fields) => {
                for field in fields {
                    let value = format!("value.{}", lower(&field.name));
                    line!(self, "  {};", self.store(&field.ty, &at("p", field.offset), &value)?);
                }
            }
            Body::Variant { cases, payload } => {
                for (index, case) in cases.iter().enumerate() {
                    let case_name = case_name(named, case);
                    line!(self, "  if (value instanceof {case_name}) {{");
                    line!(self, "    store<u8>(p, {index});");
                    if let Some(ty) = &case.ty {
                        let value = format!("(value as {case_name}).value");
                        line!(self, "    {};", self.store(ty, &at("p", *payload), &value)?);
                    }
                    line!(self, "    return;");
                    line!(self, "  }}");
                }
                line!(self, "  throw new Error(\"a {name} of a class that abi.ts does not know\");");
            }
            Body::Enum(_) => {}
        }
        line!(self, "}}");
        Ok(())
    }

    /// A statement that puts a value to `p`.
    fn store(&self, ty: &Type, p: &str, value: &str) -> Written<String> {
        Ok(match self.layout.shape(ty)? {
            Shape::Bool => format!("store<bool>({p}, {value})"),
            Shape::Number(name) => format!("store<{}>({p}, {value})", number(name)),
            Shape::Text => format!("storeText({p}, {value})"),
            Shape::Named(Named { body: Body::Enum(_), .. }) => format!("store<u8>({p}, <u8>{value})"),
            Shape::Named(named) => format!("store{}({p}, {value})", upper(&named.name)),
            Shape::Option(inner) => {
                let store = if self.is_plain(inner)? { "storeSome" } else { "storeOption" };
                let payload = self.layout.payload([None, Some(inner)]);
                format!("{store}<{}>({p}, {payload}, {value}, {})", self.ty(inner)?, self.storer(inner)?)
            }
            Shape::List(inner) => {
                let size = self.layout.size(inner);
                format!("storeList<{}>({p}, {size}, {value}, {})", self.ty(inner)?, self.storer(inner)?)
            }
            Shape::Tuple(types) => {
                let each = types.iter().zip(self.layout.elements(types)).enumerate();
                let statements: Written<Vec<String>> = each
                    .map(|(index, (ty, offset))| self.store(ty, &at(p, offset), &format!("{value}[{index}]")))
                    .collect();
                statements?.join("; ")
            }
            Shape::Result(..) => return Err("a result inside another type, which abi.ts cannot express yet".into()),
        })
    }

    /// An expression: the function that stores such a value.
    fn storer(&self, ty: &Type) -> Written<String> {
        Ok(match self.layout.shape(ty)? {
            Shape::Text => "storeText".into(),
            Shape::Named(named) if !self.is_plain(ty)? => format!("store{}", upper(&named.name)),
            _ => format!("(p: usize, value: {}): void => {{ {}; }}", self.ty(ty)?, self.store(ty, "p", "value")?),
        })
    }

    fn import(&mut self, interface: &Interface) -> Written {
        for call in &interface.functions {
            let (params, result) = self.core_signature(call)?;
            line!(self, "");
            line!(self, "@external(\"{}\", \"{}\")", interface.full, call.name);
            line!(self, "declare function {}({params}): {result};", core_name(interface, call));
        }
        line!(self, "");
        self.docs("", &interface.docs);
        line!(self, "export namespace {} {{", upper(&interface.name));
        for (index, call) in interface.functions.iter().enumerate() {
            if index > 0 {
                line!(self, "");
            }
            self.import_function(interface, call)?;
        }
        line!(self, "}}");
        Ok(())
    }

    fn core_signature(&self, call: &Call) -> Written<(String, String)> {
        let mut params = Vec::new();
        for (name, ty) in &call.params {
            let name = lower(name);
            match self.layout.shape(ty)? {
                Shape::Text => params.push(format!("{name}: usize, {name}Length: usize")),
                _ => params.push(format!("{name}: {}", self.flat(ty)?)),
            }
        }
        if call.in_memory {
            params.push("result: usize".into());
        }
        let result = match &call.result {
            Some(ty) if !call.in_memory => self.flat(ty)?,
            _ => "void".into(),
        };
        Ok((params.join(", "), result))
    }

    fn import_function(&mut self, interface: &Interface, call: &Call) -> Written {
        let (mut params, mut before, mut args) = (Vec::new(), Vec::new(), Vec::new());
        for (name, ty) in &call.params {
            let name = lower(name);
            params.push(format!("{name}: {}", self.ty(ty)?));
            match self.layout.shape(ty)? {
                Shape::Text => {
                    before.push(format!("const {name}Bytes = encode({name});"));
                    args.push(format!("changetype<usize>({name}Bytes), {name}Bytes.byteLength"));
                }
                _ => args.push(name),
            }
        }
        let shown = call.result.as_ref().map_or(Ok("void".into()), |ty| self.ty(ty))?;
        self.docs("  ", &call.docs);
        line!(self, "  export function {}({}): {shown} {{", member(&call.name), params.join(", "));
        if let Some(ty) = call.result.as_ref().filter(|_| call.in_memory) {
            before.push("const before = blocks;".into());
            before.push(format!("const result = allocate({});", self.layout.size(ty)));
            args.push("result".into());
        }
        before.iter().for_each(|statement| line!(self, "    {statement}"));
        let called = format!("{}({})", core_name(interface, call), args.join(", "));
        match &call.result {
            None => line!(self, "    {called};"),
            Some(ty) if !call.in_memory => match self.layout.shape(ty)? {
                Shape::Bool => line!(self, "    return {called} != 0;"),
                _ => line!(self, "    return <{}>{called};", self.ty(ty)?),
            },
            Some(ty) => {
                line!(self, "    {called};");
                line!(self, "    const loaded = {};", self.load(ty, "result")?);
                line!(self, "    release(before);");
                line!(self, "    return loaded;");
            }
        }
        line!(self, "  }}");
        Ok(())
    }

    /// What a core function takes or returns for such a value.
    fn flat(&self, ty: &Type) -> Written<String> {
        Ok(match self.layout.shape(ty)? {
            Shape::Number(name @ ("u64" | "s64" | "f32" | "f64")) => number(name),
            Shape::Number("s8" | "s16" | "s32") => "i32".into(),
            Shape::Number(_) | Shape::Bool | Shape::Named(Named { body: Body::Enum(_), .. }) => "u32".into(),
            _ => return Err("a type that is passed neither in a register nor in memory".into()),
        })
    }

    fn export(&mut self, interface: &Interface) -> Written {
        for call in &interface.functions {
            let ty = call.result.as_ref().filter(|_| call.in_memory && call.params.is_empty());
            let ty = ty.ok_or_else(|| format!("`{}` has a signature that abi.ts cannot export yet", call.name))?;
            let identifier = format!("{}_{}", interface.name, call.name).replace('-', "_");
            line!(self, "");
            line!(self, "export function {identifier}(): usize {{");
            line!(self, "  begin();");
            line!(self, "  const value = {}();", lower(&call.name));
            line!(self, "  const result = allocate({});", self.layout.size(ty));
            match self.layout.shape(ty)? {
                Shape::Result(Some(ok), Some(error)) => {
                    let payload = at("result", self.layout.payload([Some(ok), Some(error)]));
                    line!(self, "  store<u8>(result, value.isOk ? 0 : 1);");
                    line!(self, "  if (value.isOk) {};", self.store(ok, &payload, "value.value")?);
                    line!(self, "  else {};", self.store(error, &payload, "value.error")?);
                }
                _ => line!(self, "  {};", self.store(ty, "result", "value")?),
            }
            line!(self, "  return result;");
            line!(self, "}}");
        }
        Ok(())
    }
}

fn first(cases: &[Case]) -> Written<&Case> {
    cases.first().ok_or_else(|| "a type without cases".into())
}

fn case_name(named: &Named, case: &Case) -> String {
    upper(&named.name) + &upper(&case.name)
}

fn core_name(interface: &Interface, call: &Call) -> String {
    format!("{}{}", lower(&interface.name), upper(&call.name))
}

/// A function of a namespace; `delete` is a word of the language.
fn member(name: &str) -> String {
    if name == "delete" { "remove".into() } else { lower(name) }
}

fn number(name: &str) -> String {
    name.replacen('s', "i", 1)
}

fn at(p: &str, offset: usize) -> String {
    if offset == 0 { p.to_owned() } else { format!("{p} + {offset}") }
}
