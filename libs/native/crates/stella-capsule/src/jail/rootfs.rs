//! Builds the file system that the program sees: a fresh tmpfs with the closure bound read-only, nothing of the host
//! besides, and one size-capped place to write.
//!
//! The tree is made in the order that bubblewrap uses: pivot first, so that a closure that lies under the mount point
//! stays reachable at `/host` while it is bound.

use super::{Step, mounts, step};
use crate::inputs::LoadedFile;
use crate::request::Request;
use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

pub const WORK_DIR: &str = "/work";
const HOST: &str = "/host";
const ROOT: &str = "/root";
const READ_ONLY: u64 = libc::MOUNT_ATTR_RDONLY | libc::MOUNT_ATTR_NOSUID;

pub fn build(request: &Request, files: &[LoadedFile]) -> Step {
    let private = libc::MS_REC | libc::MS_PRIVATE;
    step("mount: make / private", mounts::change(None, Path::new("/"), private))?;
    let base = ["/tmp", "/mnt", "/usr"].iter().map(Path::new).find(|path| path.is_dir()).unwrap_or(Path::new("/dev"));
    step("mount: a tmpfs in a user namespace", mounts::tmpfs(base, "mode=0755,size=8m"))?;
    step("chdir", std::env::set_current_dir(base))?;
    step("mkdir", fs::create_dir("host").and_then(|()| fs::create_dir("root")))?;
    step("pivot_root", mounts::pivot(Path::new("."), Path::new("host")))?;
    step("chdir", std::env::set_current_dir("/"))?;
    step("mount: the root", mounts::tmpfs(Path::new(ROOT), "mode=0755,size=8m"))?;

    for path in &request.closure {
        step(format!("closure {}", path.display()), expose(path, path))?;
    }
    let covered = request.closure.iter().any(|part| request.program.starts_with(part));
    if !(covered && request.program == request.program_path) {
        step("bind the program", expose(&resolved(&request.program), &request.program_path))?;
    }
    step("devices", devices())?;
    step("/etc", etc(request))?;
    step("working directory", writable(request, files))?;

    step("pivot_root", enter_root())?;
    let own = libc::MS_REMOUNT | libc::MS_BIND | libc::MS_RDONLY | libc::MS_NOSUID | libc::MS_NODEV;
    step("remount / read-only", mounts::change(None, Path::new("/"), own))
}

/// The program's path with symbolic links of the host followed, below `/host`'s view of it.
fn resolved(path: &Path) -> PathBuf {
    let mut path = path.to_path_buf();
    // Bounded as in the kernel (40): a loop was refused when the program's metadata was read.
    for _ in 0..40 {
        match fs::read_link(below(HOST, &path)) {
            Ok(to) if to.is_absolute() => path = to,
            Ok(to) => path = path.parent().unwrap_or(Path::new("/")).join(to),
            Err(_) => break,
        }
    }
    path
}

fn below(root: &str, path: &Path) -> PathBuf {
    Path::new(root).join(path.strip_prefix("/").unwrap_or(path))
}

/// Shows host path `source` read-only at `at`; a symbolic link is made again, since its target may be bound too.
fn expose(source: &Path, at: &Path) -> io::Result<()> {
    let (from, to) = (below(HOST, source), below(ROOT, at));
    if to.symlink_metadata().is_ok() && !to.is_dir() {
        return Ok(());
    }
    if let Some(parent) = to.parent() {
        fs::create_dir_all(parent)?;
    }
    let kind = from.symlink_metadata()?.file_type();
    if kind.is_symlink() {
        return symlink(fs::read_link(&from)?, &to);
    }
    if kind.is_dir() {
        fs::create_dir_all(&to)?;
    } else {
        File::create(&to)?;
    }
    mounts::bind(&from, &to)?;
    mounts::set_attributes(&to, READ_ONLY | libc::MOUNT_ATTR_NODEV)
}

fn devices() -> io::Result<()> {
    fs::create_dir(below(ROOT, Path::new("/dev")))?;
    for name in ["null", "zero", "full"] {
        let at = Path::new("/dev").join(name);
        File::create(below(ROOT, &at))?;
        mounts::bind(&below(HOST, &at), &below(ROOT, &at))?;
    }
    // The supervisor keeps this pipe filled with the seeded stream.
    let fifo = super::c_path(&below(ROOT, Path::new("/dev/urandom")));
    // SAFETY: the path is NUL-terminated and lives through the call.
    crate::control::check(unsafe { libc::mkfifo(fifo.as_ptr(), 0o644) })?;
    symlink("urandom", below(ROOT, Path::new("/dev/random")))
}

fn etc(request: &Request) -> io::Result<()> {
    let etc = below(ROOT, Path::new("/etc"));
    fs::create_dir_all(&etc)?;
    let Request { uid, gid, hostname, .. } = request;
    for (name, text) in [
        ("passwd", format!("root:x:0:0:root:/:/bin/false\ncapsule:x:{uid}:{gid}:capsule:{WORK_DIR}:/bin/false\n")),
        ("group", format!("root:x:0:\ncapsule:x:{gid}:\n")),
        ("hosts", format!("127.0.0.1 localhost {hostname}\n")),
    ] {
        if !etc.join(name).exists() {
            fs::write(etc.join(name), text)?;
        }
    }
    Ok(())
}

fn writable(request: &Request, files: &[LoadedFile]) -> io::Result<()> {
    let disk = Path::new("/disk");
    fs::create_dir(disk)?;
    // One page beyond the cap: a file system without a free page has exceeded it.
    let pages = request.caps.disk_bytes.div_ceil(4096) + 1;
    mounts::tmpfs(disk, &format!("mode=0755,nr_inodes=65536,size={}", pages * 4096))?;
    for (name, at) in [("work", WORK_DIR), ("tmp", "/tmp")] {
        let from = disk.join(name);
        fs::create_dir(&from)?;
        let to = below(ROOT, Path::new(at));
        fs::create_dir_all(&to)?;
        if name == "work" {
            place(request, &from, files)?;
        }
        chown(&from, Some(request.uid), Some(request.gid))?;
        mounts::bind(&from, &to)?;
    }
    mounts::detach(disk)
}

fn place(request: &Request, work: &Path, files: &[LoadedFile]) -> io::Result<()> {
    let epoch = UNIX_EPOCH + Duration::from_nanos(request.clock.epoch_ns);
    for file in files {
        let mut made = work.to_path_buf();
        for part in file.path.parent().into_iter().flat_map(Path::components) {
            made.push(part);
            if !made.is_dir() {
                fs::create_dir(&made)?;
                chown(&made, Some(request.uid), Some(request.gid))?;
            }
        }
        let at = work.join(&file.path);
        let mut out = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&at)?;
        out.write_all(&file.bytes)?;
        out.set_modified(epoch)?;
        drop(out);
        fs::set_permissions(&at, Permissions::from_mode(if file.executable { 0o755 } else { 0o644 }))?;
        chown(&at, Some(request.uid), Some(request.gid))?;
    }
    Ok(())
}

fn enter_root() -> io::Result<()> {
    std::env::set_current_dir(ROOT)?;
    // With both arguments the same, the old root ends up stacked over the new one and is detached from there
    // (pivot_root(2), NOTES).
    mounts::pivot(Path::new("."), Path::new("."))?;
    mounts::detach(Path::new("."))?;
    std::env::set_current_dir("/")
}
