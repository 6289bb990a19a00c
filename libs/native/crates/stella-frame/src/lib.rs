//! Framed messages on standard streams: what crosses between `stella-native` and its caller.
//!
//! A frame is a little-endian `u32` byte length followed by that many bytes of UTF-8 JSON. Bytes that are no JSON travel as
//! a blob: a frame `{"blob": {"name", "sizeBytes"}}`, then frames that begin with a zero byte, which no JSON does, and hold
//! the bytes piece by piece. The last frame of every successful run is `{"end": …}`; a run that fails ends with
//! `{"error": {"reason", "message", "facts", "next"}}` and a non-zero exit status, so a truncated stream is never taken for
//! a complete one.

use serde::Serialize;
use std::collections::BTreeMap;
use std::io::{self, Read, Write};

/// No frame is longer: 64 MiB.
pub const FRAME_BYTES_MAX: usize = 64 << 20;

/// A typed failure: a reason code in SCREAMING_SNAKE_CASE, what happened, the facts, and what to do next.
#[derive(Debug, Clone, Serialize, PartialEq, Eq)]
pub struct Failure {
    pub reason: &'static str,
    pub message: String,
    pub facts: BTreeMap<&'static str, String>,
    pub next: &'static str,
}

impl Failure {
    pub fn new(reason: &'static str, message: impl Into<String>, next: &'static str) -> Self {
        Self { reason, message: message.into(), facts: BTreeMap::new(), next }
    }

    #[must_use]
    pub fn fact(mut self, name: &'static str, value: impl ToString) -> Self {
        self.facts.insert(name, value.to_string());
        self
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {} ({})", self.reason, self.message, self.next)
    }
}

impl std::error::Error for Failure {}

/// Writes one frame.
pub fn write_frame(out: &mut impl Write, body: &[u8]) -> io::Result<()> {
    let length = u32::try_from(body.len())
        .ok()
        .filter(|n| *n as usize <= FRAME_BYTES_MAX)
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "frame too long"))?;
    out.write_all(&length.to_le_bytes())?;
    out.write_all(body)
}

/// Writes one value as a JSON frame.
pub fn write_json(out: &mut impl Write, value: &impl Serialize) -> io::Result<()> {
    write_frame(out, &serde_json::to_vec(value)?)
}

/// Bytes of a blob in one frame.
pub const BLOB_PIECE_BYTES: usize = 1 << 20;

/// Writes bytes as a blob.
pub fn write_blob(out: &mut impl Write, name: &str, bytes: &[u8]) -> io::Result<()> {
    write_json(out, &serde_json::json!({ "blob": { "name": name, "sizeBytes": bytes.len() } }))?;
    for piece in bytes.chunks(BLOB_PIECE_BYTES) {
        // No piece is longer than a frame may be.
        out.write_all(&(piece.len() as u32 + 1).to_le_bytes())?;
        out.write_all(&[0])?;
        out.write_all(piece)?;
    }
    Ok(())
}

/// Reads one frame; `None` at a clean end of the stream, an error in the middle of a frame.
pub fn read_frame(input: &mut impl Read) -> io::Result<Option<Vec<u8>>> {
    let mut head = [0u8; 4];
    let mut filled = 0;
    while filled < head.len() {
        match input.read(&mut head[filled..])? {
            0 if filled == 0 => return Ok(None),
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            n => filled += n,
        }
    }
    let length = u32::from_le_bytes(head) as usize;
    if length > FRAME_BYTES_MAX {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "frame too long"));
    }
    let mut body = vec![0; length];
    input.read_exact(&mut body)?;
    Ok(Some(body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blob_is_cut_into_pieces_that_are_no_json() {
        let blob: Vec<u8> = (0..BLOB_PIECE_BYTES + 3).map(|i| i as u8).collect();
        let mut bytes = Vec::new();
        write_blob(&mut bytes, "b", &blob).unwrap();
        let mut input = bytes.as_slice();
        let mut next = || read_frame(&mut input).unwrap();
        assert_eq!(next().as_deref(), Some(format!(r#"{{"blob":{{"name":"b","sizeBytes":{}}}}}"#, blob.len()).as_bytes()));
        let (first, second) = (next().unwrap(), next().unwrap());
        assert_eq!([&first[..1], &second[..1]], [[0], [0]]);
        assert_eq!([&first[1..], &second[1..]].concat(), blob);
        assert_eq!(next(), None);
    }

    #[test]
    fn frames_round_trip_and_a_cut_stream_is_an_error() {
        let mut bytes = Vec::new();
        write_frame(&mut bytes, b"{}").unwrap();
        write_frame(&mut bytes, b"").unwrap();
        let mut input = bytes.as_slice();
        assert_eq!(read_frame(&mut input).unwrap().as_deref(), Some(&b"{}"[..]));
        assert_eq!(read_frame(&mut input).unwrap().as_deref(), Some(&b""[..]));
        assert_eq!(read_frame(&mut input).unwrap(), None);
        assert!(read_frame(&mut &bytes[..3]).is_err());
        assert!(read_frame(&mut &bytes[..5]).is_err());
        assert!(read_frame(&mut &u32::MAX.to_le_bytes()[..]).is_err());
    }
}
