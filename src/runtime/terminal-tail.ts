/** Bytes of each piece that crun takes from the terminal at the end; a line feed follows each. */
const pieceBytes = 255;

/**
 * What a process on a terminal wrote last: crun (seen with 1.8.1) copies the terminal only until it hears of the end of
 * `exec`, and puts what is left then into its log, raw, in pieces. Empty for a log of errors.
 */
export function terminalTail(log: string): Uint8Array {
  if (/^\{"msg":.*"level":"(?:error|warning)"/s.test(log)) return new Uint8Array();
  const bytes = Buffer.from(log);
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const isLast = bytes.length - at <= pieceBytes + 1;
    const end = isLast ? bytes.length - 1 : at + pieceBytes;
    pieces.push(bytes.subarray(at, end));
    at = end + 1;
  }
  return Buffer.concat(pieces);
}
