import { EngineError } from "#core";
import { checkContainerName } from "./check-request.ts";
import { emitContainerEvent, type ContainerContext } from "./context.ts";

/** @throws EngineError `invalid` for an empty, bad or equal name, `conflict` when it is taken */
export function renameContainer(context: ContainerContext, ref: string, newName: string): Promise<void> {
  const { id } = context.registry.find(ref);
  return context.registry.exclusive(id, async () => {
    if (newName === "") throw new EngineError("invalid", "Neither old nor new names may be empty");
    const record = context.registry.find(id);
    const name = checkContainerName(newName);
    if (name === record.name) {
      throw new EngineError("invalid", "Renaming a container with the same name as its current name");
    }
    context.registry.checkName(name, id);
    emitContainerEvent(context, context.registry.save({ ...record, name }), "rename", { oldName: `/${record.name}` });
  });
}
