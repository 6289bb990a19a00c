#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ROUNDS = 100, FILES = 100, BLOCK_BYTES = 4096 };

static int one(const char *name, char *block) {
  struct stat found;
  int file = open(name, O_CREAT | O_RDWR | O_TRUNC, 0600);
  if (file < 0 || write(file, block, BLOCK_BYTES) != BLOCK_BYTES || fstat(file, &found) != 0) return 1;
  if (pread(file, block, BLOCK_BYTES, 0) != BLOCK_BYTES || found.st_size != BLOCK_BYTES) return 1;
  return close(file);
}

// What a build does all day: small files made, written, looked at, read, listed and removed.
int main(void) {
  char block[BLOCK_BYTES], name[32];
  memset(block, 7, sizeof block);
  for (int round = 0; round < ROUNDS; round++) {
    for (int file = 0; file < FILES; file++) {
      snprintf(name, sizeof name, "file-%d", file);
      if (one(name, block) != 0) return 1;
    }
    int listed = 0;
    DIR *folder = opendir(".");
    if (folder == NULL) return 1;
    while (readdir(folder) != NULL) listed++;
    closedir(folder);
    if (listed < FILES) return 1;
    for (int file = 0; file < FILES; file++) {
      snprintf(name, sizeof name, "file-%d", file);
      if (unlink(name) != 0) return 1;
    }
  }
  return 0;
}
