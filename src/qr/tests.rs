use super::*;

/// A code as text: `#` is dark.
fn drawing(code: &Code) -> String {
    let row =
        |y| (0..code.side()).map(move |x| if code.is_dark(x, y) { '#' } else { '.' }).collect::<String>();
    (0..code.side()).map(row).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_link_is_drawn_as_by_the_page() {
    let code = Code::new("http://192.168.1.7:6868/").unwrap();
    let wanted = "\
#######...#.##..#.#######
#.....#.##...##...#.....#
#.###.#.#.....#.#.#.###.#
#.###.#.#.#..####.#.###.#
#.###.#..#.####...#.###.#
#.....#..#.#.#..#.#.....#
#######.#.#.#.#.#.#######
........#####............
#.....#.######.####..###.
.##.#..#.#..#..###..####.
.#.#.#####...###..##.#.##
..#..#.##.#....##...##..#
#....#####....#.###.....#
#.#.#....##.####.......#.
#.#..###..#....#.#.#.#.##
#.####..###.#.#.#...#.#.#
#.#...##....##..#####.#..
........##....###...#.#..
#######..#..#...#.#.##..#
#.....#....#....#...#...#
#.###.#..#.###.########..
#.###.#.....##....##.#.##
#.###.#...#......#....#.#
#.....#..#.#...##.###...#
#######.##..#.###.#..#..#";
    assert_eq!(drawing(&code), wanted);
}

#[test]
fn codes_of_every_kind_are_those_of_the_page() {
    // The sums of the page's codes, by its own `qr.js`: one of each layout of version information and lengths.
    let token = format!("https://desk.local:6868/?token={}", "ABCDEFGH".repeat(12));
    for (text, side, sum) in [
        ("a".to_owned(), 21, 630_894_936),
        ("http://192.168.1.7:6868/".to_owned(), 25, 271_110_896),
        (token, 49, 238_261_702),
        ("x".repeat(400), 77, 918_712_170),
    ] {
        let code = Code::new(&text).unwrap();
        let modules = (0..side).flat_map(|y| (0..side).map(move |x| (x, y)));
        let add = |sum: u64, (x, y)| (sum * 31 + if code.is_dark(x, y) { 1 } else { 2 }) % 1_000_000_007;
        assert_eq!((code.side(), modules.fold(0, add)), (side, sum), "{text}");
    }
    assert!(Code::new(&"x".repeat(412)).is_some() && Code::new(&"x".repeat(413)).is_none());
}

#[test]
fn a_terminal_shows_two_rows_per_line() {
    let code = Code::new("a").unwrap();
    let lines: Vec<_> = code.lines().collect();
    assert_eq!(lines.len(), 15, "29 rows with the border");
    let plain: Vec<_> =
        lines.iter().map(|line| line.replace("\x1b[97;40m", "").replace("\x1b[0m", "")).collect();
    assert!(plain.iter().all(|line| line.chars().count() == 29));
    assert_eq!(plain[..2], ["█".repeat(29), "█".repeat(29)], "the border is light");
    assert!(plain[2].starts_with("████ ▄▄▄▄▄ █"), "a corner: {}", plain[2]);
}
