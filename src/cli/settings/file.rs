//! The text of a configuration file, as entries with their lines.

use std::{ops::Range, path::Path, sync::Arc};

use toml::{
    Spanned,
    de::{DeInteger, DeTable, DeValue},
};

use super::fault::{Fault, Place};

/// The value of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Switch(bool),
    /// A text or a number.
    One(String),
    Several(Vec<String>),
}

/// A key with its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// The table: no names for the top of the file.
    pub(super) table: Vec<String>,
    pub(super) key: String,
    pub(super) value: Value,
    pub(super) place: Place,
}

/// A table, possibly empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Table {
    pub(super) path: Vec<String>,
    pub(super) place: Place,
}

/// A file, taken apart.
#[derive(Clone, Debug, Default)]
pub(super) struct Contents {
    /// In the order of their lines.
    pub(super) entries: Vec<Entry>,
    pub(super) tables: Vec<Table>,
}

/// Takes the text of a file apart.
pub(super) fn parse(path: &Path, text: &str) -> Result<Contents, Fault> {
    let mut reader = Reader { file: path.into(), text, contents: Contents::default() };
    let document = DeTable::parse(text).map_err(|error| {
        let place = reader.place(&error.span().unwrap_or_default());
        Fault::at(&place, error.message().replace('\n', ", "))
    })?;
    reader.table(&[], document.get_ref())?;
    let Contents { mut entries, mut tables } = reader.contents;
    entries.sort_by_key(|entry| entry.place.line);
    tables.sort_by_key(|table| table.place.line);
    Ok(Contents { entries, tables })
}

struct Reader<'a> {
    file: Arc<Path>,
    text: &'a str,
    contents: Contents,
}

impl Reader<'_> {
    fn place(&self, span: &Range<usize>) -> Place {
        let before = self.text.get(..span.start).unwrap_or(self.text);
        Place { file: Arc::clone(&self.file), line: 1 + before.matches('\n').count() }
    }

    fn table(&mut self, path: &[String], table: &DeTable<'_>) -> Result<(), Fault> {
        for (key, value) in table {
            let place = self.place(&key.span());
            let key = key.get_ref().to_string();
            if let DeValue::Table(inner) = value.get_ref() {
                let path = [path, &[key]].concat();
                self.table(&path, inner)?;
                self.contents.tables.push(Table { path, place });
                continue;
            }
            let value = value_of(&key, value).map_err(|what| Fault::at(&place, what))?;
            self.contents.entries.push(Entry { table: path.to_vec(), key, value, place });
        }
        Ok(())
    }
}

fn value_of(key: &str, value: &Spanned<DeValue<'_>>) -> Result<Value, String> {
    Ok(match value.get_ref() {
        DeValue::Boolean(on) => Value::Switch(*on),
        DeValue::Array(values) => {
            let one = |value| one(key, Spanned::get_ref(value));
            Value::Several(values.iter().map(one).collect::<Result<_, _>>()?)
        }
        value => Value::One(one(key, value)?),
    })
}

fn one(key: &str, value: &DeValue<'_>) -> Result<String, String> {
    match value {
        DeValue::String(text) => Ok(text.to_string()),
        DeValue::Float(number) => Ok(number.as_str().to_owned()),
        DeValue::Integer(number) => {
            decimal(number).ok_or_else(|| format!("{key:?}: the number is too large"))
        }
        DeValue::Boolean(_) | DeValue::Datetime(_) | DeValue::Array(_) | DeValue::Table(_) => {
            Err(format!("{key:?}: expected a text, a number, or true or false"))
        }
    }
}

/// The number as options take it: 0x10 is 16.
fn decimal(number: &DeInteger<'_>) -> Option<String> {
    i128::from_str_radix(number.as_str(), number.radix()).ok().map(|number| number.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fails(text: &str) -> String {
        parse(Path::new("c.toml"), text).unwrap_err().to_string()
    }

    #[test]
    fn entries_have_their_table_and_line() {
        let text = "name = \"Ann\"\n\n[host.desk]\ntls-pin = \"AB\"\nset = [\"gain=1\", 2]\n[view]\nnumbers = true\n\
                    fps = 7.5\nmany = 0x10\n[empty]\n";
        let contents = parse(Path::new("c.toml"), text).unwrap();
        let entries: Vec<_> = contents
            .entries
            .iter()
            .map(|entry| (entry.table.join("."), entry.key.as_str(), &entry.value, entry.place.to_string()))
            .collect();
        let one = |text: &str| Value::One(text.into());
        let several = Value::Several(vec!["gain=1".into(), "2".into()]);
        let line = |line: u32| format!("c.toml:{line}");
        assert_eq!(
            entries,
            [
                (String::new(), "name", &one("Ann"), line(1)),
                ("host.desk".into(), "tls-pin", &one("AB"), line(4)),
                ("host.desk".into(), "set", &several, line(5)),
                ("view".into(), "numbers", &Value::Switch(true), line(7)),
                ("view".into(), "fps", &one("7.5"), line(8)),
                ("view".into(), "many", &one("16"), line(9)),
            ]
        );
        let tables: Vec<_> =
            contents.tables.iter().map(|table| (table.path.join("."), table.place.line)).collect();
        assert!(tables.contains(&("empty".into(), 10)) && tables.contains(&("view".into(), 6)), "{tables:?}");
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        assert!(fails("a = 1\nb = \n").starts_with("c.toml:2: "));
        let twice = fails("a = 1\na = 2\n");
        assert!(twice.starts_with("c.toml:2: ") && twice.contains("duplicate"), "{twice}");
        assert!(fails("a = 1979-05-27").contains("expected a text"));
        assert!(fails("a = [[1]]").contains("expected a text"));
    }
}
