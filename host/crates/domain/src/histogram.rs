//! Quantiles of many numbers in little memory.

/// Parts into which each power of two is divided: what is given back is at most a thirty-second too large.
const PARTS: usize = 32;
/// Enough for every number of 64 bits.
const BUCKETS: usize = 60 * PARTS;

/// How often numbers came, each to within a thirty-second. It takes eight kilobytes, however many they are.
#[derive(Clone)]
pub struct Histogram {
    counts: Box<[u32]>,
    count: u64,
    max: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { counts: vec![0; BUCKETS].into(), count: 0, max: 0 }
    }
}

impl Histogram {
    /// Adds a number.
    pub fn add(&mut self, value: u64) {
        let bucket = &mut self.counts[bucket(value)];
        *bucket = bucket.saturating_add(1);
        self.count += 1;
        self.max = self.max.max(value);
    }

    /// The number that `percent` of a hundred do not exceed: exact up to 63, otherwise at most a thirty-second too large. 0 when there
    /// are none.
    pub fn percentile(&self, percent: u8) -> u64 {
        let wanted = (self.count * u64::from(percent)).div_ceil(100).max(1);
        let mut seen = 0;
        let found = self.counts.iter().position(|count| {
            seen += u64::from(*count);
            seen >= wanted
        });
        found.map_or(self.max, |bucket| largest(bucket).min(self.max))
    }

    /// The largest number; 0 when there are none.
    pub const fn max(&self) -> u64 {
        self.max
    }
}

/// Up to 63 each number has a bucket of its own; above, the five bits after the highest one say which.
fn bucket(value: u64) -> usize {
    let shift = (u64::BITS - value.leading_zeros()).saturating_sub(6) as usize;
    // At most 63, so nothing is cut off.
    let top = usize::try_from(value >> shift).unwrap_or(2 * PARTS - 1);
    shift * PARTS + top
}

/// The largest number of a bucket.
fn largest(bucket: usize) -> u64 {
    let shift = (bucket / PARTS).saturating_sub(1);
    let top = (bucket - shift * PARTS) as u64;
    (top << shift) + ((1 << shift) - 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_number_is_in_the_bucket_that_ends_at_most_a_thirty_second_above_it(value: u64) {
            let end = largest(bucket(value));
            prop_assert!(value <= end && end - value <= value / 32);
        }

        #[test]
        fn a_percentile_is_at_most_a_thirty_second_too_large(
            mut values in proptest::collection::vec(0..1_000_000_u64, 1..200),
            percent in 1..=100_u8,
        ) {
            let mut histogram = Histogram::default();
            values.iter().for_each(|value| histogram.add(*value));
            values.sort_unstable();
            let exact = values[(values.len() * usize::from(percent)).div_ceil(100) - 1];
            let told = histogram.percentile(percent);
            prop_assert!(exact <= told && told - exact <= exact / 32, "{exact} {told}");
            prop_assert_eq!(histogram.max(), *values.last().expect("one"));
        }
    }

    #[test]
    fn nothing_has_quantiles_of_zero() {
        assert_eq!((Histogram::default().percentile(99), Histogram::default().max()), (0, 0));
    }
}
