/*
 * Stands between a process and its disk, for the tests (LD_PRELOAD): writes down, in order, whatever changes files below
 * a directory, and lets chosen calls fail.
 *
 *   DISK_ROOT   the directory, as the kernel names it
 *   DISK_LOG    where the changes are written down; without it nothing is
 *   DISK_FAIL   CALL:ENDING:N:ERRNO - from the N-th such call on a path with this ending on, each fails; CALL is open
 *               (to write), create, write, truncate, link, unlink, rename, fsync, syncfs or any; with 0 for ERRNO the
 *               call does not happen and the process is killed
 *   DISK_FULL   a file; while its text is "bytes" or "inodes", none are free, but what is reserved can still be had;
 *               while it is "all", there is nothing, and whatever needs some fails
 *
 * A record is a letter, numbers, and paths between tabs; after W the bytes follow. One lock is held around each call and
 * its record, so that the order of records is the order of changes.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const char *root, *full;
static size_t root_len;
static int log_fd = -1;
static char fail_call[16], fail_ending[64];
static long fail_from, fail_errno, fail_seen;

#define REAL(name) static __typeof__(&name) real; if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

__attribute__((constructor)) static void begin(void) {
    root = getenv("DISK_ROOT");
    root_len = root ? strlen(root) : 0;
    full = getenv("DISK_FULL");
    const char *log = getenv("DISK_LOG"), *fail = getenv("DISK_FAIL");
    if (log)
        log_fd = (int)syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fail && sscanf(fail, "%15[^:]:%63[^:]:%ld:%ld", fail_call, fail_ending, &fail_from, &fail_errno) != 4)
        abort();
}

static void put(const void *bytes, size_t len) {
    const char *p = bytes;
    while (len > 0) {
        long n = syscall(SYS_write, log_fd, p, len);
        if (n <= 0)
            abort();
        p += n;
        len -= (size_t)n;
    }
}

static void record(const char *format, ...) {
    char line[3 * PATH_MAX];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    if (len < 0 || (size_t)len >= sizeof line)
        abort();
    put(line, (size_t)len);
}

/* The path behind a handle, or "" where it is none of ours. */
static const char *behind(int fd, char *path) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, PATH_MAX - 1);
    path[n > 0 ? n : 0] = 0;
    return root && strncmp(path, root, root_len) == 0 ? path : "";
}

/* A name in a directory as a whole path, or "" where it is none of ours. */
static const char *whole(int dir, const char *name, char *path) {
    char above[PATH_MAX];
    if (name[0] == '/') {
        snprintf(path, PATH_MAX, "%s", name);
    } else {
        if (dir == AT_FDCWD) {
            if (!getcwd(above, sizeof above))
                return "";
        } else {
            behind(dir, above);
        }
        while (strncmp(name, "./", 2) == 0)
            name += 2;
        int n = snprintf(path, PATH_MAX, "%s/%s", above, name);
        if (n < 0 || n >= PATH_MAX)
            return "";
    }
    return root && strncmp(path, root, root_len) == 0 ? path : "";
}

static unsigned long inode(int fd) {
    struct stat s;
    return fstat(fd, &s) == 0 ? (unsigned long)s.st_ino : 0;
}

static unsigned long inode_at(const char *path) {
    struct stat s;
    return lstat(path, &s) == 0 ? (unsigned long)s.st_ino : 0;
}

/* The first letter of what the disk has no more of, or 0. */
static char lacks(void) {
    char what = 0;
    int fd = full ? (int)syscall(SYS_openat, AT_FDCWD, full, O_RDONLY | O_CLOEXEC, 0) : -1;
    if (fd < 0)
        return 0;
    if (syscall(SYS_read, fd, &what, 1) != 1)
        what = 0;
    syscall(SYS_close, fd);
    return what;
}

/* Whether this call is to fail; errno is then set. The caller holds the lock. */
static int fails(const char *call, const char *path) {
    if (!*path)
        return 0;
    int needs_room = strcmp(call, "write") == 0 || strcmp(call, "create") == 0 || strcmp(call, "link") == 0;
    if (needs_room && lacks() == 'a') {
        errno = ENOSPC;
        return 1;
    }
    size_t n = strlen(path), m = strlen(fail_ending);
    int such = strcmp(call, fail_call) == 0 || strcmp(fail_call, "any") == 0;
    int ends = strcmp(fail_ending, "*") == 0 || (n >= m && strcmp(path + n - m, fail_ending) == 0);
    if (fail_from && such && ends && ++fail_seen >= fail_from) {
        if (fail_errno == 0)
            raise(SIGKILL);
        errno = (int)fail_errno;
        return 1;
    }
    return 0;
}

