//! What a stage means by `pack:…` or `oci://…`: first as the lock pins it, then as it is installed. Nothing is fetched here: the
//! start of a server needs no network, and brings nothing in that nobody asked for.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::build::Pack;
use super::digest::Digest;
use super::lock::Lock;
use super::manifest::rights;
use super::reference::{Place, Reference};
use super::store::{Item, Store};
use super::{PackError, Result};
use crate::config::{Allow, Limits};

/// What is installed, as a configuration sees it.
pub struct Shelf {
    store: Store,
    lock: Lock,
    path: PathBuf,
}

/// A strategy that was found.
pub struct Resolved {
    /// Its name in the chain.
    pub name: String,
    /// Of which version of what it is: `pack:greetings@1.2.0/greeter`.
    pub title: String,
    /// Its component, whose digest is right.
    pub file: PathBuf,
    /// Its settings, where the stage says nothing else.
    pub settings: Option<Value>,
    /// What one call may use up, where the stage says nothing else.
    pub limits: Limits,
    /// The rights that it asks for.
    pub allow: Allow,
}

impl Shelf {
    /// What a configuration sees; `config` is its file, if it has one.
    ///
    /// # Errors
    /// There is no place for packs, or the lock is wrong.
    pub fn of(config: Option<&Path>) -> Result<Self> {
        Self::with(Store::users()?, config)
    }

    /// The same, with another store.
    ///
    /// # Errors
    /// The lock is wrong.
    pub fn with(store: Store, config: Option<&Path>) -> Result<Self> {
        let path = config.map(Lock::beside).unwrap_or_default();
        let lock = if config.is_some() { Lock::read(&path)? } else { Lock::default() };
        Ok(Self { store, lock, path })
    }

    /// The lock, to be watched.
    pub fn lock(&self) -> &Path {
        &self.path
    }

    /// Finds a strategy.
    ///
    /// # Errors
    /// It is not here, or is not what it should be; and what to do.
    pub fn find(&self, text: &str) -> Result<Resolved> {
        let reference: Reference = text.parse().map_err(PackError::Other)?;
        let item = match self.lock.find(&reference) {
            Some(pin) => pin.as_item(),
            None => match self.store.find(&reference)? {
                Some(item) => item,
                None => return Err(self.missing(&reference)),
            },
        };
        let bytes = self.store.read(item.digest)?.ok_or_else(|| {
            PackError::other(format!(
                "`{text}` is {} ({}), which is not in the local store; run `standin pack install` in the folder of {}",
                item.title(),
                item.digest,
                self.path.display()
            ))
        })?;
        if item.pack.is_some() { self.of_pack(&reference, &item, bytes) } else { self.alone(&reference, &item) }
    }

    fn of_pack(&self, reference: &Reference, item: &Item, bytes: Vec<u8>) -> Result<Resolved> {
        let pack = Pack::from_archive(bytes, &item.title())?;
        let strategy = pack.manifest.strategy(reference.strategy.as_deref()).map_err(PackError::Other)?;
        // Beside the archive, for the loader; what lies there may have been changed since.
        let component = pack.component(strategy);
        self.store.keep(component)?;
        Ok(Resolved {
            name: strategy.name.clone(),
            title: format!("pack:{}/{}", item.title(), strategy.name),
            file: self.store.path(Digest::of(component)),
            settings: strategy.settings.clone(),
            limits: strategy.limits,
            allow: strategy.allow.clone(),
        })
    }

    fn alone(&self, reference: &Reference, item: &Item) -> Result<Resolved> {
        if let Some(strategy) = &reference.strategy {
            let message = format!("{} is a component that stands alone; leave out `/{strategy}`", item.title());
            return Err(PackError::Other(message));
        }
        let name = item.source.as_ref().and_then(|source| source.repository.rsplit('/').next()).unwrap_or("component");
        Ok(Resolved {
            name: name.to_owned(),
            title: item.title(),
            file: self.store.path(item.digest),
            settings: None,
            limits: Limits::default(),
            allow: Allow::default(),
        })
    }

