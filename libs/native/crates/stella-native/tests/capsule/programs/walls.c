/* Tries to leave the capsule. Each line: what, and the errno (0: it worked). */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>
static void say(const char *what, long result) { printf("%s %s\n", what, result < 0 ? strerrorname_np(errno) : "0"); }
static long opened(const char *path, int flags) {
    int fd = open(path, flags, 0644);
    if (fd >= 0) close(fd);
    return fd;
}
int main(int argc, char **argv) {
    int inherited = 0, ignored = 0;
    for (int fd = 3; fd < 256; fd++) inherited += fcntl(fd, F_GETFD) >= 0;
    for (int s = 1; s < 32; s++) {
        struct sigaction action;
        if (!sigaction(s, 0, &action)) ignored += action.sa_handler == SIG_IGN;
    }
    printf("inherited %d\nignored %d\n", inherited, ignored);
    say("socket inet", socket(AF_INET, SOCK_STREAM, 0));
    say("socket inet6", socket(AF_INET6, SOCK_DGRAM, 0));
    say("socket netlink", socket(AF_NETLINK, SOCK_RAW, 0));
    say("socket unix", socket(AF_UNIX, SOCK_STREAM, 0));
    for (int i = 1; i < argc; i++) say(argv[i], opened(argv[i], O_RDONLY));
    say("write /usr", opened("/usr/planted", O_CREAT | O_WRONLY));
    say("write /", opened("/planted", O_CREAT | O_WRONLY));
    say("write /work", opened("/work/planted", O_CREAT | O_WRONLY));
    say("write /tmp", opened("/tmp/planted", O_CREAT | O_WRONLY));
    say("write urandom", opened("/dev/urandom", O_WRONLY));
    say("setuid 0", setuid(0));
    say("ptrace", ptrace(PTRACE_TRACEME, 0, 0, 0));
    say("unshare user", unshare(CLONE_NEWUSER));
    say("clone user", syscall(SYS_clone, CLONE_NEWUSER | 17, 0, 0, 0, 0));
    say("clone3", syscall(SYS_clone3, 0, 0));
    say("mount", mount("x", "/tmp", "tmpfs", 0, 0));
    say("io_uring", syscall(SYS_io_uring_setup, 1, 0));
    say("bpf", syscall(SYS_bpf, 0, 0, 0));
    say("seccomp", syscall(SYS_seccomp, 1, 0, 0));
    say("personality", personality(0));
    say("tsc", prctl(PR_SET_TSC, PR_TSC_ENABLE));
    say("x32", syscall(0x40000000 | 39));
    int legacy;
    __asm__ volatile("int $0x80" : "=a"(legacy) : "a"(20) : "memory", "r8", "r9", "r10", "r11");
    printf("int80 %s\n", legacy == -ENOSYS ? "ENOSYS" : "0");
    printf("uid %d euid %d caps %d\n", getuid(), geteuid(), prctl(PR_CAPBSET_READ, 0));
    return 0;
}
