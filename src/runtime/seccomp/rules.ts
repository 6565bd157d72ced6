/**
 * The default seccomp profile, as data: what a container may ask the kernel for. Everything else fails with EPERM.
 * The same calls as Docker's default profile of 2025 (github.com/moby/profiles, seccomp).
 */

/** One or more system calls, names separated by spaces, under the same conditions. */
export interface SyscallGroup {
  readonly names: string;
  /** Only with any of these capabilities. */
  readonly capabilities?: readonly string[];
  /** Only without this capability. */
  readonly withoutCapability?: string;
  /** Only on these architectures (Go's names). */
  readonly architectures?: readonly string[];
  /** The argument at `index` must be one of these values. */
  readonly equals?: { readonly index: number; readonly values: readonly number[] };
  readonly below?: { readonly index: number; readonly value: number };
  /** None of these bits may be set in the argument at `index`. */
  readonly withoutBits?: { readonly index: number; readonly mask: number };
  /** Fails with this errno instead of being allowed. */
  readonly errno?: number;
}

const files = `access cachestat chdir chmod chown chown32 close close_range copy_file_range creat dup dup2 dup3 faccessat
faccessat2 fadvise64 fadvise64_64 fallocate fanotify_mark fchdir fchmod fchmodat fchmodat2 fchown fchown32 fchownat fcntl
fcntl64 fdatasync fgetxattr flistxattr flock fremovexattr fsetxattr fstat fstat64 fstatat64 fstatfs fstatfs64 fsync
ftruncate ftruncate64 futimesat getcwd getdents getdents64 getxattr getxattrat inotify_add_watch inotify_init
inotify_init1 inotify_rm_watch ioctl lchown lchown32 lgetxattr link linkat listmount listxattr listxattrat llistxattr
_llseek lremovexattr lseek lsetxattr lstat lstat64 mkdir mkdirat mknod mknodat name_to_handle_at newfstatat open openat
openat2 pread64 preadv preadv2 pwrite64 pwritev pwritev2 read readahead readlink readlinkat readv removexattr
removexattrat rename renameat renameat2 rmdir sendfile sendfile64 setxattr setxattrat splice stat stat64 statfs statfs64
statmount statx symlink symlinkat sync sync_file_range syncfs tee truncate truncate64 umask unlink unlinkat utime
utimensat utimensat_time64 utimes vmsplice write writev`;

const memory = `brk madvise map_shadow_stack membarrier memfd_create memfd_secret mincore mlock mlock2 mlockall mmap mmap2
mprotect mremap mseal msync munlock munlockall munmap pkey_alloc pkey_free pkey_mprotect remap_file_pages`;

const processes = `capget capset execve execveat exit exit_group fork getcpu getegid getegid32 geteuid geteuid32 getgid
getgid32 getgroups getgroups32 getpgid getpgrp getpid getppid getpriority getresgid getresgid32 getresuid getresuid32
getrlimit getrusage getsid gettid getuid getuid32 get_robust_list get_thread_area ioprio_get ioprio_set kill
landlock_add_rule landlock_create_ruleset landlock_restrict_self pause pidfd_open pidfd_send_signal prctl prlimit64
process_mrelease process_vm_readv process_vm_writev ptrace restart_syscall rseq sched_getaffinity sched_getattr
sched_getparam sched_get_priority_max sched_get_priority_min sched_getscheduler sched_rr_get_interval
sched_rr_get_interval_time64 sched_setaffinity sched_setattr sched_setparam sched_setscheduler sched_yield seccomp
setfsgid setfsgid32 setfsuid setfsuid32 setgid setgid32 setgroups setgroups32 setpgid setpriority setregid setregid32
setresgid setresgid32 setresuid setresuid32 setreuid setreuid32 setrlimit setsid setuid setuid32 set_robust_list
set_thread_area set_tid_address sysinfo tgkill times tkill ugetrlimit uname uretprobe vfork wait4 waitid waitpid
riscv_hwprobe`;

const signalsAndTime = `adjtimex alarm clock_adjtime clock_adjtime64 clock_getres clock_getres_time64 clock_gettime
clock_gettime64 clock_nanosleep clock_nanosleep_time64 getitimer gettimeofday nanosleep rt_sigaction rt_sigpending
rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend rt_sigtimedwait rt_sigtimedwait_time64 rt_tgsigqueueinfo
setitimer sigaltstack signalfd signalfd4 sigprocmask sigreturn time timer_create timer_delete timer_getoverrun
timer_gettime timer_gettime64 timer_settime timer_settime64 timerfd_create timerfd_gettime timerfd_gettime64
timerfd_settime timerfd_settime64`;