    fn missing(&self, reference: &Reference) -> PackError {
        let whole = Reference { strategy: None, ..reference.clone() };
        let message = match &reference.place {
            Place::Remote(_) => format!("`{whole}` is not installed; run `standin pack install {whole}`"),
            Place::Pack(name) => {
                let items = self.store.items().map(|(items, _)| items).unwrap_or_default();
                let mine: Vec<_> =
                    items.iter().filter(|item| item.pack.as_ref() == Some(name)).map(Item::title).collect();
                let there = if mine.is_empty() { String::new() } else { format!(" (there is {})", mine.join(", ")) };
                format!(
                    "`{whole}` is not installed{there}; run `standin pack install REF`, where REF says where it is: \
                     `oci://REGISTRY/{name}@VERSION`, an archive or a folder"
                )
            }
        };
        PackError::Other(message)
    }
}

impl Resolved {
    /// The settings of a stage: those of the pack, of which the stage's replace whole keys at the top.
    pub fn settings(&self, stage: &Value) -> Value {
        match (&self.settings, stage) {
            (Some(Value::Object(defaults)), Value::Object(own)) => {
                let mut merged = defaults.clone();
                merged.extend(own.iter().map(|(key, value)| (key.clone(), value.clone())));
                Value::Object(merged)
            }
            (Some(defaults), Value::Object(own)) if own.is_empty() => defaults.clone(),
            _ => stage.clone(),
        }
    }

    /// The limits of a stage, in place of the pack's where it says some.
    pub fn limits(&self, stage: &Limits) -> Limits {
        Limits {
            memory: stage.memory.or(self.limits.memory),
            time: stage.time.or(self.limits.time),
            reply: stage.reply.or(self.limits.reply),
        }
    }

    /// That rights are asked for, which a stage without a word about them does not grant.
    pub fn ungranted(&self) -> Option<(String, String)> {
        if self.allow.is_empty() {
            return None;
        }
        let asked = rights(&self.allow);
        Some((
            format!("`{}` asks for rights that are not granted: {asked}", self.title),
            format!("grant them with `allow: {asked}` at this stage, or refuse them with `allow: {{}}`"),
        ))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn resolved(settings: Option<Value>) -> Resolved {
        Resolved {
            name: "a".into(),
            title: "pack:a@1.0.0/a".into(),
            file: PathBuf::new(),
            settings,
            limits: Limits::default(),
            allow: Allow { env: vec!["HOME".into()], ..Allow::default() },
        }
    }

    #[test]
    fn a_stage_replaces_keys_at_the_top() {
        let with = resolved(Some(json!({ "a": 1, "b": { "c": 2, "d": 3 } })));
        assert_eq!(with.settings(&json!({})), json!({ "a": 1, "b": { "c": 2, "d": 3 } }));
        assert_eq!(with.settings(&json!({ "b": { "c": 4 }, "e": 5 })), json!({ "a": 1, "b": { "c": 4 }, "e": 5 }));
        assert_eq!(with.settings(&json!([1])), json!([1]));
        assert_eq!(resolved(None).settings(&json!({ "x": 1 })), json!({ "x": 1 }));
        assert_eq!(resolved(Some(json!([1]))).settings(&json!({})), json!([1]));
        assert_eq!(resolved(Some(json!([1]))).settings(&json!({ "x": 1 })), json!({ "x": 1 }));
    }

    #[test]
    fn what_is_asked_for_is_told_with_the_line_that_grants_it() {
        let (message, help) = resolved(None).ungranted().unwrap();
        assert_eq!(message, "`pack:a@1.0.0/a` asks for rights that are not granted: { env: [HOME] }");
        assert!(help.starts_with("grant them with `allow: { env: [HOME] }` at this stage"));
    }
}
