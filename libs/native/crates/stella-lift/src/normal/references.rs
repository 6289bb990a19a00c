//! What instructions lead to, as tokens.

use super::{Context, Scratch};
use crate::functions::Function;
use crate::space::Target;
use crate::units::Class;

impl Context<'_, '_, '_> {
    /// Whether a number that may be an address leads somewhere that code would name.
    pub(super) fn plausible(&self, target: u64) -> bool {
        match self.naming.space.resolve(target) {
            Target::Function(_, offset) => offset == 0,
            Target::Unit(u, _) => self.naming.space.units[u as usize].class == Class::Data,
            Target::Import(_) | Target::Unnamed(_) => true,
            Target::Outside(_) => false,
        }
    }

    pub(super) fn reference(&self, index: usize, f: &Function, address: u64, scratch: &mut Scratch) {
        if address >= f.start && address < f.end {
            let ordinal = scratch.ordinals[(address - f.start) as usize];
            scratch.encoder.out.push(b'j');
            scratch.encoder.out.extend_from_slice(&ordinal.to_le_bytes());
            return;
        }
        let target = self.naming.space.resolve(address);
        if let Target::Unit(u, offset) = target {
            let unit = &self.naming.space.units[u as usize];
            if unit.class == Class::Table(index as u32) {
                let k = scratch.tables.iter().position(|t| *t == unit.start).unwrap_or_else(|| {
                    scratch.tables.push(unit.start);
                    scratch.tables.len() - 1
                });
                scratch.encoder.out.extend_from_slice(&[b't', k as u8]);
                scratch.encoder.out.extend_from_slice(&offset.to_le_bytes());
                return;
            }
        }
        scratch.encoder.target(self.naming, target, |_| false, true);
    }
}
