import { open, type FileHandle } from "node:fs/promises";

const chunkBytes = 1 << 20;

/** A file range as a stream that opens the file when it is first read and closes it at its end or when cancelled. */
export function streamFile(path: string, offset: number, length: number): ReadableStream<Uint8Array> {
  let file: FileHandle | undefined;
  let at = offset;
  const end = offset + length;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        file ??= await open(path, "r");
        const buffer = Buffer.allocUnsafeSlow(Math.min(chunkBytes, end - at));
        const { bytesRead } = at < end ? await file.read(buffer, 0, buffer.length, at) : { bytesRead: 0 };
        at += bytesRead;
        if (bytesRead > 0) controller.enqueue(buffer.subarray(0, bytesRead));
        if (bytesRead > 0 && at < end) return;
        await file.close();
        controller.close();
      },
      async cancel() {
        await file?.close();
      },
    },
    { highWaterMark: 0 },
  );
}
