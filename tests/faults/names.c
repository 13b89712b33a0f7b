/* Name servers of the test's own, and one address that passes for a public one.
 *
 * NAMES="a.test=127.0.0.1 b.test=198.41.0.4/127.0.0.1 c.test=127.0.0.1,10.0.0.1": what each name is;
 * after a slash, what it is from the second time on. 198.41.0.4 is 127.0.0.2, wherever it is met. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define REAL(name) ({ static __typeof__(&name) real; if (!real) real = dlsym(RTLD_NEXT, #name); real; })
#define PUBLIC "198.41.0.4"
#define STANDS_FOR "127.0.0.2"

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **found) {
  const char *names = getenv("NAMES"), *at = NULL;
  size_t length = name ? strlen(name) : 0;
  for (const char *next = names; next && length && (next = strstr(next, name)); next += length)
    if ((next == names || next[-1] == ' ') && next[length] == '=') at = next + length + 1;
  if (!at) return REAL(getaddrinfo)(name, service, hints, found);
  static int times;
  char answer[256] = "";
  strncpy(answer, at, sizeof answer - 1);
  answer[strcspn(answer, " ")] = 0;
  char *later = strchr(answer, '/'), *now = answer, *rest = NULL;
  if (later) *later = 0, now = __sync_fetch_and_add(&times, 1) ? later + 1 : answer;
  struct addrinfo numeric = hints ? *hints : (struct addrinfo){0}, **end = found;
  numeric.ai_flags |= AI_NUMERICHOST;
  for (char *one = strtok_r(now, ",", &rest); one; one = strtok_r(NULL, ",", &rest)) {
    int failed = REAL(getaddrinfo)(one, service, &numeric, end);
    if (failed) return failed;
    while (*end) end = &(*end)->ai_next;
  }
  return 0;
}

int connect(int fd, const struct sockaddr *to, socklen_t length) {
  struct sockaddr_in other;
  if (to->sa_family != AF_INET || length < sizeof other) return REAL(connect)(fd, to, length);
  memcpy(&other, to, sizeof other);
  if (other.sin_addr.s_addr == inet_addr(PUBLIC)) other.sin_addr.s_addr = inet_addr(STANDS_FOR);
  return REAL(connect)(fd, (struct sockaddr *)&other, sizeof other);
}

int getpeername(int fd, struct sockaddr *peer, socklen_t *length) {
  int failed = REAL(getpeername)(fd, peer, length);
  struct sockaddr_in *four = (struct sockaddr_in *)peer;
  if (!failed && peer->sa_family == AF_INET && four->sin_addr.s_addr == inet_addr(STANDS_FOR))
    four->sin_addr.s_addr = inet_addr(PUBLIC);
  return failed;
}
