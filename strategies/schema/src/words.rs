//! Values that look like what a property's name, and otherwise its description, promises. The schema always wins: what does
//! not fit is not taken.

use standin_sdk::context::{below, pick};

use crate::formats;
use crate::number::Likely;

pub(crate) const FIRST: &[&str] =
    &["Ada", "Ben", "Chloe", "Dmitri", "Elena", "Farid", "Grace", "Hiro", "Ines", "Jonas"];
pub(crate) const LAST: &[&str] =
    &["Abbott", "Brandt", "Costa", "Dubois", "Eriksen", "Fischer", "Garcia", "Hughes", "Ito"];
pub(crate) const NOUNS: &[&str] =
    &["harbour", "meadow", "lantern", "river", "garden", "bridge", "orchard", "signal", "copper", "willow", "market"];
const ADJECTIVES: &[&str] =
    &["quiet", "amber", "northern", "early", "bright", "narrow", "steady", "open", "green", "late"];
const CITIES: &[&str] = &["Lisbon", "Oslo", "Kyoto", "Montreal", "Nairobi", "Tallinn", "Valencia", "Wellington"];
const COUNTRIES: &[&str] = &["Portugal", "Norway", "Japan", "Canada", "Kenya", "Estonia", "Spain", "New Zealand"];
const STREETS: &[&str] = &["Market Street", "Mill Lane", "Station Road", "Church Street", "Park Avenue"];
const SENTENCES: &[&str] = &[
    "The report covers the first quarter.",
    "Please check the figures before Friday.",
    "Everything works as expected.",
    "This needs one more look.",
    "The new version starts much faster.",
    "Nothing else has to be changed.",
];
const EXTENSIONS: &[&str] = &["txt", "md", "json", "csv", "py", "rs"];

/// What a word of a name stands for.
enum Kind {
    OneOf(&'static [&'static str]),
    Format(&'static str),
    By(fn() -> String),
}

use Kind::{By, Format, OneOf};

/// A text for a property of this name.
pub(crate) fn text(name: &str, description: Option<&str>) -> String {
    let tokens = tokens(name);
    // All of the name first: a first name is no name.
    let kind = by_token(&tokens.concat()).or_else(|| tokens.iter().rev().find_map(|token| by_token(token)));
    match kind.or_else(|| by_description(description?)) {
        Some(OneOf(texts)) => one(texts).to_owned(),
        Some(Format(format)) => formats::make(format).unwrap_or_default(),
        Some(By(make)) => make(),
        None => phrase(),
    }
}

/// A word or two that mean nothing.
pub(crate) fn phrase() -> String {
    format!("{} {}", one(ADJECTIVES), one(NOUNS))
}

/// A name for a property.
pub(crate) fn key() -> String {
    one(NOUNS).to_owned()
}

/// The path of a file.
pub(crate) fn path() -> String {
    format!("/home/user/{}/{}.{}", one(NOUNS), one(NOUNS), one(EXTENSIONS))
}

fn one(texts: &'static [&'static str]) -> &'static str {
    pick(texts).copied().unwrap_or_default()
}

/// What the words of names stand for.
const WORDS: &[(&str, Kind)] = &[
    ("email mail sender recipient cc bcc attendee attendees", Format("email")),
    ("url uri link href website homepage webhook", Format("uri")),
    ("uuid guid", Format("uuid")),
    ("id key ref token sku", By(|| format!("{}_{:04}", one(NOUNS), below(10_000)))),
    ("date day birthday deadline dob", Format("date")),
    ("timestamp datetime at start end since until", Format("date-time")),
    ("time", By(|| format!("{:02}:{:02}", below(24), 5 * below(12)))),
    ("duration", Format("duration")),
    ("ip", Format("ipv4")),
    ("host hostname domain", Format("hostname")),
    ("phone mobile fax", Format("phone")),
    ("color colour", Format("color")),
    ("currency", Format("currency")),
    ("regex pattern", Format("regex")),
    ("path file filepath filename src dest", By(path)),
    ("dir directory folder cwd", Format("directory-path")),
    ("firstname forename givenname", OneOf(FIRST)),
    ("lastname surname familyname", OneOf(LAST)),
    ("name person author owner assignee customer fullname", By(|| format!("{} {}", one(FIRST), one(LAST)))),
    ("user username login", By(|| format!("{}{}", one(FIRST).to_ascii_lowercase(), below(100)))),
    ("city town location place destination origin", OneOf(CITIES)),
    ("country", OneOf(COUNTRIES)),
    ("state region province", OneOf(&["Alentejo", "Viken", "Kansai", "Quebec", "Otago"])),
    ("street address", By(|| format!("{} {}", 1 + below(200), one(STREETS)))),
    ("zip postcode postal zipcode", By(|| format!("{:05}", 10_000 + below(90_000)))),
    ("language locale lang", OneOf(&["en", "fr", "de", "pt", "ja"])),
    ("timezone tz", OneOf(&["Europe/Lisbon", "Asia/Tokyo", "America/Toronto", "UTC"])),
    (
        "description summary message content body comment note notes reason text reasoning explanation answer thought details sentence",
        OneOf(SENTENCES),
    ),
    ("query question search prompt", By(|| format!("{} near {}", phrase(), one(CITIES)))),
    ("sql", By(|| format!("SELECT * FROM {} LIMIT {}", one(NOUNS), 1 + below(100)))),
    ("command cmd", By(|| format!("ls /home/user/{}", one(NOUNS)))),
    ("branch", By(|| format!("feature/{}", one(NOUNS)))),
    ("version", By(|| format!("{}.{}.{}", below(4), below(20), below(10)))),
    ("selector", By(|| format!("#{}", one(NOUNS)))),
    ("status", OneOf(&["open", "active", "pending", "done"])),
    ("unit units", OneOf(&["metric", "celsius", "kg", "m"])),
    ("company organization organisation vendor", By(|| format!("{} & {}", one(LAST), one(LAST)))),
    ("tag keyword label category topic slug", OneOf(NOUNS)),
];

