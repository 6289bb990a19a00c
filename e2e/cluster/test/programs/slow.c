/* Takes some seconds of CPU time: long enough to be killed in the middle. */
int main(void) {
  for (volatile long round = 0; round < 3000000000L; round++);
  return 4;
}
