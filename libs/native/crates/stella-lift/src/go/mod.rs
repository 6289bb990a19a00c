//! What the Go linker leaves in an executable: function tables, types, module data.

pub mod buildinfo;
pub mod coverage;
pub mod init_tasks;
pub mod interfaces;
pub mod lines;
pub mod moduledata;
pub mod pclntab;
pub mod regions;
pub mod type_list;
pub mod types;

/// Little-endian reads that answer `None` outside of the slice.
pub fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?))
}

pub fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(bytes.get(at..at.checked_add(8)?)?.try_into().ok()?))
}

/// An unsigned LEB128 of at most 32 bits and the bytes it took.
pub fn varint(bytes: &[u8], at: usize) -> Option<(u32, usize)> {
    let mut value = 0u32;
    for i in 0..5 {
        let byte = *bytes.get(at + i)?;
        value |= u32::from(byte & 0x7f) << (7 * i).min(31);
        if byte & 0x80 == 0 {
            return Some((value, i + 1));
        }
    }
    None
}
