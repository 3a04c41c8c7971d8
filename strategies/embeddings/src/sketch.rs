//! A vector from any number of weighted features.
//!
//! Each feature adds its weight, or takes it away, at one place in every block of dimensions; which place and which sign
//! its hash decides. A Hadamard transform then spreads each block evenly. Neither changes how near two texts are, give or
//! take the noise that few dimensions have. Since every block holds all features, the first dimensions of a vector, brought
//! to unit length, are what a request for so many dimensions gets, as with OpenAI's models.

/// The most dimensions.
pub(crate) const MOST: usize = 3072;

/// Where the blocks end: each is as long as some power of two.
const ENDS: [usize; 5] = [512, 1024, 1536, 2048, MOST];

/// Adds features up.
#[derive(Debug)]
pub(crate) struct Sketch {
    sums: Vec<f32>,
    /// The end of the first block, and of the others.
    first: usize,
    others: &'static [usize],
    dimensions: usize,
}

impl Sketch {
    /// A sketch of so many dimensions, at least 1 and at most [`MOST`].
    pub(crate) fn new(dimensions: usize) -> Self {
        let dimensions = dimensions.clamp(1, MOST);
        // The beginning of a transformed block is that of a shorter block in which the places are taken modulo its length.
        let first = dimensions.next_power_of_two().min(ENDS[0]);
        let last = ENDS.iter().position(|end| *end >= dimensions).unwrap_or(ENDS.len() - 1);
        let others = &ENDS[1..=last];
        Self { sums: vec![0.0; others.last().copied().unwrap_or(first)], first, others, dimensions }
    }

    /// Adds a feature.
    pub(crate) fn add(&mut self, feature: u64, weight: f32) {
        let mut bits = feature ^ (feature >> 29);
        let mut add = |block: &mut [f32]| {
            // The next number of a linear congruential generator, whose high bits are good.
            bits = bits.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
            let place = (bits >> 40) as usize & (block.len() - 1);
            block[place] += f32::from_bits(weight.to_bits() ^ ((bits >> 32) as u32 & 0x8000_0000));
        };
        let (block, mut rest) = self.sums.split_at_mut(self.first);
        add(block);
        let mut start = self.first;
        for end in self.others {
            let (block, after) = rest.split_at_mut(end - start);
            add(block);
            (rest, start) = (after, *end);
        }
    }

    /// The unit vector of all features so far. The sketch is empty again.
    pub(crate) fn take(&mut self) -> Vec<f32> {
        spread(&mut self.sums[..self.first]);
        let mut start = self.first;
        for end in self.others {
            spread(&mut self.sums[start..*end]);
            start = *end;
        }
        let sums = &self.sums[..self.dimensions];
        let length = sums.iter().map(|sum| f64::from(*sum) * f64::from(*sum)).sum::<f64>().sqrt();
        let scale = length.recip();
        let mut vector: Vec<f32> = sums.iter().map(|sum| (f64::from(*sum) * scale) as f32).collect();
        if !(length > f64::from(f32::MIN_POSITIVE) && length.is_finite()) {
            // All features took each other away.
            vector.fill(0.0);
            vector[0] = 1.0;
        }
        self.sums.fill(0.0);
        vector
    }
}

/// The Walsh-Hadamard transform, not scaled: a block of twice the length weighs twice as much.
fn spread(block: &mut [f32]) {
    let mut half = 1;
    while half < block.len() {
        for pair in block.chunks_exact_mut(2 * half) {
            let (one, two) = pair.split_at_mut(half);
            for (one, two) in one.iter_mut().zip(two) {
                (*one, *two) = (*one + *two, *one - *two);
            }
        }
        half *= 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dot(one: &[f32], two: &[f32]) -> f64 {
        one.iter().zip(two).map(|(one, two)| f64::from(*one) * f64::from(*two)).sum()
    }

    fn sketch(dimensions: usize, features: std::ops::Range<u64>) -> Vec<f32> {
        let mut sketch = Sketch::new(dimensions);
        // Any good mixing does: the features of texts are hashes.
        features.for_each(|feature| sketch.add((feature + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(31), 1.0));
        sketch.take()
    }

    #[test]
    fn what_two_share_is_how_near_they_are() {
        for (dimensions, noise) in [(256, 0.2), (700, 0.12), (1536, 0.08), (3072, 0.06)] {
            for shared in [0, 25, 50, 100] {
                let near = dot(&sketch(dimensions, 0..100), &sketch(dimensions, 100 - shared..200 - shared));
                assert!((near - shared as f64 / 100.0).abs() < noise, "{dimensions} {shared} {near}");
            }
        }
    }

    #[test]
    fn blocks_are_powers_of_two() {
        let starts = [0].into_iter().chain(ENDS);
        assert!(starts.zip(ENDS).all(|(start, end)| (end - start).is_power_of_two()));
    }

    #[test]
    fn every_number_of_dimensions_has_a_unit_vector() {
        for dimensions in (1..70).chain([255, 256, 257, 511, 512, 513, 1000, 1535, 1537, 3071, MOST]) {
            for features in [0, 1, 2, 300] {
                let vector = sketch(dimensions, 0..features);
                assert_eq!(vector.len(), dimensions);
                assert!((dot(&vector, &vector) - 1.0).abs() < 1e-6);
            }
        }
    }

    #[test]
    fn fewer_dimensions_are_the_first_ones() {
        let whole = sketch(MOST, 0..100);
        for dimensions in [1, 2, 3, 8, 100, 256, 300, 512, 600, 1024, 1536, 3000] {
            let first = &whole[..dimensions];
            let length = dot(first, first).sqrt();
            for (value, expected) in sketch(dimensions, 0..100).iter().zip(first) {
                assert!((f64::from(*value) - f64::from(*expected) / length).abs() < 1e-5);
            }
        }
    }

    #[test]
    fn one_feature_fills_all_dimensions() {
        let vector = sketch(1536, 0..1);
        assert!(vector.iter().all(|value| (value.abs() - 1536f32.sqrt().recip()).abs() < 1e-6));
    }
}
