//! Process 1 of the capsule: builds the root, starts the program as process 2, reaps whatever is orphaned to it.

use super::{Step, program, rootfs, step};
use crate::control::{Control, check};
use crate::inputs::LoadedFile;
use crate::request::Request;
use libc::c_int;
use std::ffi::CString;

/// All that the started side needs; made before `clone`, so that nothing is computed twice.
pub struct Plan<'a> {
    pub request: &'a Request,
    pub files: &'a [LoadedFile],
    /// Standard input, output and error of the program.
    pub stdio: [c_int; 3],
    pub cpu: usize,
    /// Whether more than one id is mapped, so that the program can be a user that owns nothing here.
    pub several_ids: bool,
}

/// Never returns. The supervisor's death kills this process, and with it the namespace.
pub fn run_init(plan: &Plan, control: &Control) -> ! {
    let code = match prepare(plan, control) {
        Ok(()) => reap(),
        Err(failure) => {
            let _ = control.send_failure(&failure.step, failure.errno);
            1
        }
    };
    // SAFETY: ends the process without running the supervisor's destructors.
    unsafe { libc::_exit(code) }
}

fn prepare(plan: &Plan, control: &Control) -> Step {
    die_with_parent()?;
    step("wait for the id maps", control.wait_go())?;
    if plan.several_ids {
        // The process that wrote the maps is user 0 of this namespace only from here on.
        step("setresuid 0", check(unsafe { libc::setresuid(0, 0, 0) }))?;
        step("setresgid 0", check(unsafe { libc::setresgid(0, 0, 0) }))?;
        step("setgroups", check(unsafe { libc::setgroups(0, std::ptr::null()) }))?;
    }
    die_with_parent()?;
    let name = &plan.request.hostname;
    // SAFETY: the pointer and length are those of `name`; the domain name is a literal.
    unsafe {
        step("sethostname", check(libc::sethostname(name.as_ptr().cast(), name.len())))?;
        step("setdomainname", check(libc::setdomainname(c"capsule".as_ptr(), 7)))?;
    }
    rootfs::build(plan.request, plan.files)?;
    // SAFETY: this process is single-threaded, so the copy is consistent.
    match step("fork", check(unsafe { libc::fork() }))? {
        0 => program::start(plan, control).map(|never| match never {}),
        _ => program::become_user(plan.request),
    }?;
    // Changing the user cleared it.
    die_with_parent()?;
    close_all();
    let name = CString::new("capsule-init").unwrap_or_default();
    // SAFETY: the name is NUL-terminated.
    unsafe { libc::prctl(libc::PR_SET_NAME, name.as_ptr()) };
    Ok(())
}

fn die_with_parent() -> Step {
    // SAFETY: no pointers are passed.
    step("prctl PDEATHSIG", check(unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) })).map(drop)
}

/// Without this the program's pipes would never reach their end.
fn close_all() {
    // SAFETY: this process uses no descriptor from here on.
    unsafe { libc::syscall(libc::SYS_close_range, 0, c_int::MAX, 0) };
}

fn reap() -> c_int {
    // SAFETY: no pointers are passed.
    while unsafe { libc::waitpid(-1, std::ptr::null_mut(), libc::__WALL) } > 0
        || std::io::Error::last_os_error().raw_os_error() == Some(libc::EINTR)
    {}
    0
}
