//! Which JSON types a schema leaves open.

use serde_json::{Map, Value};

/// A set of JSON types, in which a number is an integer or has a fraction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Types(u8);

impl Types {
    pub(crate) const NONE: Self = Self(0);
    pub(crate) const NULL: Self = Self(1);
    pub(crate) const BOOLEAN: Self = Self(2);
    pub(crate) const INTEGER: Self = Self(4);
    pub(crate) const FRACTION: Self = Self(8);
    pub(crate) const STRING: Self = Self(16);
    pub(crate) const ARRAY: Self = Self(32);
    pub(crate) const OBJECT: Self = Self(64);
    pub(crate) const NUMBER: Self = Self(4 | 8);
    pub(crate) const ALL: Self = Self(127);

    /// What a schema's `type` says; none where it has none, or one that is no type.
    pub(crate) fn declared(schema: &Map<String, Value>) -> Option<Self> {
        match schema.get("type")? {
            Value::String(name) => Self::named(name),
            Value::Array(names) => {
                names.iter().try_fold(Self::NONE, |types, name| Some(types.or(Self::named(name.as_str()?)?)))
            }
            _ => None,
        }
    }

    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "null" => Self::NULL,
            "boolean" => Self::BOOLEAN,
            "integer" => Self::INTEGER,
            "number" => Self::NUMBER,
            "string" => Self::STRING,
            "array" => Self::ARRAY,
            "object" => Self::OBJECT,
            _ => return None,
        })
    }

    /// The types that a schema without `type` talks about: whoever writes `properties` means an object.
    pub(crate) fn meant(schema: &Map<String, Value>) -> Self {
        schema.keys().fold(Self::NONE, |types, key| {
            types.or(match key.as_str() {
                "properties"
                | "required"
                | "additionalProperties"
                | "patternProperties"
                | "propertyNames"
                | "minProperties"
                | "maxProperties"
                | "dependentRequired"
                | "unevaluatedProperties" => Self::OBJECT,
                "items" | "prefixItems" | "minItems" | "maxItems" | "uniqueItems" | "contains" => Self::ARRAY,
                "minLength" | "maxLength" | "pattern" | "format" => Self::STRING,
                "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" | "multipleOf" => Self::NUMBER,
                _ => Self::NONE,
            })
        })
    }

    pub(crate) fn of(value: &Value) -> Self {
        match value {
            Value::Null => Self::NULL,
            Value::Bool(_) => Self::BOOLEAN,
            Value::Number(number) => match number.as_f64() {
                Some(float) if float.fract() != 0.0 => Self::FRACTION,
                _ => Self::INTEGER,
            },
            Value::String(_) => Self::STRING,
            Value::Array(_) => Self::ARRAY,
            Value::Object(_) => Self::OBJECT,
        }
    }

    pub(crate) fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(crate) fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub(crate) fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    pub(crate) fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    pub(crate) fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// They as a person reads them.
    pub(crate) fn names(self) -> String {
        let number = if self.has(Self::FRACTION) { "number" } else { "integer" };
        let named = [
            (Self::NULL, "null"),
            (Self::BOOLEAN, "boolean"),
            (Self::NUMBER, number),
            (Self::STRING, "string"),
            (Self::ARRAY, "array"),
            (Self::OBJECT, "object"),
        ];
        let mut names = String::new();
        for (_, name) in named.iter().filter(|(types, _)| self.has(*types)) {
            names.push_str(if names.is_empty() { "" } else { " or " });
            names.push_str(name);
        }
        names
    }
}
