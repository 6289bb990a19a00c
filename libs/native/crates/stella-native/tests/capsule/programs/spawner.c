/* Threads and a child image that draw from the clock, the counter and the generator. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <unistd.h>
#include <x86intrin.h>
static void *draw(void *out) {
    getrandom(out, 8, 0);
    return 0;
}
int main(int argc, char **argv) {
    unsigned long drawn[4] = {0};
    if (argc > 1) {
        getrandom(drawn, 8, 0);
        printf("child %d %lx %llu %p\n", getpid(), drawn[0], __rdtsc(), (void *)&argc);
        return 7;
    }
    for (int i = 0; i < 4; i++) {
        pthread_t thread;
        pthread_create(&thread, 0, draw, &drawn[i]);
        pthread_join(thread, 0);
        printf("thread %lx\n", drawn[i]);
    }
    fflush(stdout);
    pid_t child = fork();
    if (!child) {
        execl(argv[0], argv[0], "child", (char *)0);
        _exit(1);
    }
    int status;
    waitpid(child, &status, 0);
    printf("status %d\n", WEXITSTATUS(status));
    return 0;
}
