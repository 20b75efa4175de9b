//! Decides which entries of the files apply, beside what the command line and the environment say.

use std::collections::HashSet;

/// Chooses from levels of entries, the most specific level first. Returns the chosen entries' places in their
/// levels.
///
/// An entry does not apply if its option is `set` already by the command line, the environment or a more specific
/// level, or if it excludes an option that is `active` there.
pub(super) fn chosen<'a>(
    levels: &[Vec<Candidate<'a>>],
    mut set: HashSet<&'a str>,
    mut active: HashSet<&'a str>,
    excludes: impl Fn(&str, &str) -> bool,
) -> Vec<(usize, usize)> {
    let mut chosen = Vec::new();
    for (level, candidates) in levels.iter().enumerate() {
        let applies = |candidate: &Candidate<'_>| {
            let is_excluded = || active.iter().any(|other| excludes(candidate.option, other));
            !(set.contains(candidate.option) || candidate.is_active && is_excluded())
        };
        let places = candidates.iter().enumerate().filter(|(_, candidate)| applies(candidate));
        let of_level: Vec<_> = places.map(|(place, _)| place).collect();
        for &place in &of_level {
            let candidate = &candidates[place];
            set.insert(candidate.option);
            if candidate.is_active {
                active.insert(candidate.option);
            }
        }
        chosen.extend(of_level.into_iter().map(|place| (level, place)));
    }
    chosen
}

/// An entry that may apply.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate<'a> {
    /// The option's identifier.
    pub(super) option: &'a str,
    /// Whether it has an effect: a switch that is off has none.
    pub(super) is_active: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(option: &str) -> Candidate<'_> {
        Candidate { option, is_active: true }
    }

    fn off(option: &str) -> Candidate<'_> {
        Candidate { option, is_active: false }
    }

    fn choose<'a>(levels: &[Vec<Candidate<'a>>], set: &[&'a str]) -> Vec<(usize, usize)> {
        let given: HashSet<_> = set.iter().copied().collect();
        let pairs = [("pin", "ca"), ("terminal", "json")];
        let excludes = |a: &str, b: &str| pairs.contains(&(a, b)) || pairs.contains(&(b, a));
        chosen(levels, given.clone(), given, excludes)
    }

    #[test]
    fn the_more_specific_level_decides() {
        let (profile, table, top) =
            (vec![on("pin")], vec![on("name"), on("pin")], vec![on("name"), on("lang")]);
        assert_eq!(choose(&[profile.clone(), table.clone(), top.clone()], &[]), [(0, 0), (1, 0), (2, 1)]);
        assert_eq!(choose(&[profile, table, top], &["pin", "lang"]), [(1, 0)], "set by the command line");
    }

    #[test]
    fn what_excludes_a_more_specific_setting_gives_way() {
        assert_eq!(choose(&[vec![on("pin")], vec![on("ca")]], &[]), [(0, 0)]);
        assert_eq!(choose(&[vec![on("terminal")]], &["json"]), []);
        assert_eq!(
            choose(&[vec![on("pin"), on("ca")]], &[]),
            [(0, 0), (0, 1)],
            "one level contradicts itself"
        );
    }

    #[test]
    fn a_switch_that_is_off_hides_the_less_specific_one_and_excludes_nothing() {
        assert_eq!(choose(&[vec![off("json")], vec![on("json"), on("terminal")]], &[]), [(0, 0), (1, 1)]);
        assert_eq!(choose(&[vec![off("terminal")]], &["json"]), [(0, 0)]);
    }
}
