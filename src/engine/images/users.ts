import type { ImageUser } from "#image";
import type { ContainerContext } from "../containers/context.ts";
import { isActive } from "../containers/record.ts";

/** Which containers hold which images, for the rules of removal. */
export function imageUsers({ registry }: ContainerContext): ImageUser[] {
  return registry
    .all()
    .flatMap((record): ImageUser[] =>
      record.imageId === "" ? [] : [{ containerId: record.id, imageId: record.imageId, running: isActive(record) }],
    );
}
