//! A page with placeholders: `{{name}}`.

use std::fmt::Write;

/// A parsed page with its placeholders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Template {
    /// Pieces of text, each with the name of the placeholder behind it.
    parts: Vec<(String, String)>,
    rest: String,
}

impl Template {
    /// Parses a page that must contain each of the names: checked before hours of measuring, not after.
    pub(super) fn parse(page: &str, names: &[&str]) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut rest = page;
        while let Some((text, behind)) = rest.split_once("{{") {
            let (name, after) = behind.split_once("}}").ok_or("a {{ without a }}")?;
            if !names.contains(&name) {
                return Err(format!("{{{{{name}}}}} is not one of {}", names.join(", ")));
            }
            parts.push((text.to_owned(), name.to_owned()));
            rest = after;
        }
        match names.iter().find(|name| !parts.iter().any(|(_, place)| place == *name)) {
            Some(name) => Err(format!("{{{{{name}}}}} is missing")),
            None => Ok(Self { parts, rest: rest.to_owned() }),
        }
    }

    /// Replaces each placeholder by the value of its name.
    pub(super) fn fill(&self, value: impl Fn(&str) -> String) -> String {
        let mut page = String::new();
        for (text, name) in &self.parts {
            // Writing to a String cannot fail.
            let _ = write!(page, "{text}{}", value(name).trim_end());
        }
        page + &self.rest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_filled_in() {
        let template = Template::parse("On {{a}}:\n\n{{b}}\nand {{a}}.\n", &["a", "b"]).unwrap();
        assert_eq!(template.fill(|name| format!("<{name}>\n")), "On <a>:\n\n<b>\nand <a>.\n");
        assert_eq!(Template::parse("plain", &[]).unwrap().fill(|_| String::new()), "plain");
    }

    #[test]
    fn placeholders_and_names_must_match() {
        let fails = |page: &str| Template::parse(page, &["a", "b"]).unwrap_err();
        assert_eq!(fails("{{a}}{{c}}"), "{{c}} is not one of a, b");
        assert_eq!(fails("{{a}}"), "{{b}} is missing");
        assert_eq!(fails("{{a}} {{b"), "a {{ without a }}");
    }
}
