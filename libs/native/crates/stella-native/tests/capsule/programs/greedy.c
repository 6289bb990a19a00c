/* Takes one resource until it is stopped. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
int main(int argc, char **argv) {
    char what = argc > 1 ? argv[1][0] : 0;
    static char block[1 << 16];
    memset(block, 'x', sizeof block);
    if (what == 'p')
        for (;;) fork();
    if (what == 'm')
        for (;;) memset(malloc(1 << 20), 1, 1 << 20);
    if (what == 'o')
        for (;;) write(1, block, sizeof block);
    if (what == 'd') {
        int fd = open("big", O_CREAT | O_WRONLY, 0644);
        while (write(fd, block, sizeof block) > 0) {}
        perror("write");
        return 9;
    }
    if (what == 'c')
        for (volatile unsigned long n = 0;; n++) {}
    sleep(1000);
    return 0;
}
