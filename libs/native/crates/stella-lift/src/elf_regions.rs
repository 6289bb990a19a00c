//! ELF's own structures as leaves without layout, and how each section's bytes are split.

use crate::eh_frame::Unwind;
use crate::functions::is_plt;
use crate::image::{Image, Section};
use crate::relocations::{Relocation, Relocations};
use crate::units::{Container, Fill, Region};
use iced_x86::{Decoder, DecoderOptions, Instruction};
use rustc_hash::FxHashMap;

/// Import that each linkage stub jumps to, by the stub's addresses.
pub fn linkage_stubs(image: &Image<'_>, relocations: &Relocations) -> FxHashMap<u64, String> {
    let mut stubs = FxHashMap::default();
    for section in image.sections.iter().filter(|s| is_plt(s) && s.executable) {
        let mut decoder = Decoder::with_ip(64, image.section_bytes(section), section.start, DecoderOptions::NONE);
        let mut instruction = Instruction::default();
        let mut start = section.start;
        while decoder.can_decode() {
            decoder.decode_out(&mut instruction);
            if instruction.ip() % 16 == 0 || (section.name == ".plt.got" && instruction.ip() % 8 == 0) {
                start = instruction.ip();
            }
            if instruction.is_jmp_near_indirect()
                && instruction.is_ip_rel_memory_operand()
                && let Some(Relocation::Symbol { name, .. }) = relocations.at(instruction.ip_rel_memory_address())
            {
                stubs.insert(start, name.clone());
            }
        }
    }
    stubs
}

/// A number as the start of a section if it is one, as "inside of" code or data, whose units tell more, else as itself.
fn place(image: &Image<'_>, value: u64) -> String {
    match image.sections.iter().find(|s| s.allocated && s.start <= value && value < s.end) {
        Some(s) if is_plt(s) || value == s.start => format!("{}+{}", s.name, value - s.start),
        Some(s) => format!("{}+", s.name),
        None => format!("{value}"),
    }
}

/// Stubs as instructions, with the names that their table slots lead to.
fn stub_code(image: &Image<'_>, section: &Section, relocations: &Relocations, c: &mut Container) {
    let bytes = image.section_bytes(section);
    let mut decoder = Decoder::with_ip(64, bytes, section.start, DecoderOptions::NONE);
    let mut instruction = Instruction::default();
    while decoder.can_decode() {
        decoder.decode_out(&mut instruction);
        let at = (instruction.ip() - section.start) as usize;
        if instruction.is_ip_rel_memory_operand() {
            let slot = instruction.ip_rel_memory_address();
            let name = match relocations.at(slot) {
                Some(Relocation::Symbol { name, .. }) => name.clone(),
                _ => image.sections.iter().find(|s| s.allocated && s.start <= slot && slot < s.end).map_or("?".into(), |s| format!("{}+{}", s.name, slot - s.start)),
            };
            let code = instruction.code() as u16;
            c.content.update(&code.to_le_bytes()).update(&[instruction.len() as u8, u8::from(instruction.has_repne_prefix())]).update(name.as_bytes()).update(&[0]);
        } else {
            c.content.update(bytes.get(at..at + instruction.len()).unwrap_or(&[]));
        }
    }
}

fn sorted_lines(container: &mut Container, mut lines: Vec<String>) {
    lines.sort_unstable();
    for line in lines {
        container.content.update(line.as_bytes()).update(b"\n");
    }
}

/// The content of a section that only indexes or links, free of addresses; `None` for sections with content of their own.
fn container(image: &Image<'_>, section: &Section, relocations: &Relocations, unwind: &Unwind) -> Option<Container> {
    let name = section.name.as_str();
    let mut c = Container::new(format!("section:{name}"), "metadata");
    match name {
        ".dynsym" => {
            // Values are addresses: the functions and objects that they name tell where they lead.
            for record in image.section_bytes(section).chunks_exact(24) {
                c.content.update(&record[..8]).update(&record[16..]).update(&[u8::from(record[8..16] == [0; 8])]);
            }
            let mut lines: Vec<String> = image.dynamic_names.iter().map(|(_, n)| format!("name {n}")).collect();
            lines.extend(image.symbols.iter().filter(|s| s.dynamic).map(|s| format!("defined {} {} {}", s.name, s.function, s.global)));
            sorted_lines(&mut c, lines);
        }
        ".dynstr" | ".gnu.hash" | ".hash" | ".gnu.version" | ".gnu.version_r" | ".gnu.version_d" | ".eh_frame_hdr" => {
            c.content.update(image.section_bytes(section));
        }
        _ if name.starts_with(".rela") => {
            let within = relocations.all().iter().filter_map(|(_, r)| match r {
                Relocation::Symbol { kind, name, addend } => Some(format!("{kind} {name} {addend}")),
                Relocation::Relative(_) => None,
                Relocation::Other { kind, .. } => Some(format!("{kind}")),
            });
            sorted_lines(&mut c, within.collect());
        }
        ".got" | ".got.plt" => {
            for (i, word) in image.section_bytes(section).chunks_exact(8).enumerate() {
                let value = u64::from_le_bytes(word.try_into().unwrap_or_default());
                let line = match relocations.at(section.start + 8 * i as u64) {
                    Some(Relocation::Relative(to)) => place(image, *to),
                    Some(Relocation::Symbol { kind, name, addend }) => format!("{kind} {name} {addend} {}", place(image, value)),
                    Some(Relocation::Other { kind, .. }) => format!("{kind} {}", place(image, value)),
                    None => place(image, value),
                };
                c.content.update(line.as_bytes()).update(b"\n");
            }
        }
        _ if is_plt(section) => stub_code(image, section, relocations, &mut c),
        ".eh_frame" => {
            let mut kinds: Vec<[u8; 32]> = unwind.entries.iter().map(|e| e.common).collect();
            kinds.sort_unstable();
            kinds.dedup();
            c.content.update(kinds.as_flattened());
            c.residual += u64::from(!unwind.complete);
        }
        ".dynamic" => {
            let bytes = image.section_bytes(section);
            let text = image.section(".dynstr").map(|s| image.section_bytes(s)).unwrap_or(&[]);
            let mut lines = Vec::new();
            for entry in bytes.chunks_exact(16) {
                let tag = u64::from_le_bytes(entry[..8].try_into().unwrap_or_default());
                let value = u64::from_le_bytes(entry[8..].try_into().unwrap_or_default());
                match tag {
                    // Names: needed libraries, own name, search paths.
                    1 | 14 | 15 | 29 => {
                        let rest = text.get(value as usize..).unwrap_or(&[]);
                        let end = rest.iter().position(|b| *b == 0).unwrap_or(rest.len());
                        lines.push(format!("{tag} {}", String::from_utf8_lossy(&rest[..end])));
                    }
                    0 => {}
                    3..=7 | 12 | 13 | 17 | 23 | 25 | 26 | 32 | 0x6fff_fef5 | 0x6fff_fff0 | 0x6fff_fffc | 0x6fff_fffe => {
                        let within = image.sections.iter().find(|s| s.allocated && s.start <= value && value < s.end);
                        lines.push(within.map_or(format!("{tag} {value}"), |s| format!("{tag} {}+{}", s.name, value - s.start)));
                    }
                    _ => lines.push(format!("{tag} {value}")),
                }
            }
            sorted_lines(&mut c, lines);
        }
        ".interp" | ".go.buildinfo" => {
            c.content.update(image.section_bytes(section));
        }
        _ if name.starts_with(".note") => {
            c.content.update(image.section_bytes(section));
        }
        _ => return None,
    }
    Some(c)
}

