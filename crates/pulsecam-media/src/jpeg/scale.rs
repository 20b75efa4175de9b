//! The fraction of its size at which a picture is decoded.

use turbojpeg::ScalingFactor;

/// A fraction of the size, which saves time if the picture is shown small. Only fractions for which
/// libjpeg-turbo has fast code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scale {
    /// Full size.
    #[default]
    Full,
    /// Half of each side.
    Half,
    /// A quarter of each side.
    Quarter,
    /// An eighth of each side.
    Eighth,
}

impl Scale {
    /// The smallest scale at which a picture of size `from` has at least the size `to`.
    #[must_use]
    pub fn at_least(from: (usize, usize), to: (usize, usize)) -> Self {
        let enough = |scale: &Self| {
            let factor = scale.factor();
            factor.scale(from.0) >= to.0 && factor.scale(from.1) >= to.1
        };
        [Self::Eighth, Self::Quarter, Self::Half].into_iter().find(enough).unwrap_or_default()
    }

    pub(super) const fn factor(self) -> ScalingFactor {
        match self {
            Self::Full => ScalingFactor::ONE,
            Self::Half => ScalingFactor::ONE_HALF,
            Self::Quarter => ScalingFactor::ONE_QUARTER,
            Self::Eighth => ScalingFactor::ONE_EIGHTH,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_scale_that_is_enough_is_taken() {
        let at = |to| Scale::at_least((1280, 720), to);
        assert_eq!([at((1280, 720)), at((4000, 9)), at((641, 300))], [Scale::Full; 3]);
        assert_eq!([at((640, 360)), at((321, 10))], [Scale::Half; 2]);
        assert_eq!([at((320, 180)), at((161, 90))], [Scale::Quarter; 2]);
        assert_eq!([at((160, 90)), at((0, 0))], [Scale::Eighth; 2]);
        assert_eq!(Scale::at_least((1279, 719), (640, 360)), Scale::Half, "odd sides are rounded up");
    }
}
