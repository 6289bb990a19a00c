//! Which system calls run untouched, which the tracer answers, which are refused. Whatever is on no list does not
//! exist (`ENOSYS`), so that a newer libc falls back: `clone3`, whose flags a filter can't read; `rseq`, through which
//! the kernel would tell the real CPU's number; `memfd_create` and System V memory, which no cap would count.

use libc::*;

/// Run by the kernel, untouched.
#[rustfmt::skip]
pub const ALLOWED: &[c_long] = &[
    // files
    SYS_read, SYS_write, SYS_open, SYS_openat, SYS_close, SYS_close_range, SYS_stat, SYS_fstat, SYS_lstat,
    SYS_newfstatat, SYS_statx, SYS_lseek, SYS_pread64, SYS_pwrite64, SYS_readv, SYS_writev, SYS_preadv, SYS_pwritev,
    SYS_preadv2, SYS_pwritev2, SYS_access, SYS_faccessat, SYS_faccessat2, SYS_pipe, SYS_pipe2, SYS_dup, SYS_dup2,
    SYS_dup3, SYS_sendfile, SYS_splice, SYS_tee, SYS_vmsplice, SYS_copy_file_range, SYS_fcntl, SYS_flock, SYS_fsync,
    SYS_fdatasync, SYS_sync, SYS_syncfs, SYS_sync_file_range, SYS_truncate, SYS_ftruncate, SYS_fallocate, SYS_getcwd,
    SYS_chdir, SYS_fchdir, SYS_rename, SYS_renameat, SYS_renameat2, SYS_mkdir, SYS_mkdirat, SYS_rmdir, SYS_creat,
    SYS_link, SYS_linkat, SYS_unlink, SYS_unlinkat, SYS_symlink, SYS_symlinkat, SYS_readlink, SYS_readlinkat,
    SYS_chmod, SYS_fchmod, SYS_fchmodat, SYS_chown, SYS_fchown, SYS_lchown, SYS_fchownat, SYS_umask, SYS_utime,
    SYS_utimes, SYS_futimesat, SYS_utimensat, SYS_mknod, SYS_mknodat, SYS_statfs, SYS_fstatfs, SYS_fadvise64,
    SYS_readahead, SYS_getxattr, SYS_lgetxattr, SYS_fgetxattr, SYS_listxattr, SYS_llistxattr, SYS_flistxattr,
    SYS_inotify_init, SYS_inotify_init1, SYS_inotify_add_watch, SYS_inotify_rm_watch, SYS_eventfd, SYS_eventfd2,
    SYS_signalfd, SYS_signalfd4, SYS_openat2,
    // memory
    SYS_mmap, SYS_mprotect, SYS_munmap, SYS_brk, SYS_mremap, SYS_msync, SYS_mincore, SYS_madvise, SYS_mlock,
    SYS_mlock2, SYS_munlock, SYS_mlockall, SYS_munlockall, SYS_membarrier, SYS_pkey_alloc, SYS_pkey_free,
    SYS_pkey_mprotect, SYS_get_mempolicy, SYS_mbind, SYS_set_mempolicy,
    // processes, threads, signals
    SYS_fork, SYS_vfork, SYS_execve, SYS_execveat, SYS_exit, SYS_exit_group, SYS_wait4, SYS_waitid, SYS_kill,
    SYS_tkill, SYS_tgkill, SYS_rt_sigaction, SYS_rt_sigprocmask, SYS_rt_sigreturn, SYS_rt_sigpending,
    SYS_rt_sigqueueinfo, SYS_rt_tgsigqueueinfo, SYS_rt_sigsuspend, SYS_sigaltstack, SYS_pause, SYS_restart_syscall,
    SYS_getpid, SYS_gettid, SYS_getppid, SYS_getpgrp, SYS_getpgid, SYS_setpgid, SYS_getsid, SYS_setsid, SYS_getuid,
    SYS_geteuid, SYS_getgid, SYS_getegid, SYS_getgroups, SYS_getresuid, SYS_getresgid, SYS_setuid, SYS_setgid,
    SYS_setreuid, SYS_setregid, SYS_setresuid, SYS_setresgid, SYS_setfsuid, SYS_setfsgid, SYS_capget, SYS_getrlimit,
    SYS_setrlimit, SYS_prlimit64, SYS_getpriority, SYS_setpriority, SYS_sched_yield, SYS_sched_getparam,
    SYS_sched_getscheduler, SYS_sched_setscheduler, SYS_sched_get_priority_max, SYS_sched_get_priority_min,
    SYS_sched_rr_get_interval, SYS_set_tid_address, SYS_set_robust_list, SYS_get_robust_list, SYS_pidfd_open,
    SYS_pidfd_send_signal,
    // System V and POSIX queues, in an IPC namespace of their own
    SYS_semget, SYS_semop, SYS_semctl, SYS_msgget, SYS_msgsnd, SYS_msgrcv, SYS_msgctl, SYS_mq_open, SYS_mq_unlink,
    SYS_mq_getsetattr, SYS_mq_notify,
    // local sockets; `socket` itself is filtered by family
    SYS_connect, SYS_accept, SYS_accept4, SYS_bind, SYS_listen, SYS_getsockname, SYS_getpeername, SYS_setsockopt,
    SYS_getsockopt, SYS_shutdown, SYS_sendto, SYS_recvfrom, SYS_sendmsg, SYS_recvmsg, SYS_sendmmsg, SYS_recvmmsg,
    // waiting without a deadline; with one, see `TIMED`
    SYS_epoll_create, SYS_epoll_create1, SYS_epoll_ctl, SYS_timer_getoverrun, SYS_timer_delete, SYS_timerfd_create,
    SYS_getitimer, SYS_timer_gettime, SYS_timerfd_gettime, SYS_timer_create,
];

