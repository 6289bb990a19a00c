/* Dies below a known chain of calls: by a bad pointer, by abort, by a call through a bad pointer, beside a thread. */
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>
#define KEEP __attribute__((noinline, noclone))
static void (*volatile nowhere)(void) = (void (*)(void))0x10;
KEEP int innermost(char how, volatile int *p) {
    if (how == 'a') abort();
    if (how == 'j') nowhere();
    *p = 1;
    return *p + 1;
}
KEEP int middle(char how) { return innermost(how, (int *)0x1238) + 2; }
KEEP int outer(char how) { return middle(how) + 3; }
static void *idle(void *unused) {
    (void)unused;
    pause();
    return 0;
}
int main(int argc, char **argv) {
    pthread_t thread;
    if (argc > 2) pthread_create(&thread, 0, idle, 0), usleep(20000);
    return outer(argc > 1 ? argv[1][0] : 's');
}
