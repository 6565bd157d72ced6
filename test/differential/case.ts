/**
 * One thing a user tries: shell lines run one after another with `docker` meaning each side's client and engine, each
 * line's output and exit code compared. The lines see `$IMAGE` (a busybox), `$WORK` (a fresh directory, also the current
 * one) and `$BIND` (the same directory as the engine names it).
 */
export type Lines = readonly string[];

/** Cases by name. */
export type Cases = Readonly<Record<string, Lines>>;
