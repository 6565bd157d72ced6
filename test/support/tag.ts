/**
 * The names that belong to this test process. Several test runs, and engines, may share a machine: whatever a test
 * makes that outlives a process carries one of these, and the leak ledger looks at nothing else.
 */

/** Start of every temporary directory: `lighter-test-<pid>-`. */
export const tag = `lighter-test-${process.pid}-`;

/** Start of every network device and nft table: `lt<pid>-`, at most ten characters. */
export const linkTag = `lt${process.pid}-`;
