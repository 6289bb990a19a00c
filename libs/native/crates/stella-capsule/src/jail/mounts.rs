//! Thin wrappers of the mount calls.

use super::c_path;
use crate::control::check;
use libc::{c_int, c_ulong};
use std::ffi::CString;
use std::io;
use std::path::Path;

pub fn tmpfs(target: &Path, options: &str) -> io::Result<()> {
    let data = CString::new(options)?;
    let flags = libc::MS_NOSUID | libc::MS_NODEV;
    // SAFETY: all strings are NUL-terminated and live through the call.
    check(unsafe {
        libc::mount(c"capsule".as_ptr(), c_path(target).as_ptr(), c"tmpfs".as_ptr(), flags, data.as_ptr().cast())
    })
    .map(drop)
}

/// Binds `source` with everything mounted below it: parts of a tree that another user namespace mounted can't be left out.
pub fn bind(source: &Path, target: &Path) -> io::Result<()> {
    change(Some(source), target, libc::MS_BIND | libc::MS_REC)
}

pub fn change(source: Option<&Path>, target: &Path, flags: c_ulong) -> io::Result<()> {
    let source = source.map(c_path);
    let from = source.as_ref().map_or(std::ptr::null(), |path| path.as_ptr());
    // SAFETY: all strings are NUL-terminated and live through the call.
    check(unsafe { libc::mount(from, c_path(target).as_ptr(), std::ptr::null(), flags, std::ptr::null()) }).map(drop)
}

/// Sets attributes on a whole mount tree at once, keeping those that are locked (`mount_setattr(2)`, Linux 5.12).
pub fn set_attributes(target: &Path, attributes: u64) -> io::Result<()> {
    #[repr(C)]
    struct MountAttr {
        set: u64,
        clear: u64,
        propagation: u64,
        userns_fd: u64,
    }
    let attr = MountAttr { set: attributes, clear: 0, propagation: 0, userns_fd: 0 };
    const AT_RECURSIVE: c_int = 0x8000;
    // SAFETY: `attr` has the layout and size of the kernel's first version of `struct mount_attr`.
    check(unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            libc::AT_FDCWD,
            c_path(target).as_ptr(),
            AT_RECURSIVE,
            &raw const attr,
            size_of::<MountAttr>(),
        ) as c_int
    })
    .map(drop)
}

pub fn pivot(new_root: &Path, put_old: &Path) -> io::Result<()> {
    // SAFETY: both strings are NUL-terminated and live through the call.
    check(unsafe { libc::syscall(libc::SYS_pivot_root, c_path(new_root).as_ptr(), c_path(put_old).as_ptr()) as c_int })
        .map(drop)
}

pub fn detach(target: &Path) -> io::Result<()> {
    // SAFETY: the string is NUL-terminated and lives through the call.
    check(unsafe { libc::umount2(c_path(target).as_ptr(), libc::MNT_DETACH) }).map(drop)
}