const waiting = `epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_pwait epoll_pwait2 epoll_wait epoll_wait_old
eventfd eventfd2 futex futex_requeue futex_time64 futex_wait futex_waitv futex_wake getrandom io_cancel io_destroy
io_getevents io_pgetevents io_pgetevents_time64 io_setup io_submit _newselect pipe pipe2 poll ppoll ppoll_time64 pselect6
pselect6_time64 select`;

const communication = `accept accept4 bind connect getpeername getsockname getsockopt ipc listen mq_getsetattr mq_notify
mq_open mq_timedreceive mq_timedreceive_time64 mq_timedsend mq_timedsend_time64 mq_unlink msgctl msgget msgrcv msgsnd recv
recvfrom recvmmsg recvmmsg_time64 recvmsg semctl semget semop semtimedop semtimedop_time64 send sendmmsg sendmsg sendto
setsockopt shmat shmctl shmdt shmget shutdown socketcall socketpair`;

/** Address families 0 to 11 and these; not DECnet, LLC, IRDA, the kernel's crypto (AF_ALG) or VSOCK, among others. */
const socketFamilies = [
  13, 14, 15, 16, 17, 18, 21, 22, 24, 26, 27, 28, 29, 30, 31, 32, 33, 35, 36, 39, 41, 42, 43, 44, 45,
];

/** PER_LINUX, PER_LINUX32, each also with UNAME26, and the question what is set. */
const personalities = [0x0, 0x8, 0x20000, 0x20008, 0xffffffff];

/** CLONE_NEW… of every namespace. */
const namespaceFlags = 0x7e020000;

const administration = `bpf clone clone3 fanotify_init fsconfig fsmount fsopen fspick lookup_dcookie lsm_get_self_attr
lsm_list_modules lsm_set_self_attr mount mount_setattr move_mount open_tree perf_event_open quotactl quotactl_fd
setdomainname sethostname setns syslog umount umount2 unshare`;

const enosys = 38;

export const defaultRules: readonly SyscallGroup[] = [
  { names: [files, memory, processes, signalsAndTime, waiting, communication].join(" ") },
  { names: "socket", below: { index: 0, value: 12 } },
  { names: "socket", equals: { index: 0, values: socketFamilies } },
  { names: "personality", equals: { index: 0, values: personalities } },
  {
    names: "arm_fadvise64_64 arm_sync_file_range sync_file_range2 breakpoint cacheflush set_tls",
    architectures: ["arm", "arm64"],
  },
  { names: "arch_prctl modify_ldt", architectures: ["amd64"] },
  { names: "riscv_flush_icache", architectures: ["riscv64"] },
  { names: "clone", withoutBits: { index: 0, mask: namespaceFlags }, withoutCapability: "CAP_SYS_ADMIN" },
  // Its flags are behind a pointer, out of the filter's sight: programs fall back to clone.
  { names: "clone3", errno: enosys, withoutCapability: "CAP_SYS_ADMIN" },
  { names: administration, capabilities: ["CAP_SYS_ADMIN"] },
  { names: "open_by_handle_at", capabilities: ["CAP_DAC_READ_SEARCH"] },
  { names: "reboot", capabilities: ["CAP_SYS_BOOT"] },
  { names: "chroot", capabilities: ["CAP_SYS_CHROOT"] },
  { names: "delete_module init_module finit_module", capabilities: ["CAP_SYS_MODULE"] },
  { names: "acct", capabilities: ["CAP_SYS_PACCT"] },
  { names: "kcmp pidfd_getfd process_madvise", capabilities: ["CAP_SYS_PTRACE"] },
  { names: "iopl ioperm", capabilities: ["CAP_SYS_RAWIO"] },
  { names: "settimeofday stime clock_settime clock_settime64", capabilities: ["CAP_SYS_TIME"] },
  { names: "vhangup", capabilities: ["CAP_SYS_TTY_CONFIG"] },
  { names: "get_mempolicy mbind set_mempolicy set_mempolicy_home_node", capabilities: ["CAP_SYS_NICE"] },
  { names: "syslog", capabilities: ["CAP_SYSLOG"] },
  { names: "bpf", capabilities: ["CAP_BPF"] },
  { names: "perf_event_open", capabilities: ["CAP_PERFMON"] },
];
