/** Differences that stand, each with its reason. */
export const known: readonly { readonly line: string | RegExp; readonly reason: string }[] = [];
