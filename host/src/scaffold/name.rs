//! The name of a project: good for a file, a package in any language, and a strategy in a configuration.

/// The longest name.
const LONGEST: usize = 64;

/// The package that a project in Rust carries.
const SDK: &str = "standin-sdk";

/// A project's name: lower-case letters, digits and single hyphens, a letter first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name(String);

impl Name {
    /// As it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A text with the project's name where a template wants it.
    pub(super) fn fill(&self, text: &str) -> String {
        text.replace("{{name}}", &self.0).replace("{{name_snake}}", &self.0.replace('-', "_"))
    }
}

impl std::str::FromStr for Name {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let Some(wrong) = wrong(name) else { return Ok(Self(name.to_owned())) };
        let better = better(name);
        if let Some((_, last)) = name.trim_end_matches('/').rsplit_once('/') {
            let folder = if last == better { name.to_owned() } else { name.replace(last, &better) };
            return Err(format!(
                "`{name}` {wrong}; the folder is told apart from the name: `{better} --dir {}`",
                folder.trim_end_matches('/')
            ));
        }
        Err(format!(
            "`{name}` {wrong}; a name is lower-case letters, digits and single hyphens, and begins with a letter: try `{better}`"
        ))
    }
}

/// What is wrong with a name.
fn wrong(name: &str) -> Option<String> {
    let odd = name.chars().find(|char| !matches!(char, 'a'..='z' | '0'..='9' | '-'));
    let wrong = match (odd, name.chars().next()) {
        (_, None) => "is empty".to_owned(),
        (Some('/'), _) => "is a path".to_owned(),
        (Some(odd), _) if odd.is_ascii_uppercase() => format!("has the capital letter `{odd}`"),
        (Some(odd), _) if odd.is_whitespace() => "has a space".to_owned(),
        (Some(odd), _) => format!("has the character `{odd}`"),
        (None, Some('0'..='9')) => "begins with a digit".to_owned(),
        (None, Some('-')) => "begins with a hyphen".to_owned(),
        (None, Some(_)) if name.ends_with('-') => "ends with a hyphen".to_owned(),
        (None, Some(_)) if name.contains("--") => "has two hyphens in a row".to_owned(),
        (None, Some(_)) if name.len() > LONGEST => format!("is longer than {LONGEST} characters"),
        (None, Some(_)) if name == SDK => "is the name of the SDK".to_owned(),
        (None, Some(_)) => return None,
    };
    Some(wrong)
}

/// The good name that is nearest: words are told apart by capitals and by what is neither letter nor digit.
fn better(name: &str) -> String {
    let last = name.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let mut better = String::new();
    let mut before = '-';
    for char in last.chars() {
        let starts = !char.is_ascii_alphanumeric() || (char.is_ascii_uppercase() && before.is_ascii_lowercase());
        if starts && !better.is_empty() && !better.ends_with('-') {
            better.push('-');
        }
        if char.is_ascii_alphanumeric() {
            better.push(char.to_ascii_lowercase());
        }
        before = char;
    }
    if !better.starts_with(|char: char| char.is_ascii_lowercase()) || better == SDK {
        better.insert_str(0, "my-");
    }
    better.truncate(LONGEST);
    match better.trim_end_matches('-') {
        "my" => "my-strategy".to_owned(),
        better => better.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn good_names_are_taken_as_they_are() {
        for name in ["a", "greeter", "fault-storm", "v2-of-it", "x9", &"a".repeat(LONGEST)] {
            assert_eq!(name.parse::<Name>().unwrap().as_str(), name);
        }
    }

    #[test]
    fn a_bad_name_is_told_with_a_better_one() {
        for (name, wrong, better) in [
            ("", "is empty", "my-strategy"),
            ("!", "has the character `!`", "my-strategy"),
            ("MyGreeter", "has the capital letter `M`", "my-greeter"),
            ("my greeter", "has a space", "my-greeter"),
            ("my_greeter", "has the character `_`", "my-greeter"),
            ("grüßer", "has the character `ü`", "gr-er"),
            ("2nd", "begins with a digit", "my-2nd"),
            ("-a", "begins with a hyphen", "a"),
            ("a-", "ends with a hyphen", "a"),
            ("a--b", "has two hyphens in a row", "a-b"),
            ("standin-sdk", "is the name of the SDK", "my-standin-sdk"),
            ("plugins/greeter", "is a path", "greeter --dir plugins/greeter"),
            ("/tmp/Greeter/", "is a path", "greeter --dir /tmp/greeter"),
            (&"a".repeat(65), "is longer than 64 characters", &"a".repeat(64)),
        ] {
            let told = name.parse::<Name>().unwrap_err();
            assert!(told.contains(wrong) && told.contains(&format!("`{better}`")), "{told}");
        }
    }

    #[test]
    fn the_better_name_is_good() {
        for name in ["", "-", "9", "A", "ABC", "aB/cD", "standin_sdk", "ö", "a b--C_", &"Ab".repeat(99)] {
            let better = better(name);
            assert_eq!(wrong(&better), None, "{name} → {better}");
        }
    }

    #[test]
    fn a_template_is_filled() {
        let name: Name = "two-words".parse().unwrap();
        assert_eq!(name.fill("{{name}}.{{name_snake}} {{other}}"), "two-words.two_words {{other}}");
    }
}
