/* A source that kills whoever reads it: DEADLY names it. The process dies by SIGKILL as soon as the store's
 * file says that work on it has begun, as it would by a document that takes all memory. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define REAL(name) ({ static __typeof__(&name) real; if (!real) real = dlsym(RTLD_NEXT, #name); real; })

static int is_deadly(int fd, const char *bytes, size_t length) {
  char link[40], path[4096], end[256];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t size = readlink(link, path, sizeof path - 1);
  if (size < 8 || memcmp(path + size - 8, "/in-work", 8)) return 0;
  int ends = snprintf(end, sizeof end, " %s\n", getenv("DEADLY"));
  return (bytes[0] == 'W' || bytes[0] == 'A') && memmem(bytes, length, end, ends);
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t at) {
  ssize_t written = REAL(pwrite64)(fd, bytes, length, at);
  if (length && is_deadly(fd, bytes, length)) kill(getpid(), SIGKILL);
  return written;
}
ssize_t pwrite(int fd, const void *bytes, size_t length, off_t at) { return pwrite64(fd, bytes, length, at); }
