//! The records of an event file: length, checksum of the length, data, checksum of the data (TensorFlow's TFRecord format).

/// Bytes of the length and of its checksum.
const HEADER: usize = 12;

/// Bytes of the checksum of the data.
const FOOTER: usize = 4;

/// Frames data as a record.
pub(super) fn frame(data: &[u8]) -> Vec<u8> {
    let length = (data.len() as u64).to_le_bytes();
    let [of_length, of_data] = [&length[..], data].map(|bytes| masked_crc(bytes).to_le_bytes());
    [&length[..], &of_length, data, &of_data].concat()
}

/// The data of each record, up to the first that is truncated or damaged.
pub(super) fn records(mut bytes: &[u8]) -> Vec<&[u8]> {
    let mut found = Vec::new();
    while let Some((data, rest)) = split_first(bytes) {
        found.push(data);
        bytes = rest;
    }
    found
}

/// The data of the first record and the bytes after it; none if it is truncated or damaged.
fn split_first(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (header, rest) = bytes.split_at_checked(HEADER)?;
    let (length, checksum) = header.split_first_chunk::<8>()?;
    if checksum != masked_crc(length).to_le_bytes() {
        return None;
    }
    let (data, rest) = rest.split_at_checked(u64::from_le_bytes(*length).try_into().ok()?)?;
    let (checksum, rest) = rest.split_at_checked(FOOTER)?;
    (checksum == masked_crc(data).to_le_bytes()).then_some((data, rest))
}

/// TensorFlow's mask of a CRC-32C, for data that contains checksums itself.
fn masked_crc(bytes: &[u8]) -> u32 {
    crc32c::crc32c(bytes).rotate_right(15).wrapping_add(0xA282_EAD8)
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    /// The first bytes of a file that the `tensorboard` package wrote (`fixtures/export_events.py`).
    #[test]
    fn a_record_is_that_of_tensorboard() {
        let events = include_bytes!("../../fixtures/events.tfevents");
        let data = records(events);
        assert_eq!(data.len(), 4);
        let framed: Vec<u8> = data.into_iter().flat_map(frame).collect();
        assert_eq!(framed, events);
    }

    proptest! {
        #[test]
        fn records_before_the_damage_are_read(
            data in vec(vec(any::<u8>(), 0..20), 1..6), damaged in any::<prop::sample::Index>(), cut: bool,
        ) {
            let frames: Vec<Vec<u8>> = data.iter().map(|data| frame(data)).collect();
            let mut bytes = frames.concat();
            prop_assert_eq!(&records(&bytes), &data);
            let at = damaged.index(bytes.len());
            if cut { bytes.truncate(at) } else { bytes[at] ^= 1 }
            let ends = frames.iter().scan(0, |end, frame| { *end += frame.len(); Some(*end) });
            let intact = ends.take_while(|&end| end <= at).count();
            prop_assert_eq!(&records(&bytes), &data[..intact]);
        }
    }
}