fn by_token(token: &str) -> Option<&'static Kind> {
    WORDS.iter().find(|(words, _)| words.split(' ').any(|word| word == token)).map(|(_, kind)| kind)
}

/// What descriptions say that names do not.
const DESCRIBED: &[(&str, Kind)] = &[
    ("email", Format("email")),
    ("url", Format("uri")),
    ("uuid", Format("uuid")),
    ("yyyy-mm-dd", Format("date")),
    ("iso 8601", Format("date-time")),
    ("rfc 3339", Format("date-time")),
    ("ip address", Format("ipv4")),
    ("path to", By(path)),
];

fn by_description(description: &str) -> Option<&'static Kind> {
    let description = description.to_ascii_lowercase();
    DESCRIBED.iter().find(|(word, _)| description.contains(word)).map(|(_, kind)| kind)
}

/// Where numbers are likely to be.
const NUMBERS: &[(&str, Likely)] = &[
    ("lat latitude", Likely(-60, 70, 4)),
    ("lon lng longitude", Likely(-180, 180, 4)),
    ("year", Likely(2000, 2030, 0)),
    ("month", Likely(1, 12, 0)),
    ("day", Likely(1, 28, 0)),
    ("hour hours", Likely(0, 23, 0)),
    ("minute minutes second seconds", Likely(0, 59, 0)),
    ("age", Likely(18, 90, 0)),
    ("port", Likely(1024, 65_535, 0)),
    ("id number", Likely(1, 100_000, 0)),
    ("price amount cost total balance subtotal salary", Likely(5, 500, 2)),
    ("score confidence probability ratio weight relevance", Likely(0, 1, 2)),
    ("temperature temp", Likely(-10, 35, 1)),
    ("rating stars", Likely(1, 5, 1)),
    ("timestamp ts", Likely(1_700_000_000, 1_780_000_000, 0)),
];

/// Where a number for a property of this name is likely to be.
pub(crate) fn number(name: &str) -> Likely {
    let by_token = |token: &String| NUMBERS.iter().find(|(words, _)| words.split(' ').any(|word| word == token));
    tokens(name).iter().rev().find_map(by_token).map_or(Likely(0, 100, 2), |(_, likely)| *likely)
}

/// The name of one of several.
pub(crate) fn singular(name: &str) -> &str {
    if name.ends_with("ss") { name } else { name.strip_suffix('s').unwrap_or(name) }
}

/// The words of a name in any of the usual spellings, in lower case.
fn tokens(name: &str) -> Vec<String> {
    let mut tokens = vec![String::new()];
    let mut small = false;
    for char in name.chars() {
        if !char.is_ascii_alphanumeric() || (small && char.is_ascii_uppercase()) {
            tokens.push(String::new());
        }
        small = char.is_ascii_lowercase();
        if char.is_ascii_alphanumeric()
            && let Some(token) = tokens.last_mut()
        {
            token.push(char.to_ascii_lowercase());
        }
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_in_any_spelling() {
        assert_eq!(tokens("shippingAddress_line-2"), ["shipping", "address", "line", "2"]);
        assert_eq!(tokens("URL"), ["url"]);
        assert!(text("customerEmail", None).contains("@example.com"));
        assert!(text("IMAGE_URL", None).starts_with("https://example.com/"));
        assert!(text("to", Some("Email address of the recipient")).contains('@'));
        assert!(CITIES.contains(&text("departure_city", None).as_str()));
        assert_eq!(number("userAge"), Likely(18, 90, 0));
        assert_eq!(["tags", "address", "city"].map(singular), ["tag", "address", "city"]);
    }
}
