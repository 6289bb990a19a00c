//! References as tokens: the one place that decides what two references must share to be the same.

use crate::Hash;
use crate::functions::Function;
use crate::image::Image;
use crate::space::{Space, Target};
use crate::units::Class;
use iced_x86::{Decoder, DecoderOptions, Instruction, Mnemonic};

/// How a function is named in a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FunctionName {
    /// One function has this name: the name stands for it.
    Unique([u8; 16]),
    /// Several have it: the name, and the member's identity once it is known.
    Group([u8; 16]),
    Unnamed,
}

/// How a data unit is named in a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DataName {
    Unique([u8; 16]),
    /// Read-only: its content stands for it.
    Content,
    /// Writable without a name: only one artifact-wide bijection can tell.
    Writable,
}

/// What the members of a leaf's reference list are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LeafReference {
    Function(u32),
    Unit(u32),
}

pub struct Naming<'s, 'a> {
    pub space: Space<'s, 'a>,
    pub functions: Vec<FunctionName>,
    pub data: Vec<DataName>,
    /// Content identity of each data unit; zero until computed.
    pub content: Vec<Hash>,
    pub containers: Vec<[u8; 16]>,
}

#[derive(Debug, Default)]
pub struct Encoder {
    pub out: Vec<u8>,
    /// Ranges of `out` that came from references; with the ordinal of the place where one leads to writable memory.
    pub references_at: Vec<(u32, u32, Option<u32>)>,
    pub unnamed: Vec<u32>,
    pub groups: Vec<u32>,
    pub writable: Vec<u64>,
    pub references: Vec<LeafReference>,
    pub imports: Vec<String>,
    pub calls: Vec<u32>,
    pub residual: u64,
}

pub fn short(hash: &blake3::Hash) -> [u8; 16] {
    let mut out = [0; 16];
    out.copy_from_slice(&hash.as_bytes()[..16]);
    out
}

/// Whether the normal form has a token for this instruction.
pub fn kept(instruction: &Instruction) -> bool {
    !matches!(instruction.mnemonic(), Mnemonic::Nop | Mnemonic::Endbr64 | Mnemonic::Endbr32)
}

/// Ordinal of the instruction at `offset` of a function.
pub fn ordinal_at(image: &Image<'_>, f: &Function, offset: u32) -> u32 {
    if offset == 0 {
        return 0;
    }
    let bytes = image.slice(f.start, f.end).unwrap_or(&[]);
    let mut decoder = Decoder::with_ip(64, bytes, f.start, DecoderOptions::NONE);
    let mut instruction = Instruction::default();
    let mut ordinal = 0;
    while decoder.can_decode() && (decoder.ip() - f.start) < u64::from(offset) {
        decoder.decode_out(&mut instruction);
        ordinal += u32::from(kept(&instruction));
    }
    // Into the middle of an instruction: a place of its own.
    if decoder.ip() - f.start > u64::from(offset) { ordinal | 1 << 31 } else { ordinal }
}

impl Encoder {
    pub fn clear(&mut self) {
        self.out.clear();
        self.references_at.clear();
        self.unnamed.clear();
        self.groups.clear();
        self.writable.clear();
        self.references.clear();
        self.imports.clear();
        self.calls.clear();
        self.residual = 0;
    }

    fn placeholder(&mut self, tag: u8, address: u64) -> u32 {
        let ordinal = match self.writable.iter().rposition(|w| *w == address) {
            Some(i) => i,
            None => {
                self.writable.push(address);
                self.writable.len() - 1
            }
        };
        self.out.push(tag);
        self.out.extend_from_slice(&(ordinal as u32).to_le_bytes());
        ordinal as u32
    }

    fn number(&mut self, tag: u8, value: u32) {
        self.out.push(tag);
        self.out.extend_from_slice(&value.to_le_bytes());
    }

    /// Writes the token of `target`; `inner` says whether a read-only unit belongs to the same cycle of data as the one
    /// being encoded, and `with_content` whether writable data's initial content is known by now.
    pub fn target(&mut self, naming: &Naming<'_, '_>, target: Target<'_>, inner: impl Fn(u32) -> bool, with_content: bool) {
        let from = self.out.len() as u32;
        let mut place = None;
        match target {
            Target::Function(f, offset) => {
                let ordinal = ordinal_at(naming.space.image, &naming.space.functions[f as usize], offset);
                self.calls.push(f);
                match naming.functions[f as usize] {
                    FunctionName::Unique(id) => {
                        self.out.push(b'F');
                        self.out.extend_from_slice(&id);
                    }
                    FunctionName::Group(id) => {
                        self.out.push(b'G');
                        self.out.extend_from_slice(&id);
                        self.groups.push(f);
                    }
                    FunctionName::Unnamed => {
                        let k = self.unnamed.iter().position(|u| *u == f).unwrap_or_else(|| {
                            self.unnamed.push(f);
                            self.unnamed.len() - 1
                        });
                        self.number(b'U', k as u32);
                    }
                }
                self.number(b'+', ordinal);
                self.references.push(LeafReference::Function(f));
            }
            Target::Import(name) => {
                self.out.push(b'I');
                self.out.extend_from_slice(name.as_bytes());
                self.out.push(0);
                self.imports.push(name.to_string());
            }
            Target::Unit(u, offset) => place = self.unit(naming, u, offset, inner, with_content),
            Target::Unnamed(address) => place = Some(self.placeholder(b'B', address)),
            Target::Outside(address) => {
                self.out.push(b'?');
                self.out.extend_from_slice(&address.to_le_bytes());
                self.residual += 1;
            }
        }
        self.references_at.push((from, self.out.len() as u32, place));
    }

    fn unit(&mut self, naming: &Naming<'_, '_>, u: u32, offset: u32, inner: impl Fn(u32) -> bool, with_content: bool) -> Option<u32> {
        let mut place = None;
        let unit = &naming.space.units[u as usize];
        self.references.push(LeafReference::Unit(u));
        match unit.class {
            Class::Container(c) => {
                self.out.push(b'K');
                self.out.extend_from_slice(&naming.containers[c as usize]);
            }
            Class::Table(f) => {
                self.references.push(LeafReference::Function(f));
                self.out.push(b'T');
                self.residual += 1;
            }
            _ => match naming.data[u as usize] {
                DataName::Unique(id) => {
                    self.out.push(b'N');
                    self.out.extend_from_slice(&id);
                }
                DataName::Content if inner(u) => drop(self.placeholder(b'C', unit.start)),
                DataName::Content => {
                    self.out.push(b'D');
                    self.out.extend_from_slice(&naming.content[u as usize]);
                }
                DataName::Writable => {
                    // By the address itself: a variable has no bounds where memory is zero at first.
                    place = Some(self.placeholder(b'W', unit.start + u64::from(offset)));
                    if with_content {
                        self.out.extend_from_slice(&naming.content[u as usize]);
                    }
                }
            },
        }
        self.number(b'+', offset);
        place
    }

    pub fn tidy(&mut self) {
        self.references.sort_unstable();
        self.references.dedup();
        self.imports.sort_unstable();
        self.imports.dedup();
        self.calls.sort_unstable();
        self.calls.dedup();
    }
}
