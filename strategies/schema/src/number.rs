//! Numbers, counted in decimal: 0.1 is no binary fraction, and a schema that asks for a multiple of it means the decimal one.

use serde_json::{Number, Value};
use standin_sdk::context::below;

/// The most decimal places that are told apart.
const FINEST: u32 = 15;

/// A number as an integer and how many of its digits stand after the point. What is too large for that is the largest there
/// is: nobody asks for a number out there, only for one below.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Decimal {
    digits: i64,
    places: u32,
}

impl Decimal {
    /// The number as it is written, cut off after 15 places.
    pub(crate) fn new(number: &Number) -> Self {
        let text = number.to_string();
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((&text, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let exponent: i32 = exponent.parse().unwrap_or(0);
        let huge = if whole.starts_with('-') { i64::MIN } else { i64::MAX };
        let digits: i64 = format!("{whole}{fraction}").parse().unwrap_or(huge);
        let places = fraction.len() as i32 - exponent;
        if places < 0 {
            return Self { digits: digits.saturating_mul(power(places.unsigned_abs())), places: 0 };
        }
        let mut decimal = Self { digits, places: places as u32 };
        while decimal.places > 0 && (decimal.digits % 10 == 0 || decimal.places > FINEST) {
            decimal = Self { digits: decimal.digits / 10, places: decimal.places - 1 };
        }
        decimal
    }

    /// In units of so many places, rounded down, and whether that was exact.
    fn units(self, places: u32) -> (i64, bool) {
        if places >= self.places {
            return (self.digits.saturating_mul(power(places - self.places)), true);
        }
        let factor = power(self.places - places);
        (self.digits.div_euclid(factor), self.digits.rem_euclid(factor) == 0)
    }

    fn float(self) -> f64 {
        self.digits as f64 / power(self.places) as f64
    }

    fn is_multiple_of(self, other: Self) -> bool {
        let places = self.places.max(other.places);
        let ((digits, _), (step, _)) = (self.units(places), other.units(places));
        step == 0 || digits % step == 0
    }
}

/// Whether a number is a multiple of another, in decimal.
pub(crate) fn is_multiple(number: &Number, of: &Number) -> bool {
    Decimal::new(number).is_multiple_of(Decimal::new(of))
}

/// What a number has to be.
#[derive(Debug, Default)]
pub(crate) struct Wanted {
    /// Each with whether the bound itself is out.
    pub(crate) least: Vec<(Decimal, bool)>,
    pub(crate) most: Vec<(Decimal, bool)>,
    pub(crate) steps: Vec<Decimal>,
    pub(crate) integer: bool,
    /// It has to have a fraction.
    pub(crate) fraction: bool,
}

/// Where a number is likely to be: from, to, and with how many decimal places.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Likely(pub(crate) i64, pub(crate) i64, pub(crate) u32);

impl Wanted {
    /// A number that is all of this, near to where it is likely to be; none where there is none.
    pub(crate) fn make(&self, likely: Likely) -> Option<Value> {
        let usual = if self.integer { 0 } else { likely.2.max(u32::from(self.fraction)) };
        let needed = self.steps.iter().map(|step| step.places).max().unwrap_or(0);
        let first = usual.max(needed.min(FINEST));
        // Between two close bounds there may be room only for more places.
        let room = if self.integer { first..=first } else { first..=FINEST };
        room.into_iter().find_map(|places| self.make_with(places, likely))
    }

    fn make_with(&self, places: u32, likely: Likely) -> Option<Value> {
        let one = power(places);
        let low = self.least.iter().map(|(bound, open)| {
            let (units, exact) = bound.units(places);
            units.saturating_add(i64::from(!exact || *open))
        });
        let high = self.most.iter().map(|(bound, open)| {
            let (units, exact) = bound.units(places);
            units.saturating_sub(i64::from(exact && *open))
        });
        let (low, high) = (low.max().unwrap_or(i64::MIN), high.min().unwrap_or(i64::MAX));
        let mut step = if self.integer { one } else { 1 };
        for wanted in &self.steps {
            step = common(step, wanted.units(places).0.saturating_abs().max(1))?;
        }
        let (from, to) = (likely.0.saturating_mul(one), likely.1.saturating_mul(one));
        let span = (to - from).max(step.saturating_mul(9));
        let near = if low > to {
            (low, high.min(low.saturating_add(span)))
        } else if high < from {
            (low.max(high.saturating_sub(span)), high)
        } else {
            (from.max(low), to.min(high))
        };
        let around = (near.0.saturating_sub(span).max(low), near.1.saturating_add(span).min(high));
        [near, around, (low, high)].into_iter().find_map(|range| self.pick(range, step, one))
    }

    fn pick(&self, (low, high): (i64, i64), step: i64, one: i64) -> Option<Value> {
        let first = low.div_euclid(step) + i64::from(low.rem_euclid(step) != 0);
        let last = high.div_euclid(step);
        if last < first {
            return None;
        }
        let count = last.checked_sub(first).map_or(1 << 62, |count| count as u64 + 1);
        let start = below(count);
        let units = |next| (first + ((start + next) % count) as i64) * step;
        // Where a fraction is asked for, the next ones are tried; and there are validators that divide by 0.01 in binary, to
        // which not all of its multiples are.
        let mut fitting = (0..20).map(units).filter(|units| !self.fraction || units % one != 0).peekable();
        let any = fitting.peek().copied()?;
        let even =
            |units: &i64| self.steps.iter().all(|step| (*units as f64 / one as f64 / step.float()).fract() == 0.0);
        value(fitting.find(even).unwrap_or(any), one)
    }
}

/// A power of ten, or the largest number there is.
fn power(exponent: u32) -> i64 {
    10_i64.checked_pow(exponent).unwrap_or(i64::MAX)
}

/// The least common multiple.
fn common(a: i64, b: i64) -> Option<i64> {
    let (mut x, mut y) = (a, b);
    while y != 0 {
        (x, y) = (y, x % y);
    }
    (a / x).checked_mul(b)
}

fn value(units: i64, one: i64) -> Option<Value> {
    if units % one == 0 {
        return Some(Value::from(units / one));
    }
    // Both are exact, up to 2^53, and so the quotient is what parsing the decimal would give.
    Number::from_f64(units as f64 / one as f64).map(Value::Number)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn decimal(value: Value) -> Decimal {
        Decimal::new(value.as_number().unwrap())
    }

    #[test]
    fn numbers_are_read_in_decimal() {
        for (value, digits, places) in [
            (json!(12), 12, 0),
            (json!(-0.05), -5, 2),
            (json!(1e-7), 1, 7),
            (json!(2.50), 25, 1),
            (json!(1e3), 1000, 0),
            (json!(1e308), i64::MAX, 0),
            (json!(-1e308), -i64::MAX, 0),
        ] {
            assert_eq!(decimal(value), Decimal { digits, places });
        }
        assert!(decimal(json!(0.3)).is_multiple_of(decimal(json!(0.1))));
        assert!(!decimal(json!(0.35)).is_multiple_of(decimal(json!(0.1))));
    }

    #[test]
    fn bounds_and_steps_hold() {
        let make = |least: f64, most: f64, step: Option<f64>, integer| {
            let bound = |value: f64| vec![(decimal(json!(value)), true)];
            let steps = step.into_iter().map(|step| decimal(json!(step))).collect();
            Wanted { least: bound(least), most: bound(most), steps, integer, fraction: false }.make(Likely(0, 100, 2))
        };
        assert_eq!(make(1.0, 3.0, None, true), Some(json!(2)));
        assert_eq!(make(1.0, 2.0, None, true), None);
        assert_eq!(make(0.2, 0.4, Some(0.1), false), Some(json!(0.3)));
        assert_eq!(make(-7.0, -5.0, Some(2.0), false), Some(json!(-6)));
        assert_eq!(make(0.5, 7.0, Some(3.5), true), None);
        assert_eq!(make(0.5, 8.0, Some(3.5), true), Some(json!(7)));
        let close = make(0.001, 0.002, None, false).unwrap().as_f64().unwrap();
        assert!(0.001 < close && close < 0.002);
        let far = make(1e18, 1.1e18, None, true).unwrap();
        assert!(far.as_i64().is_some_and(|far| far > 1_000_000_000_000_000_000), "{far}");
    }

    #[test]
    fn multiples_are_so_in_binary_too() {
        let steps = vec![decimal(json!(0.01))];
        let wanted = Wanted { steps, ..Wanted::default() };
        for _ in 0..500 {
            let made = wanted.make(Likely(0, 100_000, 2)).unwrap().as_f64().unwrap();
            assert_eq!((made / 0.01).fract(), 0.0, "{made}");
        }
    }

    #[test]
    fn a_fraction_is_none_of_the_integers() {
        for _ in 0..200 {
            let made = Wanted { fraction: true, ..Wanted::default() }.make(Likely(0, 2, 0)).unwrap();
            assert_ne!(made.as_f64().unwrap().fract(), 0.0);
        }
    }
}
