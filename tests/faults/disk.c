/* A disk between a program and the real one: LD_PRELOAD in; a record of all that was written and
 * synced below DISK_ROOT out, or a fault at a place that the test names.
 *
 * DISK_LOG=FILE      records every change below DISK_ROOT, in the order it took effect
 * DISK_FAIL_SYNC=N   the Nth fdatasync fails with EIO, once; those after it succeed again, as on Linux
 * DISK_KILL_AT=N     dies by SIGKILL in the middle of the Nth write to a `*.generating` file
 *
 * A record is a line, `OP INODE OFFSET LENGTH PATH`, and after W that many bytes. Each operation and
 * its record are one step, whoever else writes: the record has the order that the disk has. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define REAL(name) ({ static __typeof__(&name) real; if (!real) real = dlsym(RTLD_NEXT, #name); real; })

static pthread_mutex_t disk = PTHREAD_MUTEX_INITIALIZER;
static int record = -1;
static long syncs, snapshot_writes;

static long number(const char *variable) {
  const char *value = getenv(variable);
  return value ? atol(value) : 0;
}

/* The path below the root, or NULL: none of ours. */
static const char *below(const char *path) {
  const char *root = getenv("DISK_ROOT");
  size_t length = root ? strlen(root) : 0;
  return length && !strncmp(path, root, length) && path[length] == '/' ? path + length + 1 : NULL;
}

static const char *path_of(int fd, char *buffer) {
  char link[40];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, buffer, 4095);
  if (length < 0) return NULL;
  buffer[length] = 0;
  const char *root = getenv("DISK_ROOT");
  return root && !strcmp(buffer, root) ? "." : below(buffer);
}

static void raw(const void *bytes, size_t length) {
  while (length) {
    ssize_t written = REAL(write)(record, bytes, length);
    if (written <= 0) abort();
    bytes = (const char *)bytes + written, length -= written;
  }
}

static void tell(char op, unsigned long inode, long long offset, size_t length, const char *path, const void *data) {
  if (record < 0) {
    const char *file = getenv("DISK_LOG");
    if (!file) return;
    record = REAL(open64)(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (record < 0) abort();
  }
  char line[4400];
  int size = snprintf(line, sizeof line, "%c %lu %lld %zu %s\n", op, inode, offset, length, path);
  raw(line, size);
  if (data) raw(data, length);
}

static unsigned long inode_of(int fd) {
  struct stat about;
  return fstat(fd, &about) ? 0 : about.st_ino;
}

static void opened(int fd, int flags) {
  char buffer[4096];
  const char *path = fd < 0 ? NULL : path_of(fd, buffer);
  if (!path) return;
  if (flags & O_CREAT) tell('N', inode_of(fd), 0, 0, path, NULL);
  if (flags & O_TRUNC) tell('T', inode_of(fd), 0, 0, path, NULL);
}

static int opening(__typeof__(&open64) real, const char *path, int flags, va_list rest) {
  mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0;
  pthread_mutex_lock(&disk);
  int fd = real(path, flags, mode), failed = errno;
  opened(fd, flags);
  pthread_mutex_unlock(&disk);
  errno = failed;
  return fd;
}

#define OPEN(name) int name(const char *path, int flags, ...) { \
  va_list rest; va_start(rest, flags); int fd = opening(REAL(name), path, flags, rest); va_end(rest); return fd; }
OPEN(open)
OPEN(open64)

static void die_in_snapshot(int fd, const char *path, const void *bytes, size_t length) {
  const char *end = strrchr(path, '.');
  if (!number("DISK_KILL_AT") || !end || strcmp(end, ".generating")) return;
  if (++snapshot_writes != number("DISK_KILL_AT")) return;
  if (REAL(write)(fd, bytes, length / 2) < 0) abort();
  kill(getpid(), SIGKILL);
}

