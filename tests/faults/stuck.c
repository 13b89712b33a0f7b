/* Threads that never come back: once the file STUCK is there, whoever connects on a thread that polls waits for ever,
 * as it would in a loop that no deadline can end. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define REAL(name) ({ static __typeof__(&name) real; if (!real) real = dlsym(RTLD_NEXT, #name); real; })

int connect(int fd, const struct sockaddr *to, socklen_t length) {
  char name[16] = "";
  pthread_getname_np(pthread_self(), name, sizeof name);
  if (!strcmp(name, "background") && !access(getenv("STUCK"), F_OK)) for (;;) pause();
  return REAL(connect)(fd, to, length);
}
