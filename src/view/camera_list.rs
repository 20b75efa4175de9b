//! The list from which the user chooses a camera during a call.

/// A camera, or a size of the camera above it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CameraChoice {
    /// The name, or the size.
    pub(crate) label: String,
    /// What is known about it: its rate, who uses it, why it cannot be used.
    pub(crate) note: String,
    /// Whether it is a size of the camera above it.
    pub(crate) is_size: bool,
    /// Whether it can be chosen.
    pub(crate) can_use: bool,
}

/// The list, while it is open.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct CameraList {
    /// `None` while the cameras are being queried.
    rows: Option<Vec<CameraChoice>>,
    selected: usize,
}

impl CameraList {
    /// Takes the result of the query.
    pub(crate) fn fill(&mut self, rows: Vec<CameraChoice>) {
        self.selected = rows.iter().position(|row| row.can_use).unwrap_or_default();
        self.rows = Some(rows);
    }

    /// The rows, if they are known.
    pub(crate) fn rows(&self) -> Option<&[CameraChoice]> {
        self.rows.as_deref()
    }

    /// The selected row.
    pub(crate) const fn selected(&self) -> usize {
        self.selected
    }

    /// Selects the next row that can be chosen, or the one before.
    pub(crate) fn step(&mut self, by: isize) {
        let Some(rows) = &self.rows else { return };
        let mut usable = rows.iter().enumerate().filter(|(_, row)| row.can_use).map(|(at, _)| at);
        let next = if by > 0 {
            usable.find(|at| *at > self.selected)
        } else {
            usable.take_while(|at| *at < self.selected).last()
        };
        self.selected = next.unwrap_or(self.selected);
    }

    /// Whether this row can be chosen.
    pub(crate) fn can_use(&self, row: usize) -> bool {
        self.rows.as_ref().and_then(|rows| rows.get(row)).is_some_and(|row| row.can_use)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_can_be_used_is_selected() {
        let mut list = CameraList::default();
        list.step(1);
        assert!(list.rows().is_none() && !list.can_use(0));
        let row =
            |can_use| CameraChoice { label: "C920".into(), note: String::new(), is_size: false, can_use };
        list.fill([false, true, false, true].map(row).into());
        assert_eq!((list.selected(), list.can_use(0), list.can_use(1)), (1, false, true));
        for (by, wanted) in [(1, 3), (1, 3), (-1, 1), (-1, 1)] {
            list.step(by);
            assert_eq!(list.selected(), wanted);
        }
        list.fill(vec![]);
        list.step(1);
        assert_eq!(list.selected(), 0);
    }
}
