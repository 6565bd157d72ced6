import { packTree } from "#archive";
import type { ByteBody } from "../../contract.ts";
import { emitContainerEvent, type ContainerContext } from "../context.ts";
import { checkPresent, idsOf } from "./file-view.ts";
import { containerFiles } from "../host-files.ts";
import { heldStream } from "./held-stream.ts";

/** `GET /containers/{id}/export`: the root as the storage has it, where mount points are empty. @throws EngineError `conflict` */
export async function exportContainer(context: ContainerContext, ref: string): Promise<ByteBody> {
  const { id } = context.registry.find(ref);
  return context.registry.exclusive(id, async () => {
    const record = context.registry.find(id);
    checkPresent(record, "export");
    using userNamespace = record.userNamespace && (await context.userNamespaces.open(record));
    using undo = new DisposableStack();
    undo.use(context.roots.hold(record, userNamespace?.ids));
    const tar = packTree(containerFiles(context.deps, id).rootfs, { wholeSeconds: true, ...idsOf(record) });
    return await heldStream(tar, undo.move(), () => emitContainerEvent(context, record, "export"));
  });
}
