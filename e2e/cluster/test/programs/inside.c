/* What a replayed program sees of the world: nothing but its capsule. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

int main(int count, char **args) {
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  printf("socket %s\n", fd < 0 ? "refused" : "made");
  if (fd >= 0 && count > 2) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(443), .sin_addr.s_addr = inet_addr(args[1])};
    printf("connect %s\n", connect(fd, (struct sockaddr *)&to, sizeof to) ? strerror(errno) : "ok");
  }
  printf("token %s\n", access("/var/run/secrets/kubernetes.io", F_OK) ? "absent" : "there");
  printf("inputs %s\n", access("/work/manifest.json", F_OK) ? "absent" : "there");
  printf("runner %s\n", access("/app", F_OK) ? "absent" : "there");
  printf("main %p time %ld pid %d uid %d\n", (void *)main, (long)time(0), getpid(), getuid());
  return 3;
}
