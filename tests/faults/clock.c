/* A wall clock that can be set while the program runs: the file CLOCK holds, as eight bytes, the
 * seconds it is ahead. The clock that only ever goes forward is left alone, as it is by whoever sets a clock. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define REAL(name) ({ static __typeof__(&name) real; if (!real) real = dlsym(RTLD_NEXT, #name); real; })

static int64_t ahead(void) {
  static volatile int64_t *seconds;
  if (!seconds) {
    int fd = open(getenv("CLOCK"), O_RDONLY);
    seconds = mmap(NULL, 8, PROT_READ, MAP_SHARED, fd, 0);
    if (seconds == MAP_FAILED) abort();
    close(fd);
  }
  return *seconds;
}

int clock_gettime(clockid_t clock, struct timespec *now) {
  int failed = REAL(clock_gettime)(clock, now);
  if (!failed && clock == CLOCK_REALTIME) now->tv_sec += ahead();
  return failed;
}

time_t time(time_t *to) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (to) *to = now.tv_sec;
  return now.tv_sec;
}
