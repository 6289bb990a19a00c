/* Leaves processes behind that ignore every signal they can. */
#include <signal.h>
#include <unistd.h>
int main(void) {
    for (int i = 0; i < 3; i++)
        if (!fork()) {
            setsid();
            for (int s = 1; s < 32; s++) signal(s, SIG_IGN);
            for (;;) pause();
        }
    for (;;) pause();
}
