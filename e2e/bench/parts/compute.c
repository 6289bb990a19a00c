#include <stdint.h>
#include <stdio.h>

// Splitmix64 (Steele, Lea, Flood 2014), each step fed by the one before: about a second that no compiler shortens.
int main(void) {
  uint64_t state = 42, mixed = 0;
  for (uint32_t step = 0; step < 400000000u; step++) {
    state += 0x9e3779b97f4a7c15u + mixed;
    mixed = (state ^ (state >> 30)) * 0xbf58476d1ce4e5b9u;
    mixed ^= mixed >> 27;
  }
  printf("%llx\n", (unsigned long long)mixed);
  return 0;
}