static int open_at(int dir, const char *name, int flags, mode_t mode) {
    char path[PATH_MAX];
    const char *ours = whole(dir, name, path);
    if (!*ours || (flags & O_ACCMODE) == O_RDONLY)
        return (int)syscall(SYS_openat, dir, name, flags, mode);
    pthread_mutex_lock(&lock);
    int is_there = inode_at(path) != 0, fd = -1;
    if (!fails("open", path) && (is_there || !fails("create", path)))
        fd = (int)syscall(SYS_openat, dir, name, flags, mode);
    int e = errno;
    if (fd >= 0 && log_fd >= 0) {
        if (!is_there)
            record("C\t%lu\t%s\n", inode(fd), path);
        else if (flags & O_TRUNC)
            record("T\t%lu\t0\n", inode(fd));
    }
    pthread_mutex_unlock(&lock);
    errno = e;
    return fd;
}

#define OPENED(flags) \
    mode_t mode = 0; \
    if ((flags) & O_CREAT || ((flags) & O_TMPFILE) == O_TMPFILE) { \
        va_list args; \
        va_start(args, flags); \
        mode = va_arg(args, mode_t); \
        va_end(args); \
    }

int open(const char *name, int flags, ...) { OPENED(flags) return open_at(AT_FDCWD, name, flags, mode); }
int open64(const char *name, int flags, ...) { OPENED(flags) return open_at(AT_FDCWD, name, flags | O_LARGEFILE, mode); }
int openat(int dir, const char *name, int flags, ...) { OPENED(flags) return open_at(dir, name, flags, mode); }
int openat64(int dir, const char *name, int flags, ...) { OPENED(flags) return open_at(dir, name, flags | O_LARGEFILE, mode); }

static ssize_t write_at(int fd, const void *bytes, size_t len, off_t at, int moves) {
    char path[PATH_MAX];
    long number = moves ? SYS_write : SYS_pwrite64;
    if (!*behind(fd, path))
        return syscall(number, fd, bytes, len, at);
    pthread_mutex_lock(&lock);
    ssize_t n = -1;
    if (moves)
        at = lseek(fd, 0, SEEK_CUR);
    if (!fails("write", path))
        n = syscall(number, fd, bytes, len, at);
    int e = errno;
    if (n > 0 && log_fd >= 0) {
        record("W\t%lu\t%ld\t%zd\n", inode(fd), (long)at, n);
        put(bytes, (size_t)n);
    }
    pthread_mutex_unlock(&lock);
    errno = e;
    return n;
}

ssize_t write(int fd, const void *bytes, size_t len) { return write_at(fd, bytes, len, 0, 1); }
ssize_t pwrite(int fd, const void *bytes, size_t len, off_t at) { return write_at(fd, bytes, len, at, 0); }
ssize_t pwrite64(int fd, const void *bytes, size_t len, off_t at) { return write_at(fd, bytes, len, at, 0); }

/* One part at a time: whoever writes several goes on after a short write. */
ssize_t writev(int fd, const struct iovec *parts, int n) {
    char path[PATH_MAX];
    if (!*behind(fd, path))
        return syscall(SYS_writev, fd, parts, n);
    for (int i = 0; i < n; i++)
        if (parts[i].iov_len > 0)
            return write(fd, parts[i].iov_base, parts[i].iov_len);
    return 0;
}

/* Bytes that never come by us could not be written down: say that there is no such call, and they come by write. */
ssize_t copy_file_range(int in, off_t *at_in, int out, off_t *at_out, size_t len, unsigned flags) {
    (void)in, (void)at_in, (void)out, (void)at_out, (void)len, (void)flags;
    errno = ENOSYS;
    return -1;
}
ssize_t sendfile(int out, int in, off_t *at, size_t len) {
    (void)out, (void)in, (void)at, (void)len;
    errno = ENOSYS;
    return -1;
}
ssize_t sendfile64(int out, int in, off_t *at, size_t len) { return sendfile(out, in, at, len); }

int ftruncate(int fd, off_t size) {
    char path[PATH_MAX];
    const char *ours = behind(fd, path);
    pthread_mutex_lock(&lock);
    int done = fails("truncate", ours) ? -1 : (int)syscall(SYS_ftruncate, fd, size), e = errno;
    if (*ours && done == 0 && log_fd >= 0)
        record("T\t%lu\t%ld\n", inode(fd), (long)size);
    pthread_mutex_unlock(&lock);
    errno = e;
    return done;
}
int ftruncate64(int fd, off_t size) { return ftruncate(fd, size); }

