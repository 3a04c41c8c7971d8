//! How often a number fell between which bounds.

/// Counts of numbers up to each of the bounds, and of those above the last.
#[derive(Clone)]
pub(super) struct Histogram<const BOUNDS: usize> {
    /// Of those above the one before and not above this one.
    up_to: [u64; BOUNDS],
    above: u64,
    sum: u64,
}

impl<const BOUNDS: usize> Default for Histogram<BOUNDS> {
    fn default() -> Self {
        Self { up_to: [0; BOUNDS], above: 0, sum: 0 }
    }
}

impl<const BOUNDS: usize> Histogram<BOUNDS> {
    /// Counts a number.
    pub(super) fn add(&mut self, number: u64, bounds: &[u64; BOUNDS]) {
        let place = bounds.partition_point(|bound| *bound < number);
        *self.up_to.get_mut(place).unwrap_or(&mut self.above) += 1;
        self.sum = self.sum.saturating_add(number);
    }

    /// Adds what another one counted.
    pub(super) fn merge(&mut self, other: &Self) {
        for (count, more) in self.up_to.iter_mut().zip(other.up_to) {
            *count += more;
        }
        self.above += other.above;
        self.sum = self.sum.saturating_add(other.sum);
    }

    /// How many numbers were not above each of the bounds.
    pub(super) fn cumulative(&self) -> impl Iterator<Item = u64> {
        self.up_to.iter().scan(0, |total, count| {
            *total += count;
            Some(*total)
        })
    }

    /// How many numbers there were.
    pub(super) fn count(&self) -> u64 {
        self.up_to.iter().sum::<u64>() + self.above
    }

    /// What they come to.
    pub(super) fn sum(&self) -> u64 {
        self.sum
    }
}