/// Answered by the tracer: what would differ from run to run.
pub const VIRTUAL: &[c_long] = &[
    SYS_clock_gettime,
    SYS_gettimeofday,
    SYS_time,
    SYS_clock_getres,
    SYS_times,
    SYS_getrusage,
    SYS_sysinfo,
    SYS_getrandom,
    SYS_sched_getaffinity,
    SYS_sched_setaffinity,
    SYS_getcpu,
    SYS_uname,
    SYS_nanosleep,
    SYS_clock_nanosleep,
    SYS_getdents64,
    SYS_setitimer,
    SYS_alarm,
    SYS_timer_settime,
    SYS_timerfd_settime,
];

/// When a wait has a deadline, in which argument and how it shows.
pub enum Deadline {
    /// A positive `int` in this argument.
    Positive(u8),
    /// A pointer in this argument.
    Pointer(u8),
}

pub const TIMED: &[(c_long, Deadline)] = &[
    (SYS_poll, Deadline::Positive(2)),
    (SYS_epoll_wait, Deadline::Positive(3)),
    (SYS_epoll_pwait, Deadline::Positive(3)),
    (SYS_epoll_pwait2, Deadline::Pointer(3)),
    (SYS_ppoll, Deadline::Pointer(2)),
    (SYS_select, Deadline::Pointer(4)),
    (SYS_pselect6, Deadline::Pointer(4)),
    (SYS_rt_sigtimedwait, Deadline::Pointer(2)),
    (SYS_semtimedop, Deadline::Pointer(3)),
    (SYS_mq_timedsend, Deadline::Pointer(4)),
    (SYS_mq_timedreceive, Deadline::Pointer(4)),
];

/// The futex operations whose fourth argument is a deadline: WAIT, LOCK_PI, WAIT_BITSET, WAIT_REQUEUE_PI, LOCK_PI2.
pub const FUTEX_TIMED: &[u32] = &[0, 6, 9, 11, 13];

/// Refused with `EPERM`, and counted: they reach out of the sandbox, or into it from another process.
pub const REFUSED: &[(c_long, &str)] = &[
    (SYS_ptrace, "ptrace"),
    (SYS_process_vm_readv, "process_vm_readv"),
    (SYS_process_vm_writev, "process_vm_writev"),
    (SYS_pidfd_getfd, "pidfd_getfd"),
    (SYS_kcmp, "kcmp"),
    (SYS_unshare, "unshare"),
    (SYS_setns, "setns"),
    (SYS_mount, "mount"),
    (SYS_umount2, "umount2"),
    (SYS_pivot_root, "pivot_root"),
    (SYS_chroot, "chroot"),
    (SYS_bpf, "bpf"),
    (SYS_perf_event_open, "perf_event_open"),
    (SYS_userfaultfd, "userfaultfd"),
    (SYS_io_uring_setup, "io_uring_setup"),
    (SYS_io_uring_enter, "io_uring_enter"),
    (SYS_io_uring_register, "io_uring_register"),
    (SYS_keyctl, "keyctl"),
    (SYS_add_key, "add_key"),
    (SYS_request_key, "request_key"),
    (SYS_sethostname, "sethostname"),
    (SYS_setdomainname, "setdomainname"),
    (SYS_clock_settime, "clock_settime"),
    (SYS_settimeofday, "settimeofday"),
    (SYS_adjtimex, "adjtimex"),
    (SYS_clock_adjtime, "clock_adjtime"),
    (SYS_init_module, "init_module"),
    (SYS_finit_module, "finit_module"),
    (SYS_kexec_load, "kexec_load"),
    (SYS_reboot, "reboot"),
    (SYS_swapon, "swapon"),
    (SYS_syslog, "syslog"),
    (SYS_open_by_handle_at, "open_by_handle_at"),
    (SYS_seccomp, "seccomp"),
    (SYS_capset, "capset"),
    (SYS_setgroups, "setgroups"),
];

/// How a refused call is named in the outcome.
pub fn name_of_refused(number: c_long) -> &'static str {
    let conditional = match number {
        libc::SYS_socket | libc::SYS_socketpair => "socket",
        libc::SYS_clone => "clone",
        libc::SYS_prctl => "prctl",
        libc::SYS_personality => "personality",
        libc::SYS_arch_prctl => "arch_prctl",
        libc::SYS_ioctl => "ioctl",
        _ => "other",
    };
    REFUSED.iter().find(|(refused, _)| *refused == number).map_or(conditional, |(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn no_call_is_on_two_lists() {
        let mut seen = BTreeSet::new();
        let timed = TIMED.iter().map(|(number, _)| number);
        for number in ALLOWED.iter().chain(VIRTUAL).chain(timed).chain(REFUSED.iter().map(|(number, _)| number)) {
            assert!(seen.insert(number), "{number} is listed twice");
        }
    }
}
