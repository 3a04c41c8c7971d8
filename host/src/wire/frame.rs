//! An envelope rendered once: the text before and behind the place where the choices or the content go. A merge patch
//! is applied to it here, so that with or without one every chunk of a stream costs two copies and no JSON tree.

use serde_json::Value;

use super::json::{merge_patch, write_string};

/// The text of a JSON object, split inside one of its arrays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Frame {
    /// Up to and with the array's opening bracket.
    pub(crate) head: Vec<u8>,
    /// From the array's closing bracket on.
    pub(crate) tail: Vec<u8>,
}

impl Frame {
    /// Applies a patch to everything but the array and some other fields. A patch that is no object changes nothing: an
    /// envelope cannot be replaced by a number.
    pub(crate) fn patched(self, patch: Option<&Value>, array: &str, keep: &[&str]) -> Self {
        let Some(Value::Object(patch)) = patch else { return self };
        let whole = [self.head.as_slice(), self.tail.as_slice()].concat();
        let Ok(mut envelope) = serde_json::from_slice::<Value>(&whole) else { return self };
        let mut patch = patch.clone();
        patch.retain(|key, _| key != array && !keep.contains(&key.as_str()));
        merge_patch(&mut envelope, &Value::Object(patch));
        let Value::Object(envelope) = envelope else { return self };

        let mut patched = Self { head: vec![b'{'], tail: Vec::new() };
        let mut out = &mut patched.head;
        for (index, (key, value)) in envelope.iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            write_string(out, key);
            out.push(b':');
            if key == array {
                out.push(b'[');
                out = &mut patched.tail;
                out.push(b']');
            } else {
                out.extend_from_slice(value.to_string().as_bytes());
            }
        }
        out.push(b'}');
        patched
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn frame() -> Frame {
        Frame { head: br#"{"id":"a","content":["#.to_vec(), tail: br#"],"usage":null,"x":{"y":1,"z":2}}"#.to_vec() }
    }

    fn text(frame: &Frame) -> String {
        format!("{}…{}", String::from_utf8_lossy(&frame.head), String::from_utf8_lossy(&frame.tail))
    }

    #[test]
    fn a_patch_changes_the_envelope_and_not_what_it_holds() {
        let patch = json!({"id": "b", "content": "no", "usage": {"n": 1}, "x": {"y": null}, "new": [1]});
        let patched = frame().patched(Some(&patch), "content", &["usage"]);
        assert_eq!(text(&patched), r#"{"id":"b","content":[…],"usage":null,"x":{"z":2},"new":[1]}"#);
    }

    #[test]
    fn without_a_patch_or_with_one_that_is_no_object_nothing_changes() {
        assert_eq!(frame().patched(None, "content", &[]), frame());
        assert_eq!(frame().patched(Some(&json!(7)), "content", &[]), frame());
    }
}
