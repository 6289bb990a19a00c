//! Go build information and build id. Source: `debug/buildinfo`, `cmd/go/internal/buildid`.

use super::varint;
use crate::image::Image;
use serde::Serialize;

#[derive(Debug, Clone, Serialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct GoModule {
    pub path: String,
    pub version: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub sum: String,
}

#[derive(Debug, Clone, Default, Serialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct GoBuildInfo {
    pub go_version: String,
    pub path: String,
    pub main: Option<GoModule>,
    pub dependencies: Vec<GoModule>,
    pub settings: Vec<(String, String)>,
}

const MAGIC: &[u8] = b"\xff Go buildinf:";

fn go_string(image: &Image<'_>, header: u64) -> Option<String> {
    let (at, length) = (image.u64_at(header)?, image.u64_at(header + 8)?);
    let bytes = image.slice(at, at.checked_add(length)?)?;
    Some(String::from_utf8_lossy(bytes).into_owned())
}

/// Reads the build information; `None` when the file has none.
pub fn read(image: &Image<'_>) -> Option<GoBuildInfo> {
    let section = image.section(".go.buildinfo")?;
    let bytes = image.section_bytes(section);
    let at = (0..bytes.len().saturating_sub(31)).step_by(16).find(|i| bytes[*i..].starts_with(MAGIC))?;
    let bytes = &bytes[at..];
    let (version, module) = if bytes[15] & 2 != 0 {
        let (n, k) = varint(bytes, 32)?;
        let first = bytes.get(32 + k..32 + k + n as usize)?;
        let next = 32 + k + n as usize;
        let (m, j) = varint(bytes, next)?;
        let second = bytes.get(next + j..next + j + m as usize)?;
        (String::from_utf8_lossy(first).into_owned(), String::from_utf8_lossy(second).into_owned())
    } else {
        (go_string(image, super::u64_at(bytes, 16)?)?, super::u64_at(bytes, 24).and_then(|a| go_string(image, a)).unwrap_or_default())
    };
    Some(parse_module_text(version, &module))
}

fn parse_module_text(go_version: String, text: &str) -> GoBuildInfo {
    let mut info = GoBuildInfo { go_version, ..Default::default() };
    for line in text.lines() {
        let mut words = line.split('\t');
        let kind = words.next().unwrap_or("");
        // The text is framed by 16 bytes of sentinel on each side.
        let kind = ["path", "mod", "dep", "build", "=>"].into_iter().find(|k| kind.ends_with(k)).unwrap_or("");
        let mut word = || words.next().unwrap_or("").to_string();
        match kind {
            "path" => info.path = word(),
            "mod" => info.main = Some(GoModule { path: word(), version: word(), sum: word() }),
            "dep" => info.dependencies.push(GoModule { path: word(), version: word(), sum: word() }),
            "=>" => {
                let replacement = GoModule { path: word(), version: word(), sum: word() };
                if let Some(last) = info.dependencies.last_mut() {
                    *last = replacement;
                }
            }
            "build" => {
                if let Some((key, value)) = word().split_once('=') {
                    info.settings.push((key.to_string(), value.to_string()));
                }
            }
            _ => {}
        }
    }
    info
}

/// The Go build id from its note.
pub fn build_id(image: &Image<'_>) -> Option<String> {
    let bytes = image.section_bytes(image.section(".note.go.buildid")?);
    let size = super::u32_at(bytes, 4)? as usize;
    Some(String::from_utf8_lossy(bytes.get(16..16usize.checked_add(size)?)?).into_owned())
}

/// The GNU build id in hex, from its note section.
pub fn gnu_build_id(image: &Image<'_>) -> Option<String> {
    let bytes = image.section_bytes(image.section(".note.gnu.build-id")?);
    let size = super::u32_at(bytes, 4)? as usize;
    let id = bytes.get(16..16usize.checked_add(size)?)?;
    Some(id.iter().map(|b| format!("{b:02x}")).collect())
}
