/* Waits with relative and absolute deadlines; by the program's own clock each has passed afterwards. */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <time.h>
static long now_ms(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}
static struct timespec at(clockid_t clock, long ms) {
    struct timespec t;
    clock_gettime(clock, &t);
    t.tv_nsec += ms * 1000000;
    t.tv_sec += t.tv_nsec / 1000000000;
    t.tv_nsec %= 1000000000;
    return t;
}
int main(void) {
    long began = now_ms(CLOCK_MONOTONIC), last = began;
#define STEP(name) printf("%s %ld\n", name, now_ms(CLOCK_MONOTONIC) - last), last = now_ms(CLOCK_MONOTONIC)
    struct timespec t = {0, 20000000};
    nanosleep(&t, 0);
    STEP("nanosleep");
    t = at(CLOCK_REALTIME, 20);
    clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &t, 0);
    STEP("clock_nanosleep");
    poll(0, 0, 20);
    STEP("poll");
    struct epoll_event event;
    epoll_wait(epoll_create1(0), &event, 1, 20);
    STEP("epoll");
    struct timeval v = {0, 20000};
    select(0, 0, 0, 0, &v);
    STEP("select");
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
    pthread_mutex_lock(&mutex);
    t = at(CLOCK_REALTIME, 20);
    struct timespec before = t;
    printf("timedwait %d\n", pthread_cond_timedwait(&cond, &mutex, &t) == ETIMEDOUT);
    printf("deadline kept %d\n", t.tv_sec == before.tv_sec && t.tv_nsec == before.tv_nsec);
    STEP("timedwait");
    return 0;
}
