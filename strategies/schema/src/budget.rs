//! How much one answer may cost: a strategy has some milliseconds and a small stack, and a schema can ask for a search without
//! end, or for values within values.

use std::cell::Cell;

/// What is left of the work and of the stack that an answer may take.
#[derive(Debug)]
pub(crate) struct Budget {
    steps: Cell<u32>,
    stack: Cell<u32>,
}

/// There is nothing left.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Spent;

/// Of the 128 KiB that a component's stack has. What a function takes of it is read off the component.
const STACK: u32 = 100_000;

impl Budget {
    /// So many steps, of some ten nanoseconds each.
    pub(crate) fn new(steps: u32) -> Self {
        Self { steps: Cell::new(steps), stack: Cell::new(STACK) }
    }

    /// Takes some steps.
    pub(crate) fn spend(&self, steps: usize) -> Result<(), Spent> {
        let left = u32::try_from(steps).ok().and_then(|steps| self.steps.get().checked_sub(steps));
        self.steps.set(left.unwrap_or(0));
        left.map(|_| ()).ok_or(Spent)
    }

    /// Calls a function that calls itself, and takes so many bytes of the stack; none where they are not left.
    pub(crate) fn nested<T>(&self, bytes: u32, call: impl FnOnce() -> T) -> Option<T> {
        let before = self.stack.get();
        self.stack.set(before.checked_sub(bytes)?);
        let result = call();
        self.stack.set(before);
        Some(result)
    }
}
