//! Numbers: what is no instruction. Transcendental functions are `libm`'s, so that every machine
//! computes the same bits.

use std::hash::Hasher;

use midflight_compiler::trap::TrapKind;
use siphasher::sip::SipHasher13;

use super::host;

host! {
    fn float_rem(_frame, left: f64, right: f64) -> f64 { Ok(libm::fmod(left, right)) }

    fn float_round(_frame, value: f64) -> f64 { Ok(libm::round(value)) }

    fn float_sin(_frame, value: f64) -> f64 { Ok(libm::sin(value)) }

    fn float_cos(_frame, value: f64) -> f64 { Ok(libm::cos(value)) }

    fn float_atan2(_frame, y: f64, x: f64) -> f64 { Ok(libm::atan2(y, x)) }

    fn float_pow(_frame, base: f64, exponent: f64) -> f64 { Ok(libm::pow(base, exponent)) }

    fn int_pow(_frame, base: i64, exponent: i64) -> i64 {
        if exponent < 0 {
            return Err(TrapKind::InvalidArgument);
        }
        match u32::try_from(exponent) {
            Ok(exponent) => base.checked_pow(exponent).ok_or(TrapKind::Overflow),
            // Beyond 32 bits only these do not leave the range.
            Err(_) => match base {
                0 | 1 => Ok(base),
                -1 => Ok(if exponent % 2 == 0 { 1 } else { -1 }),
                _ => Err(TrapKind::Overflow),
            },
        }
    }

    fn hash_int(_frame, value: i64) -> i64 { Ok(hash(&value.to_le_bytes())) }
}

/// SipHash-1-3 with key zero.
pub(super) fn hash(bytes: &[u8]) -> i64 {
    let mut hasher = SipHasher13::new();
    hasher.write(bytes);
    hasher.finish().cast_signed()
}
