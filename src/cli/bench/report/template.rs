//! A page with places to be filled in: `{{name}}`.

use std::fmt::Write;

/// A page that people write, and what runs fill in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Template {
    /// Text, and the name of the place behind it.
    parts: Vec<(String, String)>,
    rest: String,
}

impl Template {
    /// From a page and the names of all that will be filled in, each of which has to have a place: told before hours of
    /// measuring, not after.
    pub(super) fn parse(page: &str, names: &[&str]) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut rest = page;
        while let Some((text, behind)) = rest.split_once("{{") {
            let (name, after) = behind.split_once("}}").ok_or("a {{ without its }}")?;
            if !names.contains(&name) {
                return Err(format!("{{{{{name}}}}} is none of {}", names.join(", ")));
            }
            parts.push((text.to_owned(), name.to_owned()));
            rest = after;
        }
        match names.iter().find(|name| !parts.iter().any(|(_, place)| place == *name)) {
            Some(name) => Err(format!("no {{{{{name}}}}} in it")),
            None => Ok(Self { parts, rest: rest.to_owned() }),
        }
    }

    /// The page with what each name stands for.
    pub(super) fn fill(&self, value: impl Fn(&str) -> String) -> String {
        let mut page = String::new();
        for (text, name) in &self.parts {
            // Written to a String: it cannot fail.
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
    fn places_and_names_have_to_fit() {
        let fails = |page: &str| Template::parse(page, &["a", "b"]).unwrap_err();
        assert_eq!(fails("{{a}}{{c}}"), "{{c}} is none of a, b");
        assert_eq!(fails("{{a}}"), "no {{b}} in it");
        assert_eq!(fails("{{a}} {{b"), "a {{ without its }}");
    }
}
