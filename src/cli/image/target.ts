import { familiarName, parseReference, withDefaultTag } from "#spec";
import { CliError } from "../framework/command.ts";

/** Repository and tag of a name to give. @throws CliError with Docker's text */
export function parseTarget(text: string): { readonly repo: string; readonly tag: string | undefined } {
  try {
    const reference = withDefaultTag(parseReference(text));
    if (reference.digest !== undefined) throw new CliError("refusing to create a tag with a digest reference");
    return { repo: familiarName(reference), tag: reference.tag };
  } catch (error) {
    if (error instanceof CliError || !(error instanceof Error)) throw error;
    throw new CliError(
      `Error parsing reference: ${JSON.stringify(text)} is not a valid repository/tag: ${error.message}`,
      1,
      { cause: error },
    );
  }
}
