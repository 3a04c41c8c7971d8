//! How a world's types lie in linear memory, and its functions in core signatures: after the canonical ABI, by way of
//! wit-parser's tables.

use std::collections::BTreeSet;

use wit_parser::abi::AbiVariant;
use wit_parser::{Function, InterfaceId, Resolve, SizeAlign, Type, TypeDefKind, TypeId, WorldItem};

use crate::componentize::contract;

/// A world, ready to be written down in a language.
pub(super) struct Layout {
    resolve: Resolve,
    sizes: SizeAlign,
    /// The named types, each after those that it is made of.
    pub(super) types: Vec<Named>,
    /// What the host offers.
    pub(super) imports: Vec<Interface>,
    /// What the author writes.
    pub(super) exports: Vec<Interface>,
}

/// A type with a name of its own.
pub(super) struct Named {
    /// In kebab case.
    pub(super) name: String,
    pub(super) docs: Vec<String>,
    pub(super) body: Body,
}

pub(super) enum Body {
    Record(Vec<Field>),
    /// Cases of which at least one carries something.
    Variant {
        cases: Vec<Case>,
        payload: usize,
    },
    /// Cases that carry nothing, whatever the contract calls them.
    Enum(Vec<Case>),
}

pub(super) struct Field {
    pub(super) name: String,
    pub(super) docs: Vec<String>,
    pub(super) ty: Type,
    /// From the start of the record, in bytes.
    pub(super) offset: usize,
}

pub(super) struct Case {
    pub(super) name: String,
    pub(super) docs: Vec<String>,
    pub(super) ty: Option<Type>,
}

pub(super) struct Interface {
    /// In kebab case.
    pub(super) name: String,
    /// As it stands in a core module: `standin:plugin/request@0.1.0`.
    pub(super) full: String,
    pub(super) docs: Vec<String>,
    pub(super) functions: Vec<Call>,
}

/// A function of an interface.
pub(super) struct Call {
    pub(super) name: String,
    pub(super) docs: Vec<String>,
    pub(super) params: Vec<(String, Type)>,
    pub(super) result: Option<Type>,
    /// The result lies in memory, and the core function passes where.
    pub(super) in_memory: bool,
}