static int move(int from_dir, const char *from, int to_dir, const char *to, unsigned flags) {
    char before[PATH_MAX], after[PATH_MAX];
    const char *ours = whole(from_dir, from, before);
    whole(to_dir, to, after);
    pthread_mutex_lock(&lock);
    int done = fails("rename", ours) ? -1 : (int)syscall(SYS_renameat2, from_dir, from, to_dir, to, flags), e = errno;
    if (*ours && done == 0 && log_fd >= 0)
        record("R\t%s\t%s\n", before, after);
    pthread_mutex_unlock(&lock);
    errno = e;
    return done;
}
int rename(const char *from, const char *to) { return move(AT_FDCWD, from, AT_FDCWD, to, 0); }
int renameat(int fd, const char *from, int td, const char *to) { return move(fd, from, td, to, 0); }
int renameat2(int fd, const char *from, int td, const char *to, unsigned flags) { return move(fd, from, td, to, flags); }

int linkat(int from_dir, const char *from, int to_dir, const char *to, int flags) {
    char path[PATH_MAX];
    const char *ours = whole(to_dir, to, path);
    pthread_mutex_lock(&lock);
    int done = fails("link", ours) ? -1 : (int)syscall(SYS_linkat, from_dir, from, to_dir, to, flags), e = errno;
    if (*ours && done == 0 && log_fd >= 0)
        record("L\t%lu\t%s\n", inode_at(path), path);
    pthread_mutex_unlock(&lock);
    errno = e;
    return done;
}
int link(const char *from, const char *to) { return linkat(AT_FDCWD, from, AT_FDCWD, to, 0); }

int unlinkat(int dir, const char *name, int flags) {
    char path[PATH_MAX];
    const char *ours = whole(dir, name, path);
    pthread_mutex_lock(&lock);
    int done = fails("unlink", ours) ? -1 : (int)syscall(SYS_unlinkat, dir, name, flags), e = errno;
    if (*ours && done == 0 && log_fd >= 0)
        record("U\t%s\n", path);
    pthread_mutex_unlock(&lock);
    errno = e;
    return done;
}
int unlink(const char *name) { return unlinkat(AT_FDCWD, name, 0); }
int rmdir(const char *name) { return unlinkat(AT_FDCWD, name, AT_REMOVEDIR); }

int mkdirat(int dir, const char *name, mode_t mode) {
    char path[PATH_MAX];
    const char *ours = whole(dir, name, path);
    pthread_mutex_lock(&lock);
    int done = inode_at(path) == 0 && fails("create", ours) ? -1 : (int)syscall(SYS_mkdirat, dir, name, mode), e = errno;
    if (*ours && done == 0 && log_fd >= 0)
        record("D\t%lu\t%s\n", inode_at(path), path);
    pthread_mutex_unlock(&lock);
    errno = e;
    return done;
}
int mkdir(const char *name, mode_t mode) { return mkdirat(AT_FDCWD, name, mode); }

static int sync_of(const char *call, long number, int fd) {
    char path[PATH_MAX];
    const char *ours = behind(fd, path);
    pthread_mutex_lock(&lock);
    int done = fails(call, ours) ? -1 : (int)syscall(number, fd), e = errno;
    if (*ours && done == 0 && log_fd >= 0) {
        if (number == SYS_syncfs)
            record("S\n");
        else
            record("F\t%lu\n", inode(fd));
    }
    pthread_mutex_unlock(&lock);
    errno = e;
    return done;
}
int fsync(int fd) { return sync_of("fsync", SYS_fsync, fd); }
int fdatasync(int fd) { return sync_of("fsync", SYS_fdatasync, fd); }
int syncfs(int fd) { return sync_of("syncfs", SYS_syncfs, fd); }

static void room(unsigned long *bytes, unsigned long *inodes, unsigned long *privileged, unsigned long *all) {
    char what = lacks();
    if (what == 'b' || what == 'a')
        *bytes = 0;
    if (what == 'i' || what == 'a') {
        *inodes = *privileged = 0;
        *all = 1000000;
    }
}

int fstatvfs(int fd, struct statvfs *s) {
    REAL(fstatvfs);
    int done = real(fd, s);
    room(&s->f_bavail, &s->f_favail, &s->f_ffree, &s->f_files);
    return done;
}
int fstatvfs64(int fd, struct statvfs64 *s) {
    REAL(fstatvfs64);
    int done = real(fd, s);
    room(&s->f_bavail, &s->f_favail, &s->f_ffree, &s->f_files);
    return done;
}
int statvfs(const char *path, struct statvfs *s) {
    REAL(statvfs);
    int done = real(path, s);
    room(&s->f_bavail, &s->f_favail, &s->f_ffree, &s->f_files);
    return done;
}
int statvfs64(const char *path, struct statvfs64 *s) {
    REAL(statvfs64);
    int done = real(path, s);
    room(&s->f_bavail, &s->f_favail, &s->f_ffree, &s->f_files);
    return done;
}
