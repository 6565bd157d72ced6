/** Orders texts with the numbers in them by value: `9/tcp` before `80/tcp`, `v2` before `v10`. */
export function naturalOrder(a: string, b: string): number {
  const left = a.match(/\d+|\D+/g) ?? [];
  const right = b.match(/\d+|\D+/g) ?? [];
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const one = left[i] ?? "";
    const other = right[i] ?? "";
    if (one === other) continue;
    const numeric = /^\d/.test(one) && /^\d/.test(other) ? Number(one) - Number(other) : 0;
    return numeric || (one < other ? -1 : 1);
  }
  return left.length - right.length;
}