/// What a type is, aliases resolved.
pub(super) enum Shape<'a> {
    Bool,
    /// A number, by its name in WIT: `u32`, `f32`, …
    Number(&'static str),
    Text,
    Named(&'a Named),
    Option(&'a Type),
    List(&'a Type),
    Tuple(&'a [Type]),
    Result(Option<&'a Type>, Option<&'a Type>),
}

impl Layout {
    pub(super) fn of(world: &str) -> Result<Self, String> {
        let contract::World { resolve, id } = contract::named(world)?;
        let mut sizes = SizeAlign::default();
        sizes.fill(&resolve);
        let mut layout = Self { resolve, sizes, types: Vec::new(), imports: Vec::new(), exports: Vec::new() };
        let world = layout.resolve.worlds[id].clone();
        let interfaces = |items: Vec<&WorldItem>| -> Result<Vec<InterfaceId>, String> {
            let one = |item: &WorldItem| match item {
                WorldItem::Interface { id, .. } => Ok(*id),
                _ => Err("the world has a function or a type outside of an interface".to_owned()),
            };
            items.into_iter().map(one).collect()
        };
        let imports = interfaces(world.imports.values().collect())?;
        let exports = interfaces(world.exports.values().collect())?;
        for id in imports.iter().chain(&exports) {
            layout.add_types(*id)?;
        }
        let with_functions = |ids: &[InterfaceId], variant| {
            let interfaces = ids.iter().map(|id| layout.interface(*id, variant));
            interfaces.filter(|it| !it.functions.is_empty()).collect::<Vec<_>>()
        };
        let imports = with_functions(&imports, AbiVariant::GuestImport);
        let exports = with_functions(&exports, AbiVariant::GuestExport);
        Ok(Self { imports, exports, ..layout })
    }

    fn interface(&self, id: InterfaceId, variant: AbiVariant) -> Interface {
        let interface = &self.resolve.interfaces[id];
        let call = |function: &Function| Call {
            name: function.name.clone(),
            docs: lines(&function.docs),
            params: function.params.iter().map(|it| (it.name.clone(), it.ty)).collect(),
            result: function.result,
            in_memory: self.resolve.wasm_signature(variant, function).retptr,
        };
        Interface {
            name: interface.name.clone().unwrap_or_default(),
            full: self.resolve.id_of(id).unwrap_or_default(),
            docs: lines(&interface.docs),
            functions: interface.functions.values().map(call).collect(),
        }
    }

    fn add_types(&mut self, id: InterfaceId) -> Result<(), String> {
        for (name, id) in &self.resolve.interfaces[id].types {
            let kind = &self.resolve.types[*id];
            let body = match &kind.kind {
                TypeDefKind::Type(_) => continue,
                TypeDefKind::Record(record) => {
                    let offsets = self.sizes.field_offsets(record.fields.iter().map(|it| &it.ty));
                    let field =
                        |(field, (offset, _)): (&wit_parser::Field, (wit_parser::ArchitectureSize, &Type))| Field {
                            name: field.name.clone(),
                            docs: lines(&field.docs),
                            ty: field.ty,
                            offset: offset.size_wasm32(),
                        };
                    Body::Record(record.fields.iter().zip(offsets).map(field).collect())
                }
                TypeDefKind::Variant(variant) => {
                    let case = |it: &wit_parser::Case| Case { name: it.name.clone(), docs: lines(&it.docs), ty: it.ty };
                    let cases: Vec<Case> = variant.cases.iter().map(case).collect();
                    let types = variant.cases.iter().map(|it| it.ty.as_ref());
                    let payload = self.sizes.payload_offset(variant.tag(), types).size_wasm32();
                    match cases.iter().any(|it| it.ty.is_some()) {
                        true => Body::Variant { cases, payload },
                        false => Body::Enum(cases),
                    }
                }
                TypeDefKind::Enum(kind) => {
                    let case =
                        |it: &wit_parser::EnumCase| Case { name: it.name.clone(), docs: lines(&it.docs), ty: None };
                    Body::Enum(kind.cases.iter().map(case).collect())
                }
                other => {
                    return Err(format!("`{name}` is a {}, which no language here can express yet", other.as_str()));
                }
            };
            self.types.push(Named { name: name.clone(), docs: lines(&kind.docs), body });
        }
        Ok(())
    }

    /// What a type is.
    pub(super) fn shape<'a>(&'a self, ty: &'a Type) -> Result<Shape<'a>, String> {
        Ok(match ty {
            Type::Bool => Shape::Bool,
            Type::U8 => Shape::Number("u8"),
            Type::U16 => Shape::Number("u16"),
            Type::U32 => Shape::Number("u32"),
            Type::U64 => Shape::Number("u64"),
            Type::S8 => Shape::Number("s8"),
            Type::S16 => Shape::Number("s16"),
            Type::S32 => Shape::Number("s32"),
            Type::S64 => Shape::Number("s64"),
            Type::F32 => Shape::Number("f32"),
            Type::F64 => Shape::Number("f64"),
            Type::String => Shape::Text,
            Type::Id(id) => return self.shape_of(*id),
            Type::Char | Type::ErrorContext => return Err("a type that no language here can express yet".into()),
        })
    }

    fn shape_of(&self, id: TypeId) -> Result<Shape<'_>, String> {
        let definition = &self.resolve.types[id];
        Ok(match &definition.kind {
            TypeDefKind::Type(ty) => return self.shape(ty),
            TypeDefKind::Option(ty) => Shape::Option(ty),
            TypeDefKind::List(ty) => Shape::List(ty),
            TypeDefKind::Tuple(tuple) => Shape::Tuple(&tuple.types),
            TypeDefKind::Result(result) => Shape::Result(result.ok.as_ref(), result.err.as_ref()),
            other => {
                let named = self.types.iter().find(|it| Some(&it.name) == definition.name.as_ref());
                Shape::Named(
                    named.ok_or_else(|| format!("a {}, which no language here can express yet", other.as_str()))?,
                )
            }
        })
    }

    /// How many bytes a value takes.
    pub(super) fn size(&self, ty: &Type) -> usize {
        self.sizes.size(ty).size_wasm32()
    }

    /// What its address is a multiple of.
    pub(super) fn align(&self, ty: &Type) -> usize {
        self.sizes.align(ty).align_wasm32()
    }

    /// Where the payload of an option or a result lies.
    pub(super) fn payload<'t>(&self, cases: impl IntoIterator<Item = Option<&'t Type>>) -> usize {
        self.sizes.payload_offset(wit_parser::Int::U8, cases).size_wasm32()
    }

    /// Where the elements of a tuple lie.
    pub(super) fn elements(&self, types: &[Type]) -> Vec<usize> {
        self.sizes.field_offsets(types).into_iter().map(|(offset, _)| offset.size_wasm32()).collect()
    }
}

fn lines(docs: &wit_parser::Docs) -> Vec<String> {
    docs.contents.iter().flat_map(|text| text.lines()).map(|line| line.trim().to_owned()).collect()
}

/// `last-user-text` as `LastUserText`.
pub(super) fn upper(name: &str) -> String {
    name.split('-').map(|word| word[..1].to_uppercase() + &word[1..]).collect()
}

/// `last-user-text` as `lastUserText`.
pub(super) fn lower(name: &str) -> String {
    let name = upper(name);
    name[..1].to_lowercase() + &name[1..]
}

impl Layout {
    /// The names of the types that these are made of.
    pub(super) fn reach<'a>(&'a self, types: impl IntoIterator<Item = &'a Type>) -> Result<BTreeSet<&'a str>, String> {
        let mut found = BTreeSet::new();
        let mut open: Vec<&Type> = types.into_iter().collect();
        while let Some(ty) = open.pop() {
            match self.shape(ty)? {
                Shape::Bool | Shape::Number(_) | Shape::Text => {}
                Shape::Option(inner) | Shape::List(inner) => open.push(inner),
                Shape::Tuple(types) => open.extend(types),
                Shape::Result(ok, error) => open.extend(ok.into_iter().chain(error)),
                Shape::Named(named) if found.insert(named.name.as_str()) => match &named.body {
                    Body::Record(fields) => open.extend(fields.iter().map(|it| &it.ty)),
                    Body::Variant { cases, .. } => open.extend(cases.iter().filter_map(|it| it.ty.as_ref())),
                    Body::Enum(_) => {}
                },
                Shape::Named(_) => {}
            }
        }
        Ok(found)
    }
}

/// What the functions of some interfaces return.
pub(super) fn results(interfaces: &[Interface]) -> impl Iterator<Item = &Type> {
    interfaces.iter().flat_map(|it| &it.functions).filter_map(|it| it.result.as_ref())
}
