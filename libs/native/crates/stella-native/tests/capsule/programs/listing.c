/* Lists a directory that it fills in an order of its own, in one pass and after a rewind. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
static void list(DIR *dir) {
    struct dirent *entry;
    while ((entry = readdir(dir))) printf("%s ", entry->d_name);
    printf("\n");
}
int main(void) {
    char name[64];
    for (int i = 0; i < 600; i++) {
        snprintf(name, sizeof name, "%c-file-with-quite-a-long-name-%d", "qazwsxedc"[i % 9], (i * 7919) % 600);
        close(open(name, O_CREAT | O_WRONLY, 0644));
    }
    DIR *dir = opendir(".");
    list(dir);
    rewinddir(dir);
    readdir(dir);
    long place = telldir(dir);
    readdir(dir);
    seekdir(dir, place);
    list(dir);
    return 0;
}
