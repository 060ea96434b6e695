/** Linux signal numbers of x86 and arm. The n-th word is signal n. */
const NAMES = `
  SIGHUP SIGINT SIGQUIT SIGILL SIGTRAP SIGABRT SIGBUS SIGFPE SIGKILL SIGUSR1 SIGSEGV SIGUSR2 SIGPIPE SIGALRM SIGTERM SIGSTKFLT
  SIGCHLD SIGCONT SIGSTOP SIGTSTP SIGTTIN SIGTTOU SIGURG SIGXCPU SIGXFSZ SIGVTALRM SIGPROF SIGWINCH SIGIO SIGPWR SIGSYS
`
  .trim()
  .split(/\s+/);

/** 17 → SIGCHLD; empty for what has no name. */
export function signalName(signal: number): string {
  return NAMES[signal - 1] ?? '';
}

/** The names of a set's members, whose bit 0 is signal 1, with blanks between. */
export function signalNames(set: number): string {
  return NAMES.filter((_, i) => (set & (1 << i)) !== 0).join(' ');
}