ssize_t write(int fd, const void *bytes, size_t length) {
  char buffer[4096];
  const char *path = path_of(fd, buffer);
  if (!path) return REAL(write)(fd, bytes, length);
  pthread_mutex_lock(&disk);
  die_in_snapshot(fd, path, bytes, length);
  struct stat about;
  int appends = fcntl(fd, F_GETFL) & O_APPEND;
  off64_t at = appends && !fstat(fd, &about) ? about.st_size : lseek64(fd, 0, SEEK_CUR);
  ssize_t written = REAL(write)(fd, bytes, length);
  int failed = errno;
  if (written > 0) tell('W', inode_of(fd), at, written, path, bytes);
  pthread_mutex_unlock(&disk);
  errno = failed;
  return written;
}

/* Nobody here needs more than the first piece to go in at once. */
ssize_t writev(int fd, const struct iovec *pieces, int count) {
  char buffer[4096];
  if (!path_of(fd, buffer) || count < 1) return REAL(writev)(fd, pieces, count);
  return write(fd, pieces[0].iov_base, pieces[0].iov_len);
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t at) {
  char buffer[4096];
  const char *path = path_of(fd, buffer);
  if (!path) return REAL(pwrite64)(fd, bytes, length, at);
  pthread_mutex_lock(&disk);
  die_in_snapshot(fd, path, bytes, length);
  ssize_t written = REAL(pwrite64)(fd, bytes, length, at);
  int failed = errno;
  if (written > 0) tell('W', inode_of(fd), at, written, path, bytes);
  pthread_mutex_unlock(&disk);
  errno = failed;
  return written;
}
ssize_t pwrite(int fd, const void *bytes, size_t length, off_t at) { return pwrite64(fd, bytes, length, at); }

/* What changes a file as a whole and has no data: done and told in one step. */
#define STEP(op, fd, offset, length, call) do { \
  char buffer[4096]; const char *path = path_of(fd, buffer); \
  pthread_mutex_lock(&disk); int done = call, failed = errno; \
  if (!done && path) tell(op, inode_of(fd), offset, length, path, NULL); \
  pthread_mutex_unlock(&disk); errno = failed; return done; } while (0)

int ftruncate64(int fd, off64_t size) { STEP('T', fd, size, 0, REAL(ftruncate64)(fd, size)); }
int ftruncate(int fd, off_t size) { return ftruncate64(fd, size); }
int fsync(int fd) { STEP('S', fd, 0, 0, REAL(fsync)(fd)); }
int sync_file_range(int fd, off64_t from, off64_t length, unsigned how) {
  STEP('R', fd, from, length, REAL(sync_file_range)(fd, from, length, how));
}

int fdatasync(int fd) {
  char buffer[4096];
  const char *path = path_of(fd, buffer);
  if (path && number("DISK_FAIL_SYNC") && __sync_add_and_fetch(&syncs, 1) == number("DISK_FAIL_SYNC")) {
    errno = EIO;
    return -1;
  }
  STEP('F', fd, 0, 0, REAL(fdatasync)(fd));
}

int rename(const char *old, const char *new) {
  const char *from = below(old), *to = below(new);
  pthread_mutex_lock(&disk);
  int done = REAL(rename)(old, new), failed = errno;
  char names[8200];
  if (!done && from && to) snprintf(names, sizeof names, "%s\t%s", from, to), tell('M', 0, 0, 0, names, NULL);
  pthread_mutex_unlock(&disk);
  errno = failed;
  return done;
}

#define NAMED(op, path, call) do { \
  pthread_mutex_lock(&disk); int done = call, failed = errno; \
  if (!done && below(path)) tell(op, 0, 0, 0, below(path), NULL); \
  pthread_mutex_unlock(&disk); errno = failed; return done; } while (0)

int unlink(const char *path) { NAMED('U', path, REAL(unlink)(path)); }
int rmdir(const char *path) { NAMED('U', path, REAL(rmdir)(path)); }
int mkdir(const char *path, mode_t mode) { NAMED('D', path, REAL(mkdir)(path, mode)); }