/// Regions of all segments' file-backed bytes, ascending; section structures become containers. `special` gives the
/// container of a section by name before the general rule is asked.
pub fn regions(
    image: &Image<'_>,
    relocations: &Relocations,
    unwind: &Unwind,
    special: &FxHashMap<String, u32>,
    containers: &mut Vec<Container>,
) -> Vec<Region> {
    let mut header = Container::new("header:elf", "header");
    header.content.update(&image.kind.to_le_bytes());
    let mut kinds = image.program_header_kinds.clone();
    kinds.sort_unstable();
    for (kind, flags, align) in kinds {
        header.content.update(&kind.to_le_bytes()).update(&flags.to_le_bytes()).update(&align.to_le_bytes());
    }
    for section in &image.sections {
        header.content.update(section.name.as_bytes()).update(&[0, u8::from(section.writable), u8::from(section.executable)]);
    }
    let header_index = containers.len() as u32;
    containers.push(header);
    let mut sections: Vec<&Section> = image.sections.iter().filter(|s| s.allocated && s.end > s.start).collect();
    sections.sort_by_key(|s| (s.start, s.end));
    let range = |(start, size): (u64, u64)| (start, start.saturating_add(size));
    let mut headers = vec![(0, 64), range(image.program_headers), range(image.section_headers)];
    // Section names, symbols and debug data may lie between loaded sections.
    headers.extend(image.sections.iter().filter(|s| !s.allocated && s.kind != 0 && s.kind != 8).map(|s| range((s.file_offset, s.end - s.start))));
    let mut regions: Vec<Region> = Vec::new();
    for segment in &image.segments {
        let end = segment.start + segment.file_size;
        let mut at = segment.start;
        let mut marks: Vec<(u64, u64, Fill)> = Vec::new();
        for &(from, to) in &headers {
            let (low, high) = (from.max(segment.file_offset), to.min(segment.file_offset + segment.file_size));
            if low < high {
                marks.push((segment.start + (low - segment.file_offset), segment.start + (high - segment.file_offset), Fill::Container(header_index)));
            }
        }
        for section in sections.iter().filter(|s| s.kind != 8 && s.start >= segment.start && s.start < end) {
            let fill = if let Some(index) = special.get(&section.name) {
                Fill::Container(*index)
            } else if let Some(c) = container(image, section, relocations, unwind) {
                containers.push(c);
                Fill::Container(containers.len() as u32 - 1)
            } else if section.executable {
                Fill::Code
            } else {
                Fill::Data { writable: section.writable && !section.name.starts_with(".data.rel.ro"), pointers: true }
            };
            marks.push((section.start, section.end, fill));
        }
        marks.sort_by_key(|m| m.0);
        for (from, to, fill) in marks {
            let from = from.max(at);
            let to = to.min(end);
            if from > at {
                regions.push(Region { start: at, end: from, fill: unclaimed(image, segment) });
            }
            if to > from {
                regions.push(Region { start: from, end: to, fill });
                at = to;
            }
        }
        if at < end {
            regions.push(Region { start: at, end, fill: unclaimed(image, segment) });
        }
    }
    regions
}

/// Without sections a segment's flags say all that is known.
fn unclaimed(image: &Image<'_>, segment: &crate::image::Segment) -> Fill {
    match (image.sections.iter().any(|s| s.allocated), segment.executable) {
        (true, _) => Fill::Gap,
        (false, true) => Fill::Code,
        (false, false) => Fill::Data { writable: segment.writable, pointers: true },
    }
}
