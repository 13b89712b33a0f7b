/* A process that kills or freezes itself in the middle of a commit: when its store syncs and the
 * file AT_COMMIT is there. The file holds the signal, and whether the sync is done before (1) or
 * not (0). It is removed first. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define REAL(name) ({ static __typeof__(&name) real; if (!real) real = dlsym(RTLD_NEXT, #name); real; })

int fdatasync(int fd) {
  const char *path = getenv("AT_COMMIT");
  int signal = 0, after = 0;
  FILE *file = path ? fopen(path, "r") : NULL;
  if (file) {
    if (fscanf(file, "%d %d", &signal, &after) != 2) signal = 0;
    fclose(file);
    /* Only one of several threads and processes. */
    if (unlink(path)) signal = 0;
  }
  if (signal && !after) kill(getpid(), signal);
  int failed = REAL(fdatasync)(fd);
  if (signal && after) kill(getpid(), signal);
  return failed;
}
