//! A histogram for a terminal.

/// Number of lines at most.
const LINES: usize = 16;

/// Characters of the longest bar.
const BAR: usize = 40;

/// Values above this share are counted in one line: a single late frame must not squeeze all others into one.
const SHOWN: usize = 99;

/// Counts of sorted values in milliseconds, as bars; one line for each step of a round number.
pub(super) fn histogram(sorted: &[f64]) -> String {
    let (Some(first), Some(last)) = (sorted.first(), sorted.get(sorted.len() * SHOWN / 100)) else {
        return String::new();
    };
    let step = step((last - first) / LINES as f64);
    let begin = (first / step).floor() as i64;
    let lines = ((last / step).floor() as i64 - begin + 1).clamp(1, LINES as i64 + 1) as usize;
    let mut counts = vec![0_usize; lines + 1];
    for value in sorted {
        let line = ((value / step).floor() as i64 - begin).max(0) as usize;
        counts[line.min(lines)] += 1;
    }
    let most = counts.iter().copied().max().unwrap_or(1).max(1);
    let labels: Vec<_> = (0..=lines)
        .map(|line| {
            let from = (begin + line as i64) as f64 * step;
            let until = if line == lines { "more".to_owned() } else { format!("{}", from + step) };
            format!("{from} to {until} ms")
        })
        .collect();
    let shown = if counts.last() == Some(&0) { lines } else { lines + 1 };
    let width = labels.iter().take(shown).map(String::len).max().unwrap_or(0);
    let line = |(label, count): (&String, &usize)| {
        // A bar of no length would look like no frame.
        let bar = "█".repeat((count * BAR / most).max(usize::from(*count > 0)));
        let bar = if *count > 0 { format!(" {bar} {count}") } else { String::new() };
        format!("{label:>width$} │{bar}")
    };
    labels.iter().zip(&counts).take(shown).map(line).collect::<Vec<_>>().join("\n")
}

/// The next round number: 1, 2 or 5 times a power of ten.
fn step(least: f64) -> f64 {
    let least = least.max(0.1);
    let power = 10_f64.powf(least.log10().floor());
    let round = [1.0, 2.0, 5.0, 10.0].into_iter().find(|round| round * power >= least * 0.999);
    round.unwrap_or(10.0) * power
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_is_a_step_of_a_round_number() {
        let values: Vec<_> = (0..100).map(|index| 61.0 + f64::from(index % 10)).collect();
        let mut sorted = values;
        sorted.sort_by(f64::total_cmp);
        let text = histogram(&sorted);
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines.len(), 10, "{text}");
        assert_eq!(lines[0], format!("61 to 62 ms │ {} 10", "█".repeat(BAR)));
        assert!(lines[9].starts_with("70 to 71 ms │"), "{text}");
    }

    #[test]
    fn a_late_frame_does_not_hide_the_others_and_is_counted() {
        let mut values: Vec<_> = (0..300).map(|index| f64::from(index % 15) - 5.0).collect();
        values.push(4_000.0);
        values.sort_by(f64::total_cmp);
        let text = histogram(&values);
        assert!((10..=17).contains(&text.lines().count()), "{text}");
        assert!(
            text.lines().last().is_some_and(|line| line.contains("more") && line.ends_with(" 1")),
            "{text}"
        );
        let counted: usize =
            text.lines().filter_map(|line| line.rsplit(' ').next()?.parse::<usize>().ok()).sum();
        assert_eq!(counted, 301, "{text}");
    }

    #[test]
    fn few_values_are_no_reason_to_panic() {
        assert_eq!(histogram(&[]), "");
        assert_eq!(histogram(&[5.0]).lines().count(), 1);
        assert_eq!(histogram(&[-3.0, -3.0]).lines().count(), 1);
    }

    #[test]
    fn steps_are_round() {
        let found: Vec<_> = [0.0, 0.3, 1.0, 1.1, 2.1, 6.0, 70.0].into_iter().map(step).collect();
        for (found, wanted) in found.into_iter().zip([0.1, 0.5, 1.0, 2.0, 5.0, 10.0, 100.0]) {
            assert!((found - wanted).abs() < 1e-9, "{found} {wanted}");
        }
    }
}
