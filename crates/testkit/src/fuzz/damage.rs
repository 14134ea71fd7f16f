//! Changes to the bytes of a file, as an input says them.

use super::input::Input;

/// Changes bytes as the rest of the input says: three bytes a change, eight changes at the most.
pub fn damage(bytes: &mut Vec<u8>, input: &mut Input<'_>) {
    for _ in 0..8 {
        let [kind, high, low] = [0; 3].map(|_: u8| input.byte());
        if kind == 0 && high == 0 && low == 0 {
            break; // the input is over
        }
        let at = (usize::from(high) << 8 | usize::from(low)) % (bytes.len() + 1);
        let end = (at + 1 + usize::from(kind >> 3)).min(bytes.len());
        match kind % 8 {
            0 | 1 if at < bytes.len() => bytes[at] ^= 1 << (kind >> 5),
            2 if at < bytes.len() => bytes[at] = kind,
            3 => bytes.truncate(at),
            4 => bytes[at..end].fill(0),
            5 => drop(bytes.drain(at..end)),
            6 => {
                let part = bytes[at..end].to_vec();
                bytes.extend(part);
            }
            _ => {
                let part = bytes[at..end].to_vec();
                drop(bytes.splice(at..at, part));
            }
        }
    }
}
