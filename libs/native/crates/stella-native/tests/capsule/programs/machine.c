/* Prints everything that differs from run to run on a plain machine. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <sys/times.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>
#include <x86intrin.h>

extern char **environ;

static void hex(const char *name, const unsigned char *bytes, int size) {
    printf("%s ", name);
    for (int i = 0; i < size; i++) printf("%02x", bytes[i]);
    printf("\n");
}

static void device(const char *path) {
    unsigned char bytes[40];
    int fd = open(path, O_RDONLY);
    hex(path, bytes, (int)read(fd, bytes, sizeof bytes));
    close(fd);
}

static unsigned long guard(void) {
    unsigned long value;
    __asm__("mov %%fs:0x28, %0" : "=r"(value));
    return value;
}

int main(int argc, char **argv) {
    struct timespec t;
    struct timeval v;
    for (int clock = 0; clock < 8; clock++) {
        clock_gettime(clock, &t);
        printf("clock %d %ld.%09ld\n", clock, t.tv_sec, t.tv_nsec);
    }
    clock_getres(CLOCK_MONOTONIC, &t);
    gettimeofday(&v, 0);
    printf("res %ld timeofday %ld.%06ld time %ld times %ld cpu %ld\n", t.tv_nsec, v.tv_sec, v.tv_usec, time(0),
           (long)times(0), (long)clock());
    unsigned char bytes[300];
    hex("getrandom", bytes, (int)getrandom(bytes, sizeof bytes, 0));
    device("/dev/urandom");
    device("/dev/random");
    hex("AT_RANDOM", (unsigned char *)getauxval(AT_RANDOM), 16);
    printf("guard %lx\n", guard());
    unsigned aux;
    printf("rdtsc %llu rdtscp %llu %u\n", __rdtsc(), __rdtscp(&aux), aux);
    void *heap = malloc(10), *big = malloc(1 << 24);
    printf("pointers %p %p %p %p %p\n", (void *)main, (void *)printf, (void *)&t, heap, big);
    printf("ids %d %d %d %d %d %d\n", getpid(), getppid(), getuid(), getgid(), getsid(0), getpgrp());
    struct utsname names;
    uname(&names);
    printf("uname %s %s %s %s %s\n", names.sysname, names.nodename, names.release, names.version, names.machine);
    char host[65];
    gethostname(host, sizeof host);
    struct sysinfo info;
    sysinfo(&info);
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("host %s uptime %ld ram %lu procs %d faults %ld\n", host, info.uptime, info.totalram, info.procs,
           usage.ru_minflt);
    cpu_set_t set;
    sched_getaffinity(0, sizeof set, &set);
    printf("cpus %d online %ld cpu %d\n", CPU_COUNT(&set), sysconf(_SC_NPROCESSORS_ONLN), sched_getcpu());
    char cwd[256];
    printf("cwd %s argc %d argv0 %s\n", getcwd(cwd, sizeof cwd), argc, argv[0]);
    for (char **e = environ; *e; e++) printf("env %s\n", *e);
    return 0;
}
