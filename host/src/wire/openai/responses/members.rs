//! The members of a JSON object as they stand in a text: copied, changed and completed without building a tree.

use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::wire::field::Text;
use crate::wire::json::{write_line, write_string};

/// The members, in order; of a key that occurs twice the last one counts.
pub(super) struct Members<'a>(Vec<(Text<'a>, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::with_capacity(8);
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Members(members))
    }
}

impl<'a> Members<'a> {
    /// The members of a text; none where it is no object.
    pub(super) fn read(json: &'a str) -> Option<Self> {
        serde_json::from_str(json).ok()
    }

    /// The text of a member that is there and not null.
    pub(super) fn get(&self, key: &str) -> Option<&'a str> {
        let found = self.0.iter().rev().find(|(name, _)| name.0 == key)?;
        Some(found.1.get()).filter(|json| *json != "null")
    }

    /// A member that is a text.
    pub(super) fn text(&self, key: &str) -> Option<Text<'a>> {
        serde_json::from_str(self.get(key)?).ok()
    }

    /// Appends the object on one line, with the first members instead of its own, and with the others where it lacks
    /// them or has null.
    pub(super) fn write(&self, out: &mut Vec<u8>, replaced: &[(&str, &str)], defaults: &[(&str, &str)]) {
        out.push(b'{');
        let mut first = true;
        let mut member = |key: &str, json: &str| {
            if !std::mem::take(&mut first) {
                out.push(b',');
            }
            write_string(out, key);
            out.push(b':');
            write_line(out, json);
        };
        for (key, json) in &self.0 {
            let json = json.get();
            let defaults = if json == "null" { defaults } else { &[] };
            let other = replaced.iter().chain(defaults).find(|(name, _)| *name == key.0);
            member(&key.0, other.map_or(json, |(_, json)| json));
        }
        for (key, json) in replaced.iter().chain(defaults) {
            if !self.0.iter().any(|(own, _)| own.0 == *key) {
                member(key, json);
            }
        }
        out.push(b'}');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn objects_are_completed_and_changed_in_place() {
        let members = Members::read("{\"a\": null,\n \"b\": {\"c\":\n 1}, \"\\u0041\": 2}").unwrap();
        let defaults = [("a", "1"), ("b", "2"), ("d", "3")];
        assert_eq!(written(|out| members.write(out, &[], &defaults)), r#"{"a":1,"b":{"c":  1},"A":2,"d":3}"#);
        assert_eq!(written(|out| members.write(out, &defaults, &[])), r#"{"a":1,"b":2,"A":2,"d":3}"#);
        let empty = Members::read("{}").unwrap();
        assert_eq!(written(|out| empty.write(out, &[], &[])), "{}");
        assert_eq!(written(|out| empty.write(out, &[("a", "1")], &[("b", "2")])), r#"{"a":1,"b":2}"#);
        assert!(Members::read("[]").is_none() && Members::read("7").is_none());
    }

    #[test]
    fn of_a_key_that_occurs_twice_the_last_counts() {
        let members = Members::read(r#"{"a":"x","a":"y","b":null}"#).unwrap();
        assert_eq!(members.get("a"), Some(r#""y""#));
        assert_eq!(members.text("a").map(|text| text.0), Some("y".into()));
        assert_eq!((members.get("b"), members.get("c")), (None, None));
    }
}
