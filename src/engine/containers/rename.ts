import { EngineError, failpoint, isEngineError } from "#core";
import { checkContainerName } from "./create/check-request.ts";
import { emitContainerEvent, type ContainerContext } from "./context.ts";

/** @throws EngineError `invalid` for an empty, bad or equal name, `conflict` when it is taken */
export function renameContainer(context: ContainerContext, ref: string, newName: string): Promise<void> {
  const { id } = context.registry.find(ref);
  return context.registry.exclusive(id, async () => {
    if (newName === "") throw new EngineError("invalid", "Neither old nor new names may be empty");
    const record = context.registry.find(id);
    const name = allocating(() => checkContainerName(newName.startsWith("/") ? newName : `/${newName}`));
    if (name === record.name) {
      throw new EngineError("invalid", "Renaming a container with the same name as its current name");
    }
    allocating(() => context.registry.checkName(name, id));
    const renamed = context.registry.save({ ...record, name });
    failpoint("rename.row");
    emitContainerEvent(context, renamed, "rename", { oldName: `/${record.name}` });
  });
}

/** Docker's start of what it says of a name that cannot be given. */
function allocating<T>(step: () => T): T {
  try {
    return step();
  } catch (error) {
    if (!isEngineError(error)) throw error;
    throw new EngineError(error.code, `Error when allocating new name: ${error.message}`, { cause: error });
  }
}
