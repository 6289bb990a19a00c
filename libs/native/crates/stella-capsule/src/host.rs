//! What a replay depends on and a capsule can't change: the kernel and the processor.

use std::arch::x86_64::__cpuid_count;
use std::ffi::CStr;
use std::mem::MaybeUninit;

/// `uname -r`.
pub fn kernel() -> String {
    let mut names = MaybeUninit::<libc::utsname>::zeroed();
    // SAFETY: `uname` fills the structure with NUL-terminated strings, or leaves it zero.
    unsafe {
        libc::uname(names.as_mut_ptr());
        CStr::from_ptr(names.assume_init_ref().release.as_ptr()).to_string_lossy().into_owned()
    }
}

/// Vendor, family, model and stepping, with the feature words that programs choose their code paths by.
pub fn cpu_model_class() -> String {
    let leaf = |leaf, sub| __cpuid_count(leaf, sub);
    let vendor = leaf(0, 0);
    let name: Vec<u8> = [vendor.ebx, vendor.edx, vendor.ecx].iter().flat_map(|word| word.to_le_bytes()).collect();
    let basic = leaf(1, 0);
    let family = ((basic.eax >> 8) & 0xf) + ((basic.eax >> 20) & 0xff);
    let model = ((basic.eax >> 4) & 0xf) | ((basic.eax >> 12) & 0xf0);
    let more = if vendor.eax >= 7 { leaf(7, 0) } else { leaf(0x8000_0000, 0) };
    // OSXSAVE is a setting, not a feature.
    let features = [basic.ecx & !(1 << 27), basic.edx, more.ebx, more.ecx, more.edx];
    let features: Vec<String> = features.iter().map(|word| format!("{word:08x}")).collect();
    format!("{}/{family}/{model}/{}/{}", String::from_utf8_lossy(&name), basic.eax & 0xf, features.join("."))
}
