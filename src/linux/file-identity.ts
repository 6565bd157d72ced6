import { bindLibc, check } from "./libc.ts";

const libc = bindLibc({
  setfsuid: { args: ["u32"], returns: "i32" },
  setfsgid: { args: ["u32"], returns: "i32" },
  prctl: { args: ["i32", "u64", "u64", "u64", "u64"], returns: "i32" },
});

const [setSecurebits, getSecurebits] = [28, 27];
/** A change of user leaves the capabilities as they are (capabilities(7)). */
const noSetuidFixup = 4;

/**
 * Calls `task` with other ids for files, and every capability (credentials(7); of this thread only). `task` is synchronous,
 * so no other JavaScript of this thread runs inside. If there is no way back the process ends at once.
 */
export function withFileIdentity<T>(ids: { readonly uid: number; readonly gid: number }, task: () => T): T {
  const bits = check(libc.prctl(getSecurebits, 0, 0, 0, 0), "prctl");
  check(libc.prctl(setSecurebits, bits | noSetuidFixup, 0, 0, 0), "prctl");
  const [uid, gid] = [libc.setfsuid(ids.uid), libc.setfsgid(ids.gid)];
  try {
    return task();
  } finally {
    libc.setfsgid(gid);
    libc.setfsuid(uid);
    // setfsuid(2) does not tell of failure: asked for an id that is none, it answers with the one in force.
    const none = 2 ** 32 - 1;
    const isBack = libc.setfsuid(none) === uid && libc.setfsgid(none) === gid;
    if (libc.prctl(setSecurebits, bits, 0, 0, 0) < 0 || !isBack) process.abort();
  }
}
