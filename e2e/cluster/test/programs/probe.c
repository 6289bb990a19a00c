/* Tries, from inside of a container, what a sandbox must allow or refuse. One line each: name, then `ok` or the errno's name. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void tell(const char *name, long result) {
  printf("%s %s\n", name, result < 0 ? strerrorname_np(errno) : "ok");
  fflush(stdout);
}

/* In a child: what it changes is gone with it. */
static void tell_child(const char *name, long (*attempt)(void)) {
  pid_t child = fork();
  if (child == 0) {
    errno = 0;
    _exit(attempt() < 0 ? errno : 0);
  }
  int status;
  waitpid(child, &status, 0);
  errno = WIFEXITED(status) ? WEXITSTATUS(status) : EINTR;
  tell(name, errno == 0 ? 0 : -1);
}

static long userns(void) { return unshare(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWNS); }
static long trace(void) {
  pid_t child = fork();
  if (child == 0) for (;;) pause();
  long result = ptrace(PTRACE_SEIZE, child, 0, 0);
  int failed = errno;
  kill(child, SIGKILL);
  errno = failed;
  return result;
}

static void file_line(const char *path, const char *prefix) {
  char line[256];
  FILE *file = fopen(path, "r");
  while (file && fgets(line, sizeof line, file))
    if (strncmp(line, prefix, strlen(prefix)) == 0 && line[strlen(prefix)] == ':') printf("%s %s", prefix, line + strlen(prefix) + 1);
  if (file) fclose(file);
}

static void reach(const char *name, const char *ip, int port) {
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  struct timeval patience = {2, 0};
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = inet_addr(ip)};
  tell(name, connect(fd, (struct sockaddr *)&to, sizeof to));
  close(fd);
}

int main(int count, char **args) {
  for (const char **one = (const char *[]){"Uid", "CapEff", "CapBnd", "NoNewPrivs", "Seccomp", 0}; *one; one++) file_line("/proc/self/status", *one);
  for (const char **path = (const char *[]){"/probe", "/etc/probe", 0}; *path; path++) {
    int fd = open(*path, O_CREAT | O_WRONLY, 0600);
    tell("write-root", fd);
    if (fd >= 0) close(fd);
  }
  tell("write-tmp", open("/tmp/probe", O_CREAT | O_WRONLY, 0600));
  tell("token", access("/var/run/secrets/kubernetes.io/serviceaccount/token", F_OK));
  tell("setuid-0", setuid(0));
  tell_child("user-namespace", userns);
  tell_child("ptrace-child", trace);
  tell("personality-aslr", personality(ADDR_NO_RANDOMIZE));
  printf("aslr-pinned %s\n", personality(0xffffffff) & ADDR_NO_RANDOMIZE ? "yes" : "no");
  tell("io-uring", syscall(SYS_io_uring_setup, 1, 0));
  tell("bpf", syscall(SYS_bpf, 0, 0, 0));
  tell("perf-event", syscall(SYS_perf_event_open, 0, 0, -1, -1, 0));
  tell("keyctl", syscall(SYS_keyctl, 0, 0, 0, 0, 0));
  tell("userfaultfd", syscall(SYS_userfaultfd, 0));
  tell("packet-socket", socket(AF_PACKET, SOCK_RAW, 0));
  tell("vsock", socket(AF_VSOCK, SOCK_STREAM, 0));
  tell("mount", mount("none", "/tmp", "tmpfs", 0, 0));
  /* name ip port, as many as given */
  for (int at = 1; at + 2 < count; at += 3) reach(args[at], args[at + 1], atoi(args[at + 2]));
  return 0;
}
