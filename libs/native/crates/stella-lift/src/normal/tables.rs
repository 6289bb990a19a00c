//! Tables that belong to a function: where it jumps, what Go's runtime knows of it, how it is unwound.

use super::{Context, Scratch};
use crate::functions::Function;
use crate::go::pclntab::steps;
use crate::go::regions::{FUNCDATA_INLINE_TREE, PCDATA_INLINE_TREE};

impl Context<'_, '_, '_> {
    pub(super) fn jump_table(&self, f: &Function, start: u64, scratch: &mut Scratch) {
        scratch.encoder.out.push(b'J');
        for target in self.tables.targets(self.naming.space.image, self.naming.space.relocations, start) {
            if target >= f.start && target < f.end {
                let ordinal = scratch.ordinals[(target - f.start) as usize];
                scratch.encoder.out.extend_from_slice(&ordinal.to_le_bytes());
            } else {
                scratch.encoder.target(self.naming, self.naming.space.resolve(target), |_| false, true);
            }
        }
    }

    pub(super) fn go_tables(&self, f: &Function, scratch: &mut Scratch) {
        let (Some(go), Some(index)) = (self.go, f.go) else { return };
        let Some(record) = go.pclntab.functions.get(index) else { return };
        let deferred = if record.defer_return == 0 { 0 } else { scratch.ordinal(record.defer_return) + 1 };
        let out = &mut scratch.encoder.out;
        out.push(b'g');
        out.extend_from_slice(&record.args.to_le_bytes());
        out.extend_from_slice(&deferred.to_le_bytes());
        out.extend_from_slice(&[record.func_id, record.flag]);
        let tables = std::iter::once((u32::MAX, record.pcsp))
            .chain(record.pcdata.iter().enumerate().map(|(k, o)| (k as u32, *o)))
            .filter(|(k, _)| *k != PCDATA_INLINE_TREE as u32);
        for (k, offset) in tables {
            scratch.encoder.out.extend_from_slice(&k.to_le_bytes());
            let mut last = 0;
            for (value, end) in steps(go.pclntab.table(offset)) {
                let ordinal = scratch.ordinal(end) & !(1 << 31);
                if ordinal > last {
                    scratch.encoder.out.extend_from_slice(&value.to_le_bytes());
                    scratch.encoder.out.extend_from_slice(&ordinal.to_le_bytes());
                    last = ordinal;
                }
            }
        }
        for (k, offset) in record.funcdata.iter().enumerate().filter(|(k, _)| *k != FUNCDATA_INLINE_TREE) {
            scratch.encoder.out.push(k as u8);
            if let Some(offset) = offset {
                let target = self.naming.space.resolve(go.funcdata_address(*offset));
                scratch.encoder.target(self.naming, target, |_| false, true);
            }
        }
    }

    pub(super) fn unwind(&self, f: &Function, scratch: &mut Scratch) {
        let Some(entry) = f.unwind.and_then(|i| self.unwind.entries.get(i)) else { return };
        scratch.encoder.out.push(b'u');
        scratch.encoder.out.extend_from_slice(&entry.common);
        for (offset, rule) in &entry.program {
            let ordinal = scratch.ordinal(*offset);
            scratch.encoder.out.extend_from_slice(&ordinal.to_le_bytes());
            scratch.encoder.out.extend_from_slice(rule.as_bytes());
        }
        if let Some(address) = entry.exception_table {
            let target = self.naming.space.resolve(address);
            scratch.encoder.target(self.naming, target, |_| false, true);
        }
    }
}
