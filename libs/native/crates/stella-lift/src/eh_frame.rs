//! Unwind entries (`.eh_frame`): function bounds, and call-frame programs without code offsets.
//!
//! Source: LSB Core, "Exception Frames"; DWARF 5, 6.4.2.

use crate::image::Image;
use gimli::{BaseAddresses, CallFrameInstruction, CallFrameInstructionIter, CieOrFde, EhFrame, EndianSlice, LittleEndian, UnwindExpression, UnwindSection};

#[derive(Debug, Clone)]
pub struct UnwindEntry {
    pub start: u64,
    pub end: u64,
    /// The call-frame program: the code offset from which each rule holds, and the rule.
    pub program: Vec<(u32, Box<str>)>,
    /// What the entry shares with others: augmentation, factors, initial program.
    pub common: [u8; 32],
    pub exception_table: Option<u64>,
}

#[derive(Debug, Clone, Default)]
pub struct Unwind {
    pub entries: Vec<UnwindEntry>,
    /// False when a part could not be read.
    pub complete: bool,
}

pub fn read(image: &Image<'_>, max: usize) -> Unwind {
    let Some(section) = image.section(".eh_frame").filter(|s| s.allocated) else {
        return Unwind { complete: true, ..Default::default() };
    };
    let bytes = image.section_bytes(section);
    let frames = EhFrame::new(bytes, LittleEndian);
    let text = image.section(".text").map_or(0, |s| s.start);
    let got = image.section(".got").map_or(0, |s| s.start);
    let bases = BaseAddresses::default().set_eh_frame(section.start).set_text(text).set_got(got);
    let mut unwind = Unwind { complete: true, ..Default::default() };
    let mut entries = frames.entries(&bases);
    loop {
        let partial = match entries.next() {
            Ok(Some(CieOrFde::Fde(partial))) => partial,
            Ok(Some(CieOrFde::Cie(_))) => continue,
            Ok(None) => break,
            Err(_) => {
                unwind.complete = false;
                break;
            }
        };
        if unwind.entries.len() >= max {
            unwind.complete = false;
            break;
        }
        let Ok(fde) = partial.parse(EhFrame::cie_from_offset) else {
            unwind.complete = false;
            continue;
        };
        let cie = fde.cie();
        let mut common = blake3::Hasher::new();
        let augmentation = cie.augmentation().map(|a| format!("{a:?}")).filter(|_| cie.personality().is_none()).unwrap_or_default();
        common.update(augmentation.as_bytes());
        common.update(&cie.code_alignment_factor().to_le_bytes());
        common.update(&cie.data_alignment_factor().to_le_bytes());
        common.update(&cie.return_address_register().0.to_le_bytes());
        common.update(&[u8::from(cie.is_signal_trampoline()), u8::from(cie.personality().is_some())]);
        let (initial, initial_complete) = program(&frames, cie.instructions(&frames, &bases), cie.code_alignment_factor());
        let (program, complete) = program(&frames, fde.instructions(&frames, &bases), cie.code_alignment_factor());
        unwind.complete &= initial_complete && complete;
        common.update(&flatten(&initial));
        let exception_table = match fde.lsda() {
            Some(gimli::Pointer::Direct(a)) => Some(a),
            _ => None,
        };
        // A signal frame's entry starts one byte early, so that unwinders find it from the return address.
        let early = u64::from(fde.is_signal_trampoline());
        unwind.entries.push(UnwindEntry {
            start: fde.initial_address().saturating_add(early),
            end: fde.initial_address().saturating_add(fde.len()),
            program,
            common: *common.finalize().as_bytes(),
            exception_table,
        });
    }
    unwind.entries.sort_by_key(|e| e.start);
    unwind.entries.dedup_by_key(|e| e.start);
    unwind
}

type Program = Vec<(u32, Box<str>)>;

type Frames<'a> = EhFrame<EndianSlice<'a, LittleEndian>>;

fn program<'a>(frames: &Frames<'a>, mut rules: CallFrameInstructionIter<'_, EndianSlice<'a, LittleEndian>>, code_alignment: u64) -> (Program, bool) {
    let mut offset = 0u32;
    let mut found = Vec::new();
    // An expression is known by its place in the section: that moves, its bytes do not.
    let bytes = |e: &UnwindExpression<usize>| e.get(frames).map(|e| e.0.slice().to_vec()).unwrap_or_default();
    loop {
        let rule = match rules.next() {
            Ok(Some(CallFrameInstruction::AdvanceLoc { delta })) => {
                offset = offset.saturating_add(delta.saturating_mul(code_alignment as u32));
                continue;
            }
            Ok(Some(CallFrameInstruction::Nop)) => continue,
            Ok(Some(CallFrameInstruction::DefCfaExpression { expression })) => format!("cfa {:?}", bytes(&expression)),
            Ok(Some(CallFrameInstruction::Expression { register, expression })) => format!("at {register:?} {:?}", bytes(&expression)),
            Ok(Some(CallFrameInstruction::ValExpression { register, expression })) => format!("is {register:?} {:?}", bytes(&expression)),
            Ok(Some(rule)) => format!("{rule:?}"),
            Ok(None) => return (found, true),
            Err(_) => return (found, false),
        };
        found.push((offset, rule.into_boxed_str()));
    }
}

fn flatten(program: &Program) -> Vec<u8> {
    program.iter().flat_map(|(offset, rule)| offset.to_le_bytes().into_iter().chain(rule.bytes())).collect()
}
