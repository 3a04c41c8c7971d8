//! How much work one answer may be: a strategy has some milliseconds, and a schema can ask for a search without end.

use std::cell::Cell;

/// What is left of the work that an answer may be.
#[derive(Debug)]
pub(crate) struct Budget(Cell<u32>);

/// There is nothing left.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Spent;

impl Budget {
    /// So many steps.
    pub(crate) fn new(steps: u32) -> Self {
        Self(Cell::new(steps))
    }

    #[cfg(test)]
    pub(crate) fn left(&self) -> u32 {
        self.0.get()
    }

    /// Takes some steps.
    pub(crate) fn spend(&self, steps: usize) -> Result<(), Spent> {
        let left = u32::try_from(steps).ok().and_then(|steps| self.0.get().checked_sub(steps));
        self.0.set(left.unwrap_or(0));
        left.map(|_| ()).ok_or(Spent)
    }
}
