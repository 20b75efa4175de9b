use super::{
    super::{aliases::alias, exit},
    *,
};

/// No relay is named so.
const NONE: HostOption =
    HostOption { text: None, named: Named::File, aliases: Aliases { aliases: Vec::new() } };

fn host(text: &str, named: Named) -> HostOption {
    HostOption { text: Some(text.into()), named, ..NONE }
}

fn option(text: &str) -> HostOption {
    host(text, Named::Option)
}

fn variable(text: &str) -> HostOption {
    host(text, Named::Variable)
}

fn file(text: &str) -> HostOption {
    host(text, Named::File)
}

fn address(text: &str) -> AddressList {
    text.parse().unwrap()
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

/// The relay, and what is left of the words.
fn split(host: &HostOption, before: &str, after: &str) -> Result<(String, String), Error> {
    let (address, rest) = host.or_first_of(Operands::Text, &words(before), &words(after))?;
    Ok((address.first().host(), rest.join(" ")))
}

#[test]
fn a_positional_relay_overrides_the_variable_but_not_the_option() {
    let (here, there) = (address("here"), address("there"));
    assert_eq!(NONE.or_by_position(Some(&here)).unwrap(), here);
    assert_eq!(variable("there").or_by_position(None).unwrap(), there);
    assert_eq!(option("there").or_by_position(None).unwrap(), there);
    assert_eq!(variable("there").or_by_position(Some(&here)).unwrap(), here);
    assert_eq!(variable(":broken").or_by_position(Some(&here)).unwrap(), here);
    assert_eq!(file("there").or_by_position(None).unwrap(), there);
    assert_eq!(file("there").or_by_position(Some(&here)).unwrap(), here);
    for wrong in [
        NONE.or_by_position(None),
        option("there").or_by_position(Some(&here)),
        variable(":broken").or_by_position(None),
    ] {
        assert_eq!(exit::code(&wrong.map(drop)), 2);
    }
}

#[test]
fn words_follow_the_relay_unless_it_is_named_elsewhere() {
    let is = |host: &str, text: &str| (host.to_owned(), text.to_owned());
    let none = NONE;
    assert_eq!(split(&none, "desk.local coffee is ready", "").unwrap(), is("desk.local", "coffee is ready"));
    assert_eq!(split(&none, "desk.local", "-5 degrees").unwrap(), is("desk.local", "-5 degrees"));
    assert_eq!(split(&none, "", "desk.local hi").unwrap(), is("desk.local", "hi"));
    let (several, _) = none.or_first_of(Operands::Text, &words("a,b hi, you"), &[]).unwrap();
    assert_eq!(several.to_string(), "a:6868,b:6868");
    assert_eq!(split(&variable("there"), "hello,world", "").unwrap(), is("there", "hello,world"));
    for named in [option("there"), variable("there"), file("there")] {
        assert_eq!(split(&named, "coffee is ready", "").unwrap(), is("there", "coffee is ready"));
        assert_eq!(split(&named, "", "desk.local is down").unwrap(), is("there", "desk.local is down"));
        assert_eq!(split(&named, "", "").unwrap(), is("there", ""));
    }
    assert_eq!(split(&option("there"), "desk.local hi", "").unwrap(), is("there", "desk.local hi"));
    assert_eq!(exit::code(&split(&none, "", "").map(drop)), 2);
    assert_eq!(exit::code(&split(&none, "desk.local:x hi", "").map(drop)), 2);
}

#[test]
fn a_word_that_looks_like_a_relay_beside_the_variable_is_wrong_usage() {
    let error = split(&variable("there"), "desk.local hi", "").unwrap_err();
    let said = error.to_string();
    assert_eq!(exit::code(&Err(error)), 2);
    assert!(said.contains("--host desk.local") && said.contains("put -- before it"), "{said}");
}

#[test]
fn a_name_of_the_configuration_file_stands_for_an_address() {
    let aliases = Aliases { aliases: vec![alias("desk=192.0.2.7:7000").unwrap()] };
    let named = |host: HostOption| HostOption { aliases: aliases.clone(), ..host };
    let desk = address("192.0.2.7:7000");
    assert_eq!(named(NONE).or_by_position(Some(&address("desk"))).unwrap(), desk);
    assert_eq!(named(option("desk")).or_by_position(None).unwrap(), desk);
    assert_eq!(named(variable("desk")).or_by_position(None).unwrap(), desk);
    let other = address("desk:1234");
    assert_eq!(named(NONE).or_by_position(Some(&other)).unwrap(), other, "another port");
    assert_eq!(split(&named(NONE), "desk hi", "").unwrap(), ("192.0.2.7".into(), "hi".into()));
    let error = split(&named(file("there")), "desk hi", "").unwrap_err().to_string();
    assert!(error.contains("configuration file") && error.contains("--host desk"), "{error}");
}

#[test]
fn a_file_is_no_relay() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("plan.png");
    std::fs::write(&file, "").unwrap();
    let file = [file.to_str().unwrap().to_owned()];
    let files = |host: &HostOption, words: &[String]| host.or_first_of(Operands::Files, words, &[]);
    assert_eq!(files(&variable("there"), &file).unwrap().1, file);
    let error = files(&NONE, &file).unwrap_err().to_string();
    assert!(error.contains("no relay is named"), "{error}");
    let error = files(&variable("there"), &words("desk.local plan.png")).unwrap_err().to_string();
    assert!(error.contains("--host desk.local"), "{error}");
    // A missing file is reported when it is read.
    assert_eq!(files(&variable("there"), &words("plan")).unwrap().1, ["plan"]);
}
